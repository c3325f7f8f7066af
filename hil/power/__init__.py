"""Power: switching one board's supply. One small module per kind of switch, its section of rig.yaml included."""

import re
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Protocol

from pydantic import BeforeValidator, Field

from hil.clock import Clock
from hil.config.sections import Section
from hil.errors import PowerError
from hil.host.program import ProgramError, ProgramUnusable
from hil.host.usb_devices import UsbDevice


class PowerSetupError(PowerError):
    """A port cannot be switched until a person has changed something: a missing tool, right or hub. Not tried again."""


@contextmanager
def power_errors() -> Iterator[None]:
    """For drivers that switch by a program: within this block what goes wrong with it is the port's ``PowerError``."""
    try:
        yield
    except ProgramUnusable as error:
        raise PowerSetupError(str(error)) from error
    except ProgramError as error:
        raise PowerError(str(error)) from error


class PowerPort(Protocol):
    """The supply of one board: one port of a hub, one outlet. Drivers implement just this."""

    def on(self) -> None:
        """Supply power. Returns when the port says it is on; raises ``PowerError`` with what to check."""

    def off(self) -> None:
        """Cut power. Returns when the port says it is off; raises ``PowerError`` with what to check."""

    def is_on(self) -> bool:
        """The state the port reports, read back from it. Raises ``PowerError`` when it reports none."""


class HubSection(Section, ABC):
    """A section under ``hubs:`` of a real bench, and with that the driver that its ``driver:`` names.

    The fields of a subclass are the keys of its section. Entry points of the group ``pico_hil.power`` name subclasses:
    see docs/rig.md. Every error that a port of it raises says which hub, outlet or command it is about.
    """

    driver: str
    """The name in the rig file that picked this class."""

    ports: int | None = Field(default=None, ge=1)
    """How many ports there are, if the rig file says so; otherwise any number from 1 on may be one."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """What environment variables put into the section that no report may show."""
        return ()

    @property
    def usb_location(self) -> str | None:
        """The hub in the kernel's words, such as ``1-1.4``; None when the boards are not plugged into what is switched,
        as with a smart plug.
        """
        return None

    def usb_path(self, port: int) -> str | None:
        """The USB device on ``port`` in the kernel's words, such as ``1-1.4.2``; None without a ``usb_location``."""
        if self.usb_location is None:
            return None
        return f"{self.usb_location}{'.' if '-' in self.usb_location else '-'}{port}"

    def files_to_switch(self, hub: UsbDevice, ports: Sequence[int]) -> Sequence[Path]:  # noqa: ARG002  # for drivers
        """The files that this user must be able to read and write to switch ``ports`` of ``hub``, for `hil doctor`.

        By default the hub's own device node. Only called for a hub with a ``usb_location``, which is there.
        """
        return [Path(f"/dev/bus/usb/{hub.bus:03d}/{hub.address:03d}")]

    @abstractmethod
    def power_port(self, port: int, clock: Clock) -> PowerPort:
        """The supply of the board on ``port``. Cheap and without any effect: switching is what may fail."""


def _usb_location(given: object) -> object:
    if isinstance(given, str) and not re.fullmatch(r"[1-9][0-9]*(-[1-9][0-9]*(\.[1-9][0-9]*)*)?", given):
        raise ValueError("is no place of a USB hub; write bus-port.port as `uhubctl` shows it, such as 1-1.4")
    return given


UsbLocation = Annotated[str, BeforeValidator(_usb_location)]
"""Where a hub hangs: bus, then the ports on the way to it; just the bus for a root hub."""
