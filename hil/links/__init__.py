"""Links: the serial line to one board, through pyserial, whatever is at its other end."""

from contextlib import AbstractContextManager
from typing import Protocol

TOUCH_BAUD = 1200
"""A serial port let go of at this speed asks for the bootloader. MicroPython's own downloads for the Pico W do not
listen to it; programs of Raspberry Pi's SDK and of Arduino do, and MicroPython built with
MICROPY_HW_USB_CDC_1200BPS_TOUCH."""


class LinkListener(Protocol):
    """Who is told what happens on a serial line. Times are rig time in seconds."""

    def received(self, time_s: float, data: bytes) -> None:
        """The board sent ``data``."""

    def connected(self, time_s: float, missed: str = "") -> None:
        """The serial device was opened.

        ``missed`` says why something that the board said before may be missing; it is empty when the device was
        opened at the moment at which it appeared.
        """

    def disconnected(self, time_s: float) -> None:
        """The serial device went away, or was closed."""


class BorrowedPort(Protocol):
    """An open serial port for the use of one: what ``RawRepl`` needs of pyserial's ports."""

    timeout: float | None
    """Seconds that :meth:`read` waits at most; None is for ever."""

    @property
    def in_waiting(self) -> int:
        """Bytes that can be read at once. Raises ``OSError`` when the device is gone."""

    def read(self, size: int = 1, /) -> bytes:
        """``size`` bytes, or what came in time. Raises ``OSError`` when the device is gone."""

    def write(self, data: bytes, /) -> int | None:
        """Send to the board. Raises ``OSError`` when the device is gone, or takes nothing for long."""


class SerialLink(Protocol):
    """Bytes to and from one board, across unplugging and re-enumeration."""

    def start(self, listener: LinkListener) -> None:
        """From now on open the port whenever the device is there, and tell ``listener``."""

    def stop(self) -> None:
        """Close the port and leave it closed until :meth:`start`. To be called before power is cut.

        Raises ``LinkError`` when the port cannot be closed.
        """

    @property
    def is_connected(self) -> bool:
        """Whether the port is open."""

    @property
    def obstacle(self) -> str:
        """Why the port is not open although it should be, and what to do; empty when nothing is known."""

    def write(self, data: bytes) -> None:
        """Send to the board. Raises ``LinkError`` when the port is not open."""

    def touch(self) -> None:
        """Ask the board for its bootloader as Arduino's tools do: let go of DTR and RTS at 1200 baud, for a moment.

        Whether the board obeys is its program's affair. Raises ``LinkError`` when the port is not open, or cannot do
        it.
        """

    def borrow(self) -> AbstractContextManager[BorrowedPort]:
        """The open port for exclusive use (raw REPL); the listener hears nothing meanwhile."""
