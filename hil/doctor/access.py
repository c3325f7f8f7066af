"""Whether this user may use what the rig file names: serial ports, hubs and the folder of locks."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from hil.doctor import Finding, Machine, MachineCheck, Status
from hil.errors import BenchError
from hil.host.locks import BoardLocks
from hil.host.usb_devices import UsbDevice
from hil.power import HubSection
from hil.power.usb_port import NO_RIGHT

CHECK = "access"

Allowed = Callable[[Path], bool]
"""Whether this user may read and write a file."""


def _is_allowed(path: Path) -> bool:
    return os.access(path, os.R_OK | os.W_OK)


@dataclass(frozen=True)
class AccessCheck(MachineCheck):
    """Checks access rights without opening anything."""

    lock_folder: Path | None = None
    root: Path = Path("/")
    """Where the files of hubs are, for tests."""
    allowed: Allowed = _is_allowed

    def check(self, machine: Machine) -> Iterator[Finding]:
        if machine.config.is_virtual:
            yield Finding(CHECK, machine.config.name, Status.SKIPPED, "a virtual rig needs no rights")
            return
        try:
            BoardLocks({}, self.lock_folder).release()
            yield Finding(CHECK, machine.config.name, Status.OK, "boards can be locked")
        except BenchError as error:
            yield Finding(CHECK, machine.config.name, Status.FAILED, str(error), "see docs/rig.md, Locks")
        for name, hub in machine.config.hubs.items():
            if isinstance(hub, HubSection) and hub.usb_location is not None:
                ports = [board.power.port for board in machine.config.wired_boards if board.power.hub == name]
                yield _hub(name, hub, ports, machine.devices, self.root, self.allowed)
        for board in machine.config.wired_boards:
            paths = [board.link] if board.link else _ttys(machine.devices, board.serial, board.usb_port)
            for path in paths:
                if not path.startswith("/") or not Path(path).exists():
                    continue
                if self.allowed(Path(path)):
                    yield Finding(CHECK, board.name, Status.OK, f"{path} may be opened")
                else:
                    yield Finding(CHECK, board.name, Status.FAILED, f"{path} may not be opened by this user", NO_RIGHT)


def _hub(
    name: str,
    hub: HubSection,
    ports: list[int],
    present: tuple[UsbDevice, ...],
    root: Path,
    allowed: Allowed,
) -> Finding:
    location = str(hub.usb_location)
    device = next((device for device in present if device.port_path in (location, f"usb{location}")), None)
    if device is None:
        text = f"there is no USB device at {location}"
        hubs = ", ".join(device.port_path for device in present if device.is_hub) or "none"
        return Finding(CHECK, name, Status.FAILED, text, f"plug the hub in, or correct `location:`; hubs here: {hubs}")
    needed = [root / path.relative_to("/") for path in hub.files_to_switch(device, ports)]
    refused = [path for path in needed if path.exists() and not allowed(path)]
    if refused:
        return Finding(CHECK, name, Status.FAILED, f"{refused[0]} may not be used by this user", NO_RIGHT)
    return Finding(CHECK, name, Status.OK, f"the hub at {location} may be switched")


def _ttys(present: tuple[UsbDevice, ...], serial: str, usb_port: str | None) -> list[str]:
    found = [device for device in present if (device.serial == serial if serial else device.port_path == usb_port)]
    return [tty for device in found for tty in device.ttys[:1]]
