"""mDNS messages: those that query, claim and announce the IPv4 address of a name. The only module that uses dnslib."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from dnslib import CLASS, QTYPE, RR, A, DNSError, DNSHeader, DNSQuestion, DNSRecord
from dnslib.label import DNSLabelError

MDNS_GROUP = "224.0.0.251"
"""Multicast address of mDNS. RFC 6762."""
MDNS_PORT = 5353
MDNS: tuple[str, int] = (MDNS_GROUP, MDNS_PORT)
"""Address and port to which mDNS queries are sent."""
LOCAL = ".local"
"""The domain of mDNS names."""

_TOP_BIT = 0x8000
"""Top bit of the class: in a query "answer by unicast", in an answer "flush your cache". RFC 6762."""


@dataclass(frozen=True)
class AddressRecord:
    """The IPv4 address of a name."""

    name: str
    address: str
    ttl_s: int
    """Seconds for which it may be cached."""


@dataclass(frozen=True)
class Message:
    """The names and IPv4 addresses in a DNS message; the rest of it is left out."""

    identity: int
    is_response: bool
    asked: tuple[str, ...] = ()
    """Names that are queried."""
    wants_unicast: bool = False
    """Whether a query asks for a unicast answer."""
    answers: tuple[AddressRecord, ...] = ()
    claims: tuple[AddressRecord, ...] = ()
    """In an mDNS probe: the records that its sender claims."""

    def address_of(self, name: str) -> AddressRecord | None:
        """The answer for ``name``, or None."""
        return next((record for record in self.answers if same_name(record.name, name)), None)


def same_name(one: str, other: str) -> bool:
    """Whether two names are equal, regardless of case."""
    return one.casefold() == other.casefold()


def question(name: str, identity: int = 0) -> bytes:
    """The query for the address of ``name``. Raises ``ValueError`` for an invalid name, as all of these do."""
    return _packed(DNSRecord(DNSHeader(id=identity, rd=0), q=DNSQuestion(name, QTYPE.A)))


def claim(name: str, address: str, ttl_s: int) -> bytes:
    """An mDNS probe: asks whether ``name`` is taken, and claims it for ``address``."""
    asked = DNSQuestion(name, QTYPE.ANY, CLASS.IN | _TOP_BIT)
    return _packed(DNSRecord(DNSHeader(rd=0, id=0), q=asked, auth=[_record(name, address, ttl_s, CLASS.IN)]))


def answer(name: str, address: str, ttl_s: int) -> bytes:
    """The multicast answer, or an announcement; it flushes ``name`` from caches."""
    return _packed(DNSRecord(_response(0), rr=[_record(name, address, ttl_s, CLASS.IN | _TOP_BIT)]))


def answer_to(asked: Message, name: str, address: str, ttl_s: int) -> bytes:
    """The unicast answer to a querier that is not an mDNS responder; it repeats the query. RFC 6762, 6.7."""
    record = DNSRecord(_response(asked.identity), q=DNSQuestion(asked.asked[0], QTYPE.A))
    record.add_answer(_record(name, address, ttl_s, CLASS.IN))
    return _packed(record)


@lru_cache(maxsize=256)  # every station that receives a multicast packet reads it
def read(data: bytes) -> Message | None:
    """The message in ``data``, or None when it is not a DNS message."""
    try:
        record = DNSRecord.parse(data)
    except DNSError:
        return None
    return Message(
        identity=record.header.id,
        is_response=bool(record.header.qr),
        asked=tuple(_text(each.qname) for each in record.questions if each.qtype in (QTYPE.A, QTYPE.ANY)),
        wants_unicast=any(each.qclass & _TOP_BIT for each in record.questions),
        answers=tuple(_records(record.rr)),
        claims=tuple(_records(record.auth)),
    )


def _response(identity: int) -> DNSHeader:
    return DNSHeader(id=identity, qr=1, aa=1, rd=0, ra=0)


def _record(name: str, address: str, ttl_s: int, class_: int) -> RR:
    return RR(name, QTYPE.A, class_, ttl_s, A(address))


def _packed(record: DNSRecord) -> bytes:
    try:
        return bytes(record.pack())
    except DNSLabelError as error:
        raise ValueError(str(error)) from error


def _records(found: list[RR]) -> Iterator[AddressRecord]:
    for record in found:
        if record.rtype == QTYPE.A and record.rclass & ~_TOP_BIT == CLASS.IN:
            yield AddressRecord(_text(record.rname), str(record.rdata), record.ttl)


def _text(label: object) -> str:
    return str(label).removesuffix(".")
