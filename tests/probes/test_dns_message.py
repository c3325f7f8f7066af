"""mDNS messages, held against zeroconf: another implementation of the same standard."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zeroconf import const
from zeroconf._dns import DNSAddress, DNSQuestion
from zeroconf._protocol.incoming import DNSIncoming
from zeroconf._protocol.outgoing import DNSOutgoing

from hil.probes.dns_message import AddressRecord, Message, answer, answer_to, claim, question, read

NAME, ADDRESS = "pico-1.local", "192.168.4.16"
RECORD = AddressRecord(NAME, ADDRESS, 120)


def others_records(data: bytes) -> list[tuple[str, bytes, int]]:
    message = DNSIncoming(data)
    assert message.valid
    return [(each.name, each.address, int(each.ttl)) for each in message.answers() if isinstance(each, DNSAddress)]


def test_others_understand_our_question() -> None:
    message = DNSIncoming(question(NAME, 7))
    assert (message.valid, message.is_query(), message.id) == (True, True, 7)
    assert [(each.name, each.type) for each in message.questions] == [(NAME + ".", const._TYPE_A)]


@pytest.mark.parametrize(
    "data", [answer(NAME, ADDRESS, 120), answer_to(Message(7, False, (NAME,)), NAME, ADDRESS, 120)], ids=["all", "one"]
)
def test_others_understand_our_answers(data: bytes) -> None:
    assert DNSIncoming(data).is_response()
    assert others_records(data) == [(NAME + ".", bytes((192, 168, 4, 16)), 120)]


def test_others_understand_our_claim() -> None:
    data = claim(NAME, ADDRESS, 120)
    message = DNSIncoming(data)
    assert message.is_probe()
    assert [(each.type, each.unicast) for each in message.questions] == [(const._TYPE_ANY, True)]
    assert others_records(data) == [(NAME + ".", bytes((192, 168, 4, 16)), 120)]


def test_we_understand_the_question_and_the_answer_of_others() -> None:
    asked = DNSOutgoing(const._FLAGS_QR_QUERY, multicast=False, id_=9)
    asked.add_question(DNSQuestion(NAME + ".", const._TYPE_A, const._CLASS_IN))
    assert read(asked.packets()[0]) == Message(9, False, (NAME,))
    told = DNSOutgoing(const._FLAGS_QR_RESPONSE | const._FLAGS_AA)
    told.add_answer_at_time(
        DNSAddress(NAME + ".", const._TYPE_A, const._CLASS_IN | const._CLASS_UNIQUE, 120, bytes((192, 168, 4, 16))), 0
    )
    assert read(told.packets()[0]) == Message(0, True, answers=(RECORD,))


def test_we_understand_ourselves() -> None:
    assert read(question(NAME, 7)) == Message(7, False, (NAME,))
    assert read(answer(NAME, ADDRESS, 120)) == Message(0, True, answers=(RECORD,))
    assert read(claim(NAME, ADDRESS, 120)) == Message(0, False, (NAME,), wants_unicast=True, claims=(RECORD,))
    assert read(answer_to(Message(7, False, (NAME,)), NAME, ADDRESS, 120)) == Message(
        7, True, (NAME,), answers=(RECORD,)
    )


def test_upper_and_lower_case_are_the_same_name() -> None:
    assert Message(0, True, answers=(RECORD,)).address_of("PICO-1.Local") == RECORD
    assert Message(0, True, answers=(RECORD,)).address_of("pico-2.local") is None


@pytest.mark.parametrize("name", ["x" * 64 + ".local", ".local", "a..local", ("x" * 60 + ".") * 5 + "local"])
def test_what_cannot_be_a_name(name: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  # what it says is the library's
        question(name)


@given(st.binary(max_size=80) | st.binary(max_size=80).map(lambda data: answer(NAME, ADDRESS, 120)[:30] + data))
def test_garbage_is_no_message_or_one_that_says_little(data: bytes) -> None:
    message = read(data)
    assert message is None or isinstance(message, Message)
