import pytest
from picolink import wire
from picolink.bus import Bus
from picolink.peers import Peer
from picolink.timing import AP_SILENT_MS, HELLO_PERIOD_MS, NODE_SILENT_MS, SAY_PERIOD_MS

AP = ("192.168.4.1", 5000)
OWN, B, C = "192.168.4.16", "192.168.4.17", "192.168.4.18"


class Client(Bus):  # type: ignore[misc]  # picolink is MicroPython: without types here
    """A client that has joined at time 0, whose random numbers are all 0."""

    def __init__(self) -> None:
        self.sent: list[tuple[int, str, tuple[str, int]]] = []
        self.heard: list[tuple[str, int]] = []
        self.changes: list[list[str]] = []
        self.now_ms = 0
        super().__init__("own", AP, 5001, lambda text, to: self.sent.append((self.now_ms, text, to)), lambda _: 0)
        self.link(0, OWN)
        self.run_to(0)

    def on_saying(self, peer: Peer, seq: int) -> None:
        self.heard.append((peer.id, seq))

    def on_change(self) -> None:
        self.changes.append(self.peers.ips())

    def run_to(self, now_ms: int) -> None:
        while (due_ms := self.tick(self.now_ms)) <= now_ms:
            assert due_ms > self.now_ms, "asked to be called again at once"
            self.now_ms = due_ms
        self.now_ms = now_ms

    def hear(self, text: str, sender: tuple[str, int] = AP) -> None:
        self.received(self.now_ms, wire.parse(text.encode()), sender)
        self.run_to(self.now_ms)

    def hellos(self) -> list[int]:
        return [at_ms for at_ms, text, to in self.sent if to == AP and text == "HELLO id=own"]

    def sayings(self, ip: str) -> list[int]:
        return [at_ms for at_ms, text, to in self.sent if to == (ip, 5001) and text.startswith("SAY ")]


def test_sends_hello_every_second_until_listed_then_every_period() -> None:
    client = Client()
    client.run_to(2500)
    client.hear("NODES: ")
    client.run_to(3000)
    client.hear(f"NODES: {OWN}")
    client.run_to(13000)
    assert client.hellos() == [0, 1000, 2000, 3000, 3000 + HELLO_PERIOD_MS, 9000, 10000, 11000, 12000, 13000]


def test_unsolicited_lists_do_not_delay_hello() -> None:
    client = Client()
    for _ in range(10):
        client.hear(f"NODES: {OWN}")
        client.run_to(client.now_ms + 500)
    assert client.hellos() == [0, HELLO_PERIOD_MS]


def test_sends_at_once_to_an_introduced_peer_and_then_every_period() -> None:
    client = Client()
    client.run_to(500)
    client.hear(f"NODES: {B}, {OWN}")
    client.run_to(2 * SAY_PERIOD_MS)
    assert client.sayings(B) == [500, SAY_PERIOD_MS, 2 * SAY_PERIOD_MS]
    assert client.sayings(OWN) == []
    assert client.changes == [], "no peer was heard yet"


def test_answers_a_new_peer_at_once_and_a_known_one_at_the_next_period() -> None:
    client = Client()
    client.run_to(500)
    client.hear("SAY 7 id=b", (B, 5001))
    client.hear("SAY 8 id=b", (B, 5001))
    assert client.sayings(B) == [500]
    assert client.changes == [[B]]
    assert client.heard == [("b", 7), ("b", 8)]


def test_a_silent_peer_is_forgotten_even_if_it_is_listed() -> None:
    client = Client()
    client.hear(f"NODES: {OWN}, {B}, {C}")
    client.hear("SAY 1 id=b", (B, 5001))
    client.run_to(1000)
    client.hear("SAY 1 id=c", (C, 5001))
    client.run_to(NODE_SILENT_MS)
    client.hear(f"NODES: {OWN}, {B}, {C}")
    assert client.changes == [[B], [B, C], [C]]
    assert client.sayings(B)[-1] >= NODE_SILENT_MS - SAY_PERIOD_MS, "it may come back"


def test_a_peer_that_sends_bye_is_forgotten_at_once() -> None:
    client = Client()
    client.hear("SAY 1 id=b", (B, 5001))
    client.hear("BYE id=b", (B, 5001))
    client.hear("BYE id=b", (B, 5001))
    assert client.changes == [[B], []]


def test_messages_of_peers_prove_the_link_as_those_of_the_ap_do() -> None:
    client = Client()
    client.run_to(AP_SILENT_MS)
    assert client.is_deaf(client.now_ms)
    client.hear("SAY 1 id=b", (B, 5001))
    assert not client.is_deaf(client.now_ms)
    client.run_to(2 * AP_SILENT_MS)
    client.hear(f"NODES: {OWN}")
    assert not client.is_deaf(client.now_ms)


def test_leaving_sends_bye_to_ap_and_peers() -> None:
    client = Client()
    client.hear(f"NODES: {OWN}, {B}")
    client.hear("SAY 1 id=c", (C, 5001))
    client.sent.clear()
    client.leave()
    assert client.sent == [(0, "BYE id=own", to) for to in (AP, (C, 5001), (B, 5001)) for _ in range(wire.BYES)]


def test_without_wifi_nothing_is_sent() -> None:
    client = Client()
    client.hear(f"NODES: {OWN}, {B}")
    client.link(0, "")
    client.sent.clear()
    client.run_to(2 * NODE_SILENT_MS)
    assert client.sent == []


@pytest.mark.parametrize("sender", [(AP[0], 1), (B, 5000)])
def test_a_list_is_accepted_from_the_ap_only(sender: tuple[str, int]) -> None:
    with pytest.raises(wire.Malformed) as caught:
        Client().hear(f"NODES: {OWN}, {B}", sender)
    assert caught.value.reason == "foreign"


@pytest.mark.parametrize("text", ["HELLO", "WHO", "ROLES 1", "WELCOME"])
def test_a_client_refuses_messages_of_clients_to_the_ap(text: str) -> None:
    with pytest.raises(wire.Malformed):
        Client().hear(text, (B, 5001))
