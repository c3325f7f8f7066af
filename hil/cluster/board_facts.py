"""Facts about a board: its serial device, its program, its Wi-Fi, and what it reported itself."""

from enum import Enum, auto
from typing import Generic, NamedTuple, TypeVar

from hil.events import TimelineEntry

_T = TypeVar("_T")


class Serial(Enum):
    """The serial device of a board."""

    CLOSED = auto()
    OPEN = auto()
    GONE = auto()
    """It went away while the board had power."""
    DROPPED = auto()
    """It went away because of a fault that interrupts only USB: the program continues."""


class Program(Enum):
    """The program of a board."""

    OFF = auto()
    BOOTING = auto()
    RUNNING = auto()
    STOPPED = auto()
    """The framework stopped it, to use the REPL or to reset the board."""
    ENDED = auto()
    """It ended by itself: the board is at its REPL, or has crashed."""


class WifiStatus(Enum):
    """The Wi-Fi of a board, according to its own lines."""

    NOT_YET = auto()
    AP_UP = auto()
    AP_DOWN = auto()
    JOINED = auto()
    LOST = auto()


class Wifi(NamedTuple):
    """The Wi-Fi of a board since its latest event about it."""

    status: WifiStatus
    ssid: str = ""
    """Of its own access point."""
    ip: str = ""


class Reported(NamedTuple, Generic[_T]):
    """Something that follows from a line of a board, or from an action on it."""

    value: _T
    entry: TimelineEntry
    """The entry that proves it."""
    run: int
    """The run of the board (:attr:`BoardState.run`) in which it was reported."""
