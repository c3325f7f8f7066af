"""The interface of what the loop of a node runs."""

from picolink import wire


class Program:
    """What a node does with datagrams and time. No method may block; times are milliseconds of uptime."""

    done = False
    """Whether it has finished: then serve() returns."""

    def tick(self, now_ms: int) -> int:
        """Do what is due; returns when to call again."""
        raise NotImplementedError

    def received(self, now_ms: int, message: wire.Message, sender: tuple[str, int]) -> None:
        """Handle a datagram. Raises Malformed for one that is not for this program: it is counted and ignored."""
        raise NotImplementedError

    def link(self, now_ms: int, ip: str) -> None:
        """Note that the Wi-Fi was joined with this address, or lost (empty)."""

    def is_deaf(self, now_ms: int) -> bool:
        """Whether the AP has been silent for so long that the link must be dead, whatever the radio reports."""
        return False
