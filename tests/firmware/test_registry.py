import pytest
from picolink import wire
from picolink.registry import Registry
from picolink.timing import NODE_SILENT_MS

A, B = ("192.168.4.16", 5001), ("192.168.4.17", 5001)


class Ap:
    def __init__(self) -> None:
        self.sent: list[tuple[str, tuple[str, int]]] = []
        self.printed: list[str] = []
        self.registry = Registry(lambda text, to: self.sent.append((text, to)), self.printed.append)

    def hear(self, now_ms: int, text: str, sender: tuple[str, int]) -> None:
        self.registry.received(now_ms, wire.parse(text.encode()), sender)


def test_hello_registers_and_is_answered_with_the_list() -> None:
    ap = Ap()
    ap.hear(0, "HELLO id=a", A)
    ap.hear(0, "HELLO id=b", B)
    assert ap.sent == [(f"NODES: {A[0]}", A), (f"NODES: {A[0]}, {B[0]}", B)]
    assert ap.printed == [f"listed nodes=a@{A[0]}", f"listed nodes=a@{A[0]},b@{B[0]}"]


def test_who_is_answered_to_its_sender_and_registers_no_node() -> None:
    ap = Ap()
    ap.hear(0, "WHO", B)
    assert ap.sent == [("NODES: ", B)]
    assert ap.printed == []


def test_bye_removes_at_once_and_is_not_answered() -> None:
    ap = Ap()
    ap.hear(0, "HELLO id=a", A)
    ap.hear(1, "BYE id=a", A)
    ap.hear(2, "BYE id=a", A)
    assert ap.printed[1:] == ["dropped id=a reason=bye", "listed nodes="]
    assert len(ap.sent) == 1


def test_a_silent_node_is_dropped_in_time() -> None:
    ap = Ap()
    ap.hear(0, "HELLO id=a", A)
    ap.hear(5000, "HELLO id=b", B)
    assert ap.registry.tick(5000) == NODE_SILENT_MS
    assert ap.registry.tick(NODE_SILENT_MS) == NODE_SILENT_MS + 5000
    assert ap.printed[2:] == ["dropped id=a reason=silent", f"listed nodes=b@{B[0]}"]


@pytest.mark.parametrize("text", ["NODES: 192.168.4.16", "SAY 1", "ROLES 1", "WELCOME"])
def test_an_ap_refuses_messages_that_only_an_ap_sends(text: str) -> None:
    with pytest.raises(wire.Malformed):
        Ap().hear(0, text, A)
