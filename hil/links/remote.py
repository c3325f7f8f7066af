"""Serial lines on other machines, behind a serial server: ``rfc2217://host:port`` and ``socket://host:port``."""

import fcntl
import socket
import struct
import termios
from contextlib import suppress

import serial
from serial import PortNotOpenError, SerialBase
from serial.urlhandler import protocol_socket

from hil.errors import LinkError
from hil.links.device import BAUDRATE, READ_TIMEOUT_S

_SILENCE_S = 5
"""After how long a silence the other machine is asked whether it is still there, and how often again."""
_QUESTIONS = 3
"""How many of these may stay unanswered."""


class RemoteAddress:
    """The port of a serial server. Whether a board is behind it, only an attempt shows."""

    absent_retry_s = 0.25

    def __init__(self, url: str) -> None:
        self._url = url

    def news(self) -> object:
        """A server does not call."""
        return None

    def find(self) -> str:
        """The URL."""
        return self._url

    def open(self, found: str) -> SerialBase:
        """Connect; takes up to 8 s with a server that does not answer. Raises ``LinkError``."""
        kind = SocketPort if found.startswith("socket:") else serial.serial_for_url
        try:
            port: SerialBase = kind(found, baudrate=BAUDRATE, timeout=READ_TIMEOUT_S)
        except (OSError, ValueError) as error:
            fix = "check that the serial server runs there, and that nobody else uses the port"
            raise LinkError(f"{found} cannot be opened ({error}); {fix}") from error
        _keep_alive(port)
        return port


class SocketPort(protocol_socket.Serial):
    """pyserial's port over plain TCP, which keeps what arrives while it is being opened, reads whole packets instead of
    single bytes, and closes at once: power is to be cut next.
    """

    _socket: socket.socket | None

    @property
    def in_waiting(self) -> int:
        """Bytes that can be read at once."""
        if self._socket is None:
            raise PortNotOpenError
        waiting: int = struct.unpack("i", fcntl.ioctl(self._socket, termios.FIONREAD, bytes(4)))[0]
        return waiting

    def reset_input_buffer(self) -> None:
        """Nothing: called while the port is opened."""

    def cancel_read(self) -> None:
        """End a read that another thread is in, and the connection with it: it is to be closed."""
        if self._socket is not None:
            with suppress(OSError):  # the other side was first
                self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection."""
        self.cancel_read()
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self.is_open = False


def _keep_alive(port: SerialBase) -> None:
    """Have the kernel find out that the other machine is gone: a dead one would look like a silent board for ever."""
    connection = getattr(port, "_socket", None)
    if connection is None:
        return
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _SILENCE_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _SILENCE_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _QUESTIONS)
