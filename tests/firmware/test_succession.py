"""The AP of app first_boot as its clients see it: what it sends them, and which it drops, around a look at the air."""

from collections.abc import Callable

import pytest
from picolink import wire
from picolink.election import Reign
from picolink.member import Member
from picolink.succession import Leader
from picolink.timing import WORKER_SILENT_MS

AP = ("192.168.4.1", 5000)
PEER_PORT = 5001
CLIENT = ("192.168.4.16", PEER_PORT)
OTHER = ("192.168.4.17", PEER_PORT)
LOOK_MS = 2500


class OnTheAir:
    def is_up(self) -> bool:
        return True


class AccessPoint:
    """An AP that began at time 0 and never hears another. It reads no datagram while it looks."""

    def __init__(self, epoch: int = 0) -> None:
        self.now_ms = 0
        self.sent: list[tuple[int, str, tuple[str, int]]] = []
        self.printed: list[str] = []
        self.looks_ms: list[int] = []
        self.waiting: list[tuple[str, tuple[str, int]]] = []
        self.arrives_during_look: list[tuple[str, tuple[str, int]]] = []
        self.member = Member("ap", AP, lambda *_: None, self.printed.append, lambda _: 0)
        reign = Reign(0, b"\x28\xcd\xc1\0\0\1", lambda _: 0)
        self.leader = Leader(
            0, self.member, reign, OnTheAir(), AP, PEER_PORT, self._look, self._send, self.printed.append
        )

    def _send(self, text: str, address: tuple[str, int]) -> None:
        self.sent.append((self.now_ms, text, address))

    def _look(self, looked: Callable[[int, list[bytes] | None], None]) -> None:
        self.looks_ms.append(self.now_ms)
        self.now_ms += LOOK_MS
        self.waiting = list(self.arrives_during_look)
        looked(self.now_ms, [])

    def run_to(self, now_ms: int) -> None:
        # As serve() does: what is due, then one datagram.
        while (due_ms := self.leader.tick(self.now_ms)) <= now_ms or self.waiting:
            if self.waiting:
                self.hear(*self.waiting.pop(0))
            else:
                self.now_ms = max(self.now_ms, due_ms)
        self.now_ms = max(self.now_ms, now_ms)

    def hear(self, text: str, sender: tuple[str, int]) -> None:
        self.leader.received(self.now_ms, wire.parse(text.encode()), sender)

    def run_to_next_look(self, listen: Callable[[], None]) -> int:
        """Run to the end of the next look; ``listen`` is called every 100 ms before it. Returns when the look began."""
        seen = len(self.looks_ms)
        while len(self.looks_ms) == seen:
            listen()
            self.run_to(self.now_ms + 100)
        return self.looks_ms[-1]


@pytest.fixture
def cluster() -> AccessPoint:
    """An AP that rules, with the client that is MASTER before itself in the order, and another client."""
    ap = AccessPoint()
    ap.hear("HELLO id=a epoch=3 rank=0", CLIENT)
    ap.hear("HELLO id=b epoch=3 rank=1", OTHER)
    while "order epoch=4 nodes=a@192.168.4.16,b@192.168.4.17,ap@192.168.4.1" not in ap.printed:
        assert ap.now_ms < 60_000, ap.printed
        ap.run_to(ap.now_ms + 100)
        ap.hear("HELLO id=a epoch=3 rank=0", CLIENT)
        ap.hear("HELLO id=b epoch=3 rank=1", OTHER)
    return ap


def keep_alive(ap: AccessPoint, *, worker: bool = True) -> Callable[[], None]:
    """Messages of the clients: MASTER renews every second, and the worker sends HELLO as often."""

    def listen() -> None:
        if ap.now_ms // 100 % 10 == 0:
            ap.hear(f"RENEW 4 {ap.now_ms} id=a", CLIENT)
            if worker:
                ap.hear("HELLO id=b epoch=4 rank=1", OTHER)

    return listen


def test_grant_is_sent_three_times_before_a_look(cluster: AccessPoint) -> None:
    look_ms = cluster.run_to_next_look(keep_alive(cluster))
    grants = [
        text
        for time_ms, text, to in cluster.sent
        if to == CLIENT and time_ms > look_ms - 500 and len(text.split()) == 4
    ]
    assert len(grants) == 3
    assert len(set(grants)) == 1


@pytest.mark.parametrize("sends_hello", [True, False])
def test_worker_whose_hello_waits_while_the_ap_looks_is_not_dropped(cluster: AccessPoint, sends_hello: bool) -> None:
    cluster.arrives_during_look = [(f"RENEW 4 {number} id=a", CLIENT) for number in range(3)]
    cluster.run_to_next_look(keep_alive(cluster))
    cluster.run_to(cluster.now_ms + 1000)
    cluster.hear("HELLO id=b epoch=4 rank=1", OTHER)
    silent_ms = cluster.now_ms + WORKER_SILENT_MS
    if sends_hello:
        cluster.arrives_during_look.append(("HELLO id=b epoch=4 rank=1", OTHER))
    look_ms = cluster.run_to_next_look(keep_alive(cluster, worker=False))
    assert look_ms < silent_ms < look_ms + LOOK_MS
    for _ in range(20):
        keep_alive(cluster, worker=False)()
        cluster.run_to(cluster.now_ms + 100)
    assert ("dropped id=b reason=silent" in cluster.printed) == (not sends_hello)


def test_client_that_received_the_last_order_knows_it_without_the_ap(cluster: AccessPoint) -> None:
    cluster.run_to(cluster.now_ms + 3000)
    cluster.sent.clear()
    cluster.member.leave()
    told = [text for _, text, to in cluster.sent if to == OTHER]
    assert told == ["ROLES 5 192.168.4.16,192.168.4.17"] * 4
