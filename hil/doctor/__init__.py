"""The checks of ``hil doctor``: one module each, with a class that yields findings."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
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


class MachineCheck(ABC):
    """A check of the machine, which changes nothing. Made without arguments, once per examination.

    A ``HilError`` raised by a check becomes a failed finding. So does any other exception, as a defect of the check.
    """

    @abstractmethod
    def check(self, machine: Machine) -> Iterable[Finding]:
        """Called before any board is touched."""

    def finish(self) -> Iterable[Finding]:
        """Called after the checks of the boards."""
        return ()


class BoardCheck(ABC):
    """A check of each board by itself. Made without arguments, once per examination. For what it raises see above."""

    @abstractmethod
    def check(self, examined: ExaminedBoard) -> Iterable[Finding]:
        """Called with each board that has a serial device. It must leave the board on."""
