"""What the loop of a node runs."""

from picolink import wire


class Program:
    """What a node does with datagrams and time. Nothing in it may block; times are milliseconds of uptime."""

    done = False
    """Whether it has come to its end: serve() returns then."""

    def tick(self, now_ms: int) -> int:
        """Do what is due; returns when to call again."""
        raise NotImplementedError

    def received(self, now_ms: int, message: wire.Message, sender: tuple[str, int]) -> None:
        """A datagram came in. Raises Malformed for one that this program is not told: it is counted and ignored."""
        raise NotImplementedError

    def link(self, now_ms: int, ip: str) -> None:
        """The Wi-Fi was joined with this address, or lost (empty)."""

    def is_deaf(self, now_ms: int) -> bool:
        """Whether the AP has been silent for so long that the link must be dead, whatever the radio says."""
        return False
