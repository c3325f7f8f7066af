"""Serial lines behind a serial server: ``rfc2217://host:port``, and ``socket://host:port`` for plain TCP."""

import fcntl
import re
import socket
import struct
import termios
from contextlib import suppress

import serial
from serial import PortNotOpenError, SerialBase
from serial.urlhandler import protocol_socket

from hil.errors import LinkError
from hil.links import Address, LinkSite
from hil.links.device import BAUDRATE, READ_TIMEOUT_S

_KEEPALIVE_INTERVAL_S = 5
"""Seconds without data until the first TCP keep-alive probe, and between two of them."""
_KEEPALIVE_PROBES = 3
"""Unanswered keep-alive probes after which the connection counts as lost."""
_URL = re.compile(r"[a-z0-9]+://[^/?\s]+:[0-9]{1,5}(/?\?\S*)?")


class RemoteAddress(Address):
    """A port of a serial server. Only connecting shows whether the server is there."""

    def __init__(self, site: LinkSite) -> None:
        self._url = site.link

    @classmethod
    def check(cls, link: str) -> None:
        """The URL must have a host and a port; options of pyserial may follow. Raises ``ValueError``."""
        if not _URL.fullmatch(link):
            scheme = link.partition(":")[0]
            raise ValueError(f"is not a URL with host and port; write {scheme}://host:port")

    def find(self) -> str:
        """The URL."""
        return self._url

    def open(self, found: str) -> SerialBase:
        """Connect. Takes up to 8 s if the server does not answer. Raises ``LinkError``."""
        open_url = SocketPort if found.startswith("socket:") else serial.serial_for_url
        try:
            port: SerialBase = open_url(found, baudrate=BAUDRATE, timeout=READ_TIMEOUT_S)
        except (OSError, ValueError) as error:
            fix = "check that the serial server is running, and that no other client uses the port"
            raise LinkError(f"{found} cannot be opened ({error}); {fix}") from error
        _keep_alive(port)
        return port


class SocketPort(protocol_socket.Serial):
    """pyserial's port over plain TCP, with three changes. Opening it keeps input that has already arrived.
    ``in_waiting`` is exact, so that a read takes everything. Closing does not wait, because power is cut next.
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
        """Does nothing: pyserial calls it while it opens the port."""

    def cancel_read(self) -> None:
        """Unblock a read in another thread by shutting down the connection. The port can only be closed afterwards."""
        if self._socket is not None:
            with suppress(OSError):  # the other end has closed it already
                self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Close the connection."""
        self.cancel_read()
        if self._socket is not None:
            self._socket.close()
        self._socket = None
        self.is_open = False


def _keep_alive(port: SerialBase) -> None:
    """Switch on TCP keep-alive: otherwise a machine that is gone looks like a silent board for ever."""
    connection = getattr(port, "_socket", None)
    if connection is None:
        return
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, _KEEPALIVE_INTERVAL_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, _KEEPALIVE_INTERVAL_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, _KEEPALIVE_PROBES)
