"""Lines of text over TCP, with one deadline per connection: a slow, silent or dead peer takes no longer than that."""

import socket

from picolink.board import Uptime
from picolink.wire import MAX_BYTES, Malformed

ETIMEDOUT = 110
BACKLOG = 2


class LineStream:
    """One connection. Every call raises OSError if the connection fails or its time is over."""

    def __init__(self, connection: socket.socket, uptime: Uptime, limit_ms: int) -> None:
        """The connection's time is over `limit_ms` from now."""
        self._connection = connection
        self._uptime = uptime
        self._until_ms = uptime.now_ms() + limit_ms

    def connect(self, address: tuple[str, int]) -> None:
        """Connect to `address`."""
        self._set_timeout()
        self._connection.connect(address)

    def read_line(self) -> str:
        """The next line, without its line feed. Anything that follows it is discarded.

        Raises Malformed with reason too-long, not-utf8, or cut-off if the peer closes before the end of the line.
        """
        data = b""
        end = -1
        while end < 0 and len(data) <= MAX_BYTES:
            self._set_timeout()
            part = self._connection.recv(MAX_BYTES)
            if not part:
                raise Malformed("cut-off")
            data += part
            end = data.find(b"\n")
        if not 0 <= end <= MAX_BYTES:
            raise Malformed("too-long")
        try:
            return data[:end].decode()
        except UnicodeError:
            raise Malformed("not-utf8") from None

    def write_line(self, text: str) -> None:
        """Send one line."""
        data = text.encode() + b"\n"
        while data:
            self._set_timeout()
            data = data[self._connection.send(data) :]

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _set_timeout(self) -> None:
        left_ms = self._until_ms - self._uptime.now_ms()
        if left_ms <= 0:
            raise OSError(ETIMEDOUT)
        self._connection.settimeout(left_ms / 1000)


def listen(port: int) -> socket.socket:
    """A socket that accepts connections on `port`. Raises OSError."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # Without it the port cannot be bound again for minutes after this side has closed a connection.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("0.0.0.0", port))
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
