"""What ``hil doctor`` looks at: one module per check, each of which yields findings."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from hil.board.board import Board
from hil.config.rig import RigConfig
from hil.host.usb_devices import UsbDevice
from hil.links import SerialLink
from hil.rig import Rig


class Status(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """Tests can run; what they say may suffer."""
    FAILED = "failed"
    """Tests that need this fail, or say nothing."""
    SKIPPED = "skipped"
    """It was not looked at; the text says why."""


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    check: str
    subject: str
    """The board, hub or controller; the rig's name for what concerns all of it."""
    status: Status
    text: str
    """What was seen."""
    advice: str = ""
    """What to do about it. Every warning and failure has some."""


@dataclass(frozen=True)
class Machine:
    """What is looked at before any board is touched."""

    config: RigConfig
    devices: tuple[UsbDevice, ...]
    """Every USB device of this machine; none on a virtual rig."""


@dataclass(frozen=True)
class Patient:
    """One board of a rig at work: on, its program stopped, its serial device open."""

    rig: Rig
    board: Board
    link: SerialLink


MachineCheck = Callable[[Machine], Iterator[Finding]]
"""Looks at what is there, and changes nothing."""
BoardCheck = Callable[[Patient], Iterator[Finding]]
"""Looks at one board, and leaves it on. Raises ``HilError`` when that breaks off, which is a finding as well."""
