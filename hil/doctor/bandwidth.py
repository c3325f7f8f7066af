"""How much of a USB controller's capacity is in use. Beyond it, devices enumerate without a serial device."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from hil.config.board_type import BoardType, types_of
from hil.doctor import Finding, Machine, MachineCheck, Status
from hil.host.usb_devices import UsbDevice
from hil.power.usb_port import DEVICES

CHECK = "bandwidth"
MANY_BOARDS = 11
"""With more boards on one xHCI controller, benches report 'Not enough bandwidth' from the 12th on."""
MAX_ENDPOINTS = 96
"""What common xHCI controllers (Intel's) serve, endpoint 0 of every device included; others, such as the VL805 of a
Raspberry Pi 4, have fewer."""
NEAR = 0.8
"""The used share from which on there is a warning."""

_ENDPOINT = 5
"""``bDescriptorType`` (USB 2.0, table 9-5)."""
_CONFIGURATION = 2
_TRANSFER_TYPE = 0x03
_PERIODIC = (1, 3)
"""Isochronous and interrupt endpoints (USB 2.0, table 9-13): their bandwidth is reserved."""


@dataclass(frozen=True)
class Load:
    """The devices of one controller."""

    controller: str
    devices: int
    boards: int
    """Devices with the USB ids of the rig's board types."""
    endpoints: int
    periodic: int

    def __str__(self) -> str:
        return (
            f"{self.boards} boards among {self.devices} devices; {self.endpoints} endpoints, {self.periodic} of them "
            "periodic"
        )


@dataclass(frozen=True)
class BandwidthCheck(MachineCheck):
    """Counts the devices and endpoints of each controller with boards. A board without a serial device is a failure."""

    devices: Path = Path(DEVICES)
    """Where the kernel lists USB devices."""

    def check(self, machine: Machine) -> Iterator[Finding]:
        if machine.config.is_virtual:
            yield Finding(CHECK, machine.config.name, Status.SKIPPED, "a virtual rig has no USB controller")
            return
        by_controller = sorted(machine.devices, key=lambda device: _controller(device, self.devices))
        types = {board.type for board in machine.config.wired_boards}
        for controller, group in groupby(by_controller, key=lambda device: _controller(device, self.devices)):
            there = list(group)
            load = _load(controller, there, self.devices, types)
            if load.boards:
                yield _judge(load, [device for device in there if _runs_program(device, types) and not device.ttys])


def _judge(load: Load, mute: list[UsbDevice]) -> Finding:
    spread = "plug some of its boards into another controller: a PCIe USB card, or another machine with serial servers"
    if mute:
        ports = ", ".join(device.port_path for device in mute)
        text = f"the board on USB port {ports} has no serial device; {load}"
        return Finding(CHECK, load.controller, Status.FAILED, text, f"`dmesg` shows why; if it is bandwidth, {spread}")
    if load.boards > MANY_BOARDS or load.endpoints >= NEAR * MAX_ENDPOINTS:
        return Finding(CHECK, load.controller, Status.WARNING, f"near its limit: {load}", spread)
    return Finding(CHECK, load.controller, Status.OK, str(load))


def _runs_program(device: UsbDevice, types: Iterable[BoardType]) -> bool:
    return any(board_type.mode_of(device) == "application" for board_type in types)


def _load(controller: str, there: list[UsbDevice], devices: Path, types: Collection[BoardType]) -> Load:
    endpoints = [_endpoints(devices / device.port_path / "descriptors") for device in there]
    return Load(
        controller,
        devices=len(there),
        boards=sum(bool(types_of(device, types)) for device in there),
        endpoints=sum(1 + len(kinds) for kinds in endpoints),
        periodic=sum(kind in _PERIODIC for kinds in endpoints for kind in kinds),
    )


def _controller(device: UsbDevice, devices: Path) -> str:
    """The PCI or platform device behind the bus, which a USB 2 and a USB 3 bus share; the bus if it is not known."""
    bus = devices / f"usb{device.bus}"
    return bus.resolve().parent.name if bus.exists() else f"bus {device.bus}"


def _endpoints(path: Path) -> list[int]:
    """The transfer types of a device's endpoints in its first configuration, beyond endpoint 0."""
    try:
        data = path.read_bytes()
    except OSError:
        # The device has just gone, or was never one of this kernel.
        return []
    kinds, configurations = [], 0
    while len(data) >= 2 and data[0] >= 2:
        configurations += data[1] == _CONFIGURATION
        if data[1] == _ENDPOINT and configurations == 1 and len(data) >= 4:
            kinds.append(data[3] & _TRANSFER_TYPE)
        data = data[data[0] :]
    return kinds
