"""Links: the serial line to one board. Every kind opens its port through pyserial's ``serial_for_url``."""

from contextlib import AbstractContextManager
from typing import Protocol

from serial import SerialBase


class LinkListener(Protocol):
    """Who is told what happens on a serial line. Times are rig time in seconds."""

    def received(self, time_s: float, data: bytes) -> None:
        """The board sent ``data``."""

    def connected(self, time_s: float) -> None:
        """The serial device appeared and was opened."""

    def disconnected(self, time_s: float) -> None:
        """The serial device went away, or was closed."""


class SerialLink(Protocol):
    """Bytes to and from one board, across unplugging and re-enumeration."""

    def start(self, listener: LinkListener) -> None:
        """From now on open the port whenever the device is there, and tell ``listener``."""

    def stop(self) -> None:
        """Close the port and leave it closed until :meth:`start`. To be called before power is cut."""

    @property
    def is_connected(self) -> bool:
        """Whether the port is open."""

    def write(self, data: bytes) -> None:
        """Send to the board. Raises ``LinkError`` when the port is not open."""

    def borrow(self) -> AbstractContextManager[SerialBase]:
        """The open port for exclusive use (raw REPL); the listener hears nothing meanwhile."""
