"""mDNS messages: the few that ask for, claim and tell the IPv4 address of a name. The only module that knows dnslib."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from dnslib import CLASS, QTYPE, RR, A, DNSError, DNSHeader, DNSQuestion, DNSRecord
from dnslib.label import DNSLabelError

MDNS_GROUP = "224.0.0.251"
"""Multicast address of mDNS. RFC 6762."""
MDNS_PORT = 5353
MDNS: tuple[str, int] = (MDNS_GROUP, MDNS_PORT)
"""Where mDNS questions go."""
LOCAL = ".local"
"""The domain in which mDNS is asked."""

_TOP_BIT = 0x8000
"""Of the class: in a question "answer me by unicast", in an answer "forget what you knew". RFC 6762."""


@dataclass(frozen=True)
class AddressRecord:
    """One name's IPv4 address."""

    name: str
    address: str
    ttl_s: int
    """How long it may be kept."""


@dataclass(frozen=True)
class Message:
    """What a DNS message says about names and IPv4 addresses; the rest of it is left out."""

    identity: int
    is_response: bool
    asked: tuple[str, ...] = ()
    """Names whose address is asked for."""
    wants_unicast: bool = False
    """Whether a question asks for an answer to its sender alone."""
    answers: tuple[AddressRecord, ...] = ()
    claims: tuple[AddressRecord, ...] = ()
    """In a question: what its sender wants to answer itself from now on (an mDNS probe)."""

    def address_of(self, name: str) -> AddressRecord | None:
        """The answer for ``name``, or None."""
        return next((record for record in self.answers if same_name(record.name, name)), None)


def same_name(one: str, other: str) -> bool:
    """Whether two names are the same: upper and lower case are."""
    return one.casefold() == other.casefold()


def question(name: str, identity: int = 0) -> bytes:
    """The question for the address of ``name``. Raises ``ValueError`` for what cannot be a name, as all of these do."""
    return _packed(DNSRecord(DNSHeader(id=identity, rd=0), q=DNSQuestion(name, QTYPE.A)))


def claim(name: str, address: str, ttl_s: int) -> bytes:
    """The question whether anybody has ``name`` already, from who wants it for ``address``: an mDNS probe."""
    asked = DNSQuestion(name, QTYPE.ANY, CLASS.IN | _TOP_BIT)
    return _packed(DNSRecord(DNSHeader(rd=0, id=0), q=asked, auth=[_record(name, address, ttl_s, CLASS.IN)]))


def answer(name: str, address: str, ttl_s: int) -> bytes:
    """The answer that goes to everybody, or an announcement: forget what you knew of ``name``."""
    return _packed(DNSRecord(_response(0), rr=[_record(name, address, ttl_s, CLASS.IN | _TOP_BIT)]))


def answer_to(asked: Message, name: str, address: str, ttl_s: int) -> bytes:
    """The answer for a single asker that is no mDNS responder itself: it gets its question back. RFC 6762, 6.7."""
    record = DNSRecord(_response(asked.identity), q=DNSQuestion(asked.asked[0], QTYPE.A))
    record.add_answer(_record(name, address, ttl_s, CLASS.IN))
    return _packed(record)


@lru_cache(maxsize=256)  # one multicast packet is read by everybody who hears it
def read(data: bytes) -> Message | None:
    """What ``data`` says, or None when it is no DNS message."""
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
