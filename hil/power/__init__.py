"""Power: switching the supply of one board. One module per driver, including its section of rig.yaml."""

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
    """A port cannot be switched until someone fixes the setup: a missing tool, permission or hub. Never retried."""


@contextmanager
def power_errors() -> Iterator[None]:
    """Within this block a ``ProgramError`` becomes a ``PowerError``. For drivers that switch by running a program."""
    try:
        yield
    except ProgramUnusable as error:
        raise PowerSetupError(str(error)) from error
    except ProgramError as error:
        raise PowerError(str(error)) from error


class PowerPort(Protocol):
    """The supply of one board: a hub port or an outlet. This is all a driver has to implement."""

    def on(self) -> None:
        """Switch on. Returns once the port reports that it is on. Raises ``PowerError`` stating what to check."""

    def off(self) -> None:
        """Switch off. Returns once the port reports that it is off. Raises ``PowerError`` stating what to check."""

    def is_on(self) -> bool:
        """The state read back from the port. Raises ``PowerError`` when it cannot be read."""


class HubSection(Section, ABC):
    """A section under ``hubs:`` of a physical rig. Its ``driver:`` key selects the subclass.

    The fields of a subclass are the keys of its section. Subclasses are registered as entry points of the group
    ``pico_hil.power``: see docs/rig.md. Every error of its ports must name the hub, outlet or command concerned.
    """

    driver: str
    """The name in the rig file that selected this class."""

    ports: int | None = Field(default=None, ge=1)
    """Number of ports, if the rig file states it. Without it any port number from 1 is accepted."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """Values from environment variables in this section. They must not appear in any report."""
        return ()

    @property
    def usb_location(self) -> str | None:
        """The kernel's name of the hub, such as ``1-1.4``. None if the boards are not plugged into the switched device,
        as with a smart plug.
        """
        return None

    def usb_path(self, port: int) -> str | None:
        """The kernel's name of the USB device on ``port``, such as ``1-1.4.2``. None without a ``usb_location``."""
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
        """The supply of the board on ``port``. Cheap and without side effects: only switching may fail."""


def _usb_location(given: object) -> object:
    if isinstance(given, str) and not re.fullmatch(r"[1-9][0-9]*(-[1-9][0-9]*(\.[1-9][0-9]*)*)?", given):
        raise ValueError("is not the location of a USB hub; write bus-port.port as `uhubctl` shows it, such as 1-1.4")
    return given


UsbLocation = Annotated[str, BeforeValidator(_usb_location)]
"""Where a hub is on the USB: the bus, then the ports leading to it. Just the bus for a root hub."""
