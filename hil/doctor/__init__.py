"""The checks of ``hil doctor``: one module each, which yields findings."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from hil.board.board import Board
from hil.config.rig import RigConfig
from hil.host.usb_devices import UsbDevice
from hil.links import SerialLink
from hil.rig import Rig


class Status(StrEnum):
    """How serious a finding is."""

    OK = "ok"
    WARNING = "warning"
    """Tests can run, but their results may be unreliable."""
    FAILED = "failed"
    """Tests that need this fail, or their results mean nothing."""
    SKIPPED = "skipped"
    """It was not checked; the text gives the reason."""


@dataclass(frozen=True)
class Finding:
    """The result of one check of one subject."""

    check: str
    subject: str
    """The board, hub or controller; the rig's name for what concerns the complete rig."""
    status: Status
    text: str
    """What was seen."""
    advice: str = ""
    """What to do about it. Every warning and failure has an advice."""


@dataclass(frozen=True)
class Machine:
    """What is checked before any board is touched."""

    config: RigConfig
    devices: tuple[UsbDevice, ...]
    """Every USB device of this machine; none on a virtual rig."""


@dataclass(frozen=True)
class ExaminedBoard:
    """One board during its checks: on, with its program stopped and its serial device open."""

    rig: Rig
    board: Board
    link: SerialLink


MachineCheck = Callable[[Machine], Iterator[Finding]]
"""Looks at the machine, and changes nothing."""
BoardCheck = Callable[[ExaminedBoard], Iterator[Finding]]
"""Checks one board, and leaves it on. Raises ``HilError`` if it cannot continue, which becomes a finding too."""
