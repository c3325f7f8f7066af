"""The receiving half of a TCP connection: bytes in order, and how much room is left for more."""

from hil.virtual.air.limits import TCP_WINDOW
from hil.virtual.air.packets import TcpSegment

WINDOW_UPDATE = TCP_WINDOW // 4
"""A reader that has freed this many bytes tells its peer. lwIP TCP_WND_UPDATE_THRESHOLD."""


class TcpReceiver:
    """What has arrived on one connection and was not read yet."""

    def __init__(self) -> None:
        self.expected = 0
        """The sequence number that comes next."""
        self.peer_closed = False
        self.buffer = bytearray()
        self._edge = 0

    @property
    def window(self) -> int:
        """Bytes there is room for."""
        return TCP_WINDOW - len(self.buffer)

    @property
    def owes_update(self) -> bool:
        """Whether so much was read since the window was last told that the peer should know."""
        return self.expected + self.window - self._edge >= WINDOW_UPDATE

    def tell_window(self) -> int:
        """The window, to be sent to the peer now."""
        self._edge = self.expected + self.window
        return self.window

    def take(self, segment: TcpSegment, *, has_reader: bool) -> bool:
        """Take what is new and in order; returns whether anything was.

        What comes out of order is dropped: the sender repeats it. Without a reader bytes are counted and thrown away.
        """
        skip = self.expected - segment.sequence
        if self.peer_closed or not 0 <= skip <= len(segment.data):
            return False
        fresh = segment.data[skip : skip + self.window]
        self.expected += len(fresh)
        if has_reader:
            self.buffer += fresh
        if segment.fin and self.expected == segment.sequence + len(segment.data):
            self.expected += 1
            self.peer_closed = True
        return bool(fresh) or self.peer_closed

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes, removed from the buffer."""
        data = bytes(self.buffer[:size])
        del self.buffer[:size]
        return data
