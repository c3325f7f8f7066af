import pytest
from hypothesis import given
from hypothesis import strategies as st
from picolink import wire


def test_hello_without_anything_registers_the_sender() -> None:
    message = wire.parse(b"HELLO")
    assert (message.word, message.id, message.epoch, message.rank) == ("HELLO", "", 0, None)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (wire.hello("e660", 0, None), {"word": "HELLO", "id": "e660", "epoch": 0, "rank": None}),
        (wire.hello("e660", 7, 0), {"word": "HELLO", "id": "e660", "epoch": 7, "rank": 0}),
        (wire.renew("e660", 7, 99), {"word": "RENEW", "id": "e660", "epoch": 7, "seq": 99}),
        (wire.bye("e660"), {"word": "BYE", "id": "e660"}),
        (wire.roles(0, []), {"word": "ROLES", "epoch": 0, "order": [], "seq": None}),
        (wire.roles(3, ["192.168.4.16"]), {"word": "ROLES", "epoch": 3, "order": ["192.168.4.16"], "seq": None}),
        (wire.roles(3, ["10.0.0.1", "10.0.0.2"], 5), {"epoch": 3, "order": ["10.0.0.1", "10.0.0.2"], "seq": 5}),
        (wire.nodes([]), {"word": "NODES:", "order": []}),
        (wire.nodes(["10.0.0.1", "10.0.0.2"]), {"word": "NODES:", "order": ["10.0.0.1", "10.0.0.2"]}),
        (wire.saying("e660", 5), {"word": "SAY", "id": "e660", "seq": 5}),
        ("WHO", {"word": "WHO"}),
        ("BYE", {"word": "BYE", "id": "", "seq": None}),
        ("RENEW 1 2", {"word": "RENEW", "id": "", "epoch": 1, "seq": 2}),
        ("WELCOME from AP @ 192.168.4.1", {"word": "WELCOME", "text": "WELCOME from AP @ 192.168.4.1"}),
    ],
)
def test_formatted_messages_are_parsed_again(text: str, fields: dict[str, object]) -> None:
    message = wire.parse(text.encode())
    assert {name: getattr(message, name) for name in fields} == fields


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"HELLO" + b" " * 508, "too-long"),
        (b"HELLO \xff", "not-utf8"),
        (b"\xc3(", "not-utf8"),
        (b"", "unknown"),
        (b"  \r\n", "unknown"),
        (b"hello", "unknown"),
        (b"HELLOO", "unknown"),
        (b"HELLO epoch=x", "unknown"),
        (b"HELLO epoch=-1", "unknown"),
        (b"HELLO epoch=9999999999", "unknown"),
        (b"HELLO id=", "unknown"),
        (b"HELLO id=a@b", "unknown"),
        (b"HELLO id=" + b"a" * 33, "unknown"),
        (b"RENEW", "unknown"),
        (b"RENEW 1", "unknown"),
        (b"RENEW one 2", "unknown"),
        (b"ROLES", "unknown"),
        (b"ROLES x 192.168.4.16", "unknown"),
        (b"ROLES 1 192.168.4", "unknown"),
        (b"ROLES 1 192.168.4.256", "unknown"),
        (b"ROLES 1 ,", "unknown"),
        (b"ROLES 1 192.168.4.16 x", "unknown"),
        (b"ROLES 1 192.168.4.16 1 2", "unknown"),
        (b"NODES: 192.168.4.16,", "unknown"),
        (b"NODES: 192.168.4.16 192.168.4.17", "unknown"),
        (b"NODES", "unknown"),
        (b"SAY", "unknown"),
        (b"SAY x", "unknown"),
        (b"SAY 1 id=", "unknown"),
    ],
)
def test_malformed_datagrams_have_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(wire.Malformed) as caught:
        wire.parse(data)
    assert caught.value.reason == reason


def test_512_bytes_are_not_too_long() -> None:
    assert wire.parse(b"HELLO" + b" " * 507).word == "HELLO"


@given(st.binary(max_size=600) | st.text(max_size=100).map(lambda text: ("ROLES " + text).encode()))
def test_any_datagram_is_parsed_or_malformed(data: bytes) -> None:
    try:
        wire.parse(data)
    except wire.Malformed as malformed:
        assert malformed.reason in ("too-long", "not-utf8", "unknown")  # noqa: PT017


def test_names() -> None:
    assert wire.parse(wire.names(["pico-1", "pico-2"]).encode()).order == ["pico-1", "pico-2"]
    assert wire.parse(wire.names([]).encode()).order == []
    with pytest.raises(wire.Malformed):
        wire.parse(b"NAMES pico-1,,pico-2")
