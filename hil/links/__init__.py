"""Links: the serial line of one board, opened with pyserial. The protocols, and what a link of your own implements."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from hil.errors import LinkError

if TYPE_CHECKING:
    from serial import SerialBase

    from hil.clock import Clock
    from hil.config.board_type import BoardType
    from hil.host.usb_devices import UsbMonitor

TOUCH_BAUD = 1200
"""Closing a serial port at this speed requests the bootloader: the 1200-baud touch. MicroPython's own downloads for the
Pico W ignore it. Programs built with Raspberry Pi's SDK or Arduino obey it, and so does MicroPython built with
MICROPY_HW_USB_CDC_1200BPS_TOUCH."""


class LinkListener(Protocol):
    """Receives the events of a serial line. Times are rig time in seconds."""

    def received(self, time_s: float, data: bytes) -> None:
        """The board sent ``data``."""

    def connected(self, time_s: float, missed: str = "") -> None:
        """The serial device was opened.

        ``missed`` states why earlier output of the board may be missing. It is empty if the device was opened as soon
        as it appeared.
        """

    def disconnected(self, time_s: float) -> None:
        """The serial device disappeared, or was closed."""


class BorrowedPort(Protocol):
    """An open serial port for exclusive use: the part of pyserial's interface that ``RawRepl`` needs."""

    timeout: float | None
    """Timeout of :meth:`read` in seconds. None waits for ever."""

    @property
    def in_waiting(self) -> int:
        """Bytes that can be read at once. Raises ``OSError`` when the device is gone."""

    def read(self, size: int = 1, /) -> bytes:
        """Up to ``size`` bytes; fewer on a timeout. Raises ``OSError`` when the device is gone."""

    def write(self, data: bytes, /) -> int | None:
        """Send to the board. Raises ``OSError`` when the device is gone, or the board stops reading."""


class SerialLink(Protocol):
    """The serial line of one board, across unplugging and re-enumeration."""

    def start(self, listener: LinkListener) -> None:
        """From now on open the port whenever the device is present, and report to ``listener``."""

    def stop(self) -> None:
        """Close the port and keep it closed until :meth:`start`. Call this before cutting power.

        Raises ``LinkError`` when the port cannot be closed.
        """

    @property
    def is_connected(self) -> bool:
        """Whether the port is open."""

    @property
    def obstacle(self) -> str:
        """Why the port is not open although it should be, and what to do. Empty if there is nothing to report."""

    def write(self, data: bytes) -> None:
        """Send to the board. Raises ``LinkError`` when the port is not open."""

    def touch(self) -> None:
        """Request the bootloader as Arduino's tools do: briefly drop DTR and RTS at 1200 baud.

        Whether the board obeys depends on its program. Raises ``LinkError`` when the port is not open, or does not
        support it.
        """

    def borrow(self) -> AbstractContextManager[BorrowedPort]:
        """The open port for exclusive use (raw REPL). The listener receives nothing meanwhile.

        Raises ``LinkError`` when the port is not open.
        """


class DeviceAbsent(LinkError):
    """There is no serial device to open. The message states why, and what to do."""


@dataclass(frozen=True)
class LinkSite:
    """What the rig file and the bench know about the serial line of one board."""

    link: str
    """``link:`` as written in the rig file; empty if the board has none."""
    board_type: "BoardType"
    """What the board is, which decides which USB devices can be it."""
    clock: "Clock"
    """To be notified when :meth:`Address.revision` changes."""
    serial: str
    """The board's USB serial number; empty if the rig file does not state it."""
    usb_port: str | None
    """The USB port the board is on, as sysfs names it (``1-1.4.2``). None if it is not on the USB of this machine."""
    usb: "Callable[[], UsbMonitor]"
    """The USB devices of this machine. To be called by constructors only: the first call starts the monitor."""


class Address(ABC):
    """Where the serial line of one board is, and how to open it. One subclass for each kind of ``link:``.

    Subclasses are registered as entry points of the group ``pico_hil.links``, by URL scheme: see docs/rig.md. Once the
    link is started, the thread that reads the line makes all calls, and the starting thread may call :meth:`find`.
    """

    poll_interval_s: float = 0.25
    """Seconds between two look-ups of an absent device, unless :meth:`revision` changes earlier."""

    @classmethod
    @abstractmethod
    def check(cls, link: str) -> None:
        """Check ``link`` when the rig file is read. Raises ``ValueError`` with what is wrong and what to write."""

    @abstractmethod
    def __init__(self, site: LinkSite) -> None:
        """Cheap and without side effects on the line: opening is what may fail."""

    def revision(self) -> object:
        """A different object whenever :meth:`find` may return something new. Must be cheap.

        For links that learn of changes. They must call ``clock.notify()`` after each; all others are polled.
        """
        return None

    @abstractmethod
    def find(self) -> str:
        """The path or URL of the port, as of now. Raises ``DeviceAbsent``."""

    @abstractmethod
    def open(self, found: str) -> "SerialBase":
        """Open what :meth:`find` returned, for exclusive use. Raises ``LinkError`` with what to do.

        Reads of the port must return within a second, with or without data.
        """
