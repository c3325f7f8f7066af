"""The client's part in registering: when to send HELLO, and whether the AP is there. Pure: time is passed in."""

from picolink import wire
from picolink.timing import AP_SILENT_MS, HELLO_PERIOD_MS, HELLO_RETRY_MS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Registration:
    """Sends HELLO every HELLO_RETRY_MS until the AP lists this client, then every HELLO_PERIOD_MS."""

    def __init__(
        self,
        node_id: str,
        ap: tuple[str, int],
        send: "Callable[[str, tuple[str, int]], None]",
        random_below: "Callable[[int], int]",
    ) -> None:
        self.ip = ""
        """Own address; empty while the AP is not joined."""
        self._id = node_id
        self._ap = ap
        self._send = send
        self._random_below = random_below
        self._heard_ms = 0
        self._hello_ms = 0
        self._due_ms = 0
        self._answered = True

    def link(self, now_ms: int, ip: str) -> None:
        """Note that the Wi-Fi was joined with this address, or lost (empty)."""
        self.ip = ip
        self._heard_ms = self._due_ms = now_ms

    def tick(self, now_ms: int) -> int:
        """Send HELLO if it is due; returns when to call again."""
        if not self.ip:
            return now_ms + HELLO_PERIOD_MS
        if now_ms >= self._due_ms:
            self._send(wire.hello(self._id, 0, None), self._ap)
            self._hello_ms = now_ms
            self._answered = False
            self._due_ms = now_ms + HELLO_RETRY_MS
        return self._due_ms

    def received(self, now_ms: int, message: wire.Message, sender: tuple[str, int]) -> None:
        """Handle a NODES. Raises Malformed if it does not come from the AP."""
        if sender != self._ap:
            raise wire.Malformed("foreign")
        self.heard(now_ms)
        if self.ip in message.order and not self._answered:
            self._answered = True
            # Early by a random amount, so that clients that were powered on together do not keep sending together.
            self._due_ms = self._hello_ms + HELLO_PERIOD_MS - self._random_below(HELLO_PERIOD_MS // 10)

    def heard(self, now_ms: int) -> None:
        """Note that something came over the link, so it is alive."""
        self._heard_ms = now_ms

    def is_deaf(self, now_ms: int) -> bool:
        """Whether nothing came over the link for so long that it must be dead, whatever the radio reports."""
        return now_ms - self._heard_ms >= AP_SILENT_MS

    def leave(self) -> None:
        """Send BYE to the AP."""
        if self.ip:
            self.send_bye(self._ap)

    def send_bye(self, address: tuple[str, int]) -> None:
        """Send BYE to one address."""
        for _ in range(wire.BYES):
            self._send(wire.bye(self._id), address)
