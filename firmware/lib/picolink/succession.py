"""A node where no AP is fixed: client or AP, as the election decides. One Member is its part in roles throughout.

Pure: radio, time, sending and random numbers are passed in. `look` starts a scan for APs. It calls the function that it
is given with the time and the BSSIDs that it heard, possibly before it returns.
"""

from picolink import wire
from picolink.ap_roles import Authority
from picolink.election import JOIN, OPEN, Reign, Seeker
from picolink.member import Member
from picolink.program import Program
from picolink.timing import RENEW_PERIOD_MS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from picolink.wifi import OpenAccessPoint, Station

    Looked = Callable[[int, list[bytes] | None], None]

FRESH_MS = 100
"""A lease that was granted this recently outlasts a look."""


class Follower(Program):
    """A client, or a node that looks for an AP. Done when it is to become the AP."""

    def __init__(
        self,
        member: Member,
        seeker: Seeker,
        station: "Station",
        look: "Callable[[Looked], None]",
        log: "Callable[[str], None]",
    ) -> None:
        self.done = False
        self._member = member
        self._seeker = seeker
        self._station = station
        self._look = look
        self._log = log
        self._ip = ""

    def link(self, now_ms: int, ip: str) -> None:
        self._ip = ip
        self._member.link(now_ms, ip)
        if not ip:
            self._seeker.lost(now_ms, self._member.ahead)

    def is_deaf(self, now_ms: int) -> bool:
        return self._member.is_deaf(now_ms)

    def received(self, now_ms: int, message: wire.Message, sender: tuple[str, int]) -> None:
        self._member.received(now_ms, message, sender)

    def tick(self, now_ms: int) -> int:
        due_ms = self._member.tick(now_ms)
        if self._ip or self._station.trying:
            return due_ms
        if now_ms < self._seeker.look_ms:
            return min(due_ms, self._seeker.look_ms)
        self._look(self._looked)
        return now_ms  # looking took time: check again what is due

    def _looked(self, now_ms: int, heard: "list[bytes] | None") -> None:
        if heard is not None:
            self._log(f"looked heard={len(heard)}")
        action = self._seeker.looked(now_ms, heard)
        if action == JOIN:
            self._station.join(now_ms)
        self.done = action == OPEN


class Leader(Program):
    """The AP, which is also a node of the order. Done when it has to give up being the AP."""

    def __init__(
        self,
        now_ms: int,
        member: Member,
        reign: Reign,
        access_point: "OpenAccessPoint",
        ap: tuple[str, int],
        peer_port: int,
        look: "Callable[[Looked], None]",
        send: "Callable[[str, tuple[str, int]], None]",
        log: "Callable[[str], None]",
    ) -> None:
        """Clients send to `ap`, and listen on `peer_port`."""
        self.done = False
        self._now_ms = now_ms
        self._member = member
        self._reign = reign
        self._access_point = access_point
        self._ap = ap
        self._own = ap[0], peer_port
        self._look = look
        self._send = send
        self._log = log
        broadcast = (ap[0][: ap[0].rfind(".")] + ".255", peer_port)
        self._authority = Authority(now_ms, broadcast, self._send_from_ap, log)
        self._authority.alone = False
        member.use(self._send_from_member)
        member.link(now_ms, ap[0])

    def received(self, now_ms: int, message: wire.Message, sender: tuple[str, int]) -> None:
        self._now_ms = now_ms
        self._authority.received(now_ms, message, sender)

    def tick(self, now_ms: int) -> int:
        self._now_ms = now_ms
        if not self._access_point.is_up():
            self._end("off-air")
            return now_ms
        due_ms = self._reign.tick(now_ms)
        self._authority.alone = self._reign.rules
        due_ms = min(due_ms, self._authority.tick(now_ms), now_ms + RENEW_PERIOD_MS)
        due_ms = min(due_ms, self._member.tick(now_ms))
        if now_ms < self._reign.look_ms:
            return due_ms
        # No node is answered during a look, so it begins when MASTER's lease, whichever node holds it, is fresh.
        late_ms = self._reign.look_ms + 2 * RENEW_PERIOD_MS
        if self._reign.rules and now_ms - self._authority.granted_ms > FRESH_MS and now_ms < late_ms:
            return max(now_ms + 1, min(due_ms, late_ms))
        if self._reign.rules:
            self._authority.repeat_grant()
        self._look(self._looked)
        return now_ms  # looking took time: check again what is due

    def _looked(self, now_ms: int, heard: "list[bytes] | None") -> None:
        self._now_ms = now_ms
        self._authority.was_deaf(now_ms)
        self._member.renew_late(now_ms)
        self._reign.looked(now_ms, heard, self._authority.heard_lately(now_ms) > 1)
        if heard:
            rivals = ",".join([":".join([f"{byte:02x}" for byte in bssid]) for bssid in heard])
            self._log(f"rival bssid={rivals}")
        if self._reign.must_yield:
            self._end("rival")

    def _end(self, reason: str) -> None:
        # Its own role first: no other node can be MASTER before this AP is off the air.
        self._member.resign(reason)
        self._member.link(self._now_ms, "")
        self._log(f"ap-down reason={reason}")
        self.done = True

    def _send_from_ap(self, text: str, address: tuple[str, int]) -> None:
        if address == self._own:
            # A board does not receive its own packets over the radio.
            self._member.received(self._now_ms, wire.parse(text.encode()), self._ap)
        else:
            self._send(text, address)

    def _send_from_member(self, text: str, address: tuple[str, int]) -> None:
        message = wire.parse(text.encode())
        self._authority.received(self._now_ms, message, self._own)
        if message.word == "BYE":
            # This AP is about to close and cannot repeat the order later. A node that misses it keeps the old one.
            self._authority.send_order_to_all()
