"""A client of the apps wireless_bus and mesh: it talks to the other clients directly. Pure: time is passed in.

The AP's list only provides addresses to talk to. A client becomes a peer when it is heard, and stays one for as long as
it is heard. So peers go on if the AP's program stops, and an outdated list does not bring back a peer that is gone.
"""

from picolink import wire
from picolink.peers import Peer, PeerList
from picolink.program import Program
from picolink.registration import Registration
from picolink.timing import NODE_SILENT_MS, SAY_PERIOD_MS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Bus(Program):
    """Sends HELLO to the AP, and SAY to every client it knows. An app overrides the methods on_…."""

    def __init__(
        self,
        node_id: str,
        ap: tuple[str, int],
        peer_port: int,
        send: "Callable[[str, tuple[str, int]], None]",
        random_below: "Callable[[int], int]",
    ) -> None:
        self.peers = PeerList(NODE_SILENT_MS)
        self._id = node_id
        self._peer_port = peer_port
        self._send = send
        self._registration = Registration(node_id, ap, send, random_below)
        self._listed: list[str] = []
        self._seq = 0
        self._say_ms = 0

    def on_saying(self, peer: Peer, seq: int) -> None:
        """Called when a peer's SAY was received."""

    def on_change(self) -> None:
        """Called when the list of peers has changed."""

    def link(self, now_ms: int, ip: str) -> None:
        self._registration.link(now_ms, ip)
        self._say_ms = now_ms

    def is_deaf(self, now_ms: int) -> bool:
        return self._registration.is_deaf(now_ms)

    def tick(self, now_ms: int) -> int:
        if self.peers.expire(now_ms):
            self.on_change()
        due_ms = min(self._registration.tick(now_ms), self.peers.due_ms(now_ms))
        if not self._registration.ip:
            return due_ms
        if now_ms >= self._say_ms:
            self._seq += 1
            for ip in self._known():
                self._say_to(ip)
            self._say_ms = now_ms + SAY_PERIOD_MS
        return min(due_ms, self._say_ms)

    def received(self, now_ms: int, message: wire.Message, sender: tuple[str, int]) -> None:
        if message.word == "NODES:":
            self._registration.received(now_ms, message, sender)
            self._take_list(message.order)
        elif message.word == "SAY":
            self._registration.heard(now_ms)
            self._hear(now_ms, message, sender[0])
        elif message.word == "BYE":
            if self.peers.forget(message.id, sender[0]) is not None:
                self.on_change()
        else:
            raise wire.Malformed("unknown")

    def leave(self) -> None:
        """Send BYE to the AP and all clients."""
        self._registration.leave()
        for ip in self._known():
            self._registration.send_bye((ip, self._peer_port))

    def _known(self) -> list[str]:
        peers = self.peers.ips()
        return peers + [ip for ip in self._listed if ip not in peers]

    def _take_list(self, order: list[str]) -> None:
        known = self._known()
        self._listed = [ip for ip in order if ip != self._registration.ip]
        for ip in self._listed:
            if ip not in known:
                self._say_to(ip)

    def _hear(self, now_ms: int, message: wire.Message, ip: str) -> None:
        changed = self.peers.heard(now_ms, message.id, ip)
        peer = self.peers.find(message.id, ip)
        assert peer is not None
        assert message.seq is not None
        if changed:
            # It may not know this node yet, and should not have to wait for the next period.
            self._say_to(ip)
            self.on_change()
        self.on_saying(peer, message.seq)

    def _say_to(self, ip: str) -> None:
        self._send(wire.saying(self._id, self._seq), (ip, self._peer_port))
