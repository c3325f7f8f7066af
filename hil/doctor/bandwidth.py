"""How much of what a USB controller can serve is in use. Beyond that the kernel has devices without a serial port."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from hil.doctor import Finding, Machine, Status
from hil.host.usb_devices import UsbDevice
from hil.power.usb_port import DEVICES

CHECK = "bandwidth"
MANY_PICOS = 11
"""Of more boards on one xHCI controller, benches report the 12th as the first with 'Not enough bandwidth'."""
MAX_ENDPOINTS = 96
"""What common xHCI controllers (Intel's) serve, endpoint 0 of every device included; others, such as the VL805 of a
Raspberry Pi 4, have fewer."""
NEAR = 0.8
"""The share from which on it is worth a warning."""

_ENDPOINT = 5
"""``bDescriptorType`` (USB 2.0, table 9-5)."""
_CONFIGURATION = 2
_TRANSFER_TYPE = 0x03
_PERIODIC = (1, 3)
"""Isochronous and interrupt endpoints (USB 2.0, table 9-13): their bandwidth is set aside."""


@dataclass(frozen=True)
class Load:
    """What hangs on one controller."""

    controller: str
    devices: int
    picos: int
    endpoints: int
    periodic: int

    def __str__(self) -> str:
        return (
            f"{self.picos} Picos among {self.devices} devices; {self.endpoints} endpoints, {self.periodic} of them "
            "periodic"
        )


def check_bandwidth(machine: Machine, *, devices: Path = Path(DEVICES)) -> Iterator[Finding]:
    """Count the devices and endpoints of each controller that has a board; one without a serial port is a failure."""
    if machine.config.is_virtual:
        yield Finding(CHECK, machine.config.name, Status.SKIPPED, "a virtual rig has no USB controller")
        return
    by_controller = sorted(machine.devices, key=lambda device: _controller(device, devices))
    for controller, group in groupby(by_controller, key=lambda device: _controller(device, devices)):
        there = list(group)
        load = _load(controller, there, devices)
        if load.picos:
            yield _judge(load, [device for device in there if device.mode == "application" and not device.ttys])


def _judge(load: Load, mute: list[UsbDevice]) -> Finding:
    spread = "plug some of its boards into another controller: a PCIe USB card, or another machine with serial servers"
    if mute:
        ports = ", ".join(device.port_path for device in mute)
        text = f"the board on USB port {ports} has no serial device; {load}"
        return Finding(CHECK, load.controller, Status.FAILED, text, f"`dmesg` tells why; if bandwidth, {spread}")
    if load.picos > MANY_PICOS or load.endpoints >= NEAR * MAX_ENDPOINTS:
        return Finding(CHECK, load.controller, Status.WARNING, f"near its limit: {load}", spread)
    return Finding(CHECK, load.controller, Status.OK, str(load))


def _load(controller: str, there: list[UsbDevice], devices: Path) -> Load:
    endpoints = [_endpoints(devices / device.port_path / "descriptors") for device in there]
    return Load(
        controller,
        devices=len(there),
        picos=sum(device.mode != "other" for device in there),
        endpoints=sum(1 + len(kinds) for kinds in endpoints),
        periodic=sum(kind in _PERIODIC for kinds in endpoints for kind in kinds),
    )


def _controller(device: UsbDevice, devices: Path) -> str:
    """The PCI or platform device behind the bus, which a USB 2 and a USB 3 bus share; the bus where none is told."""
    bus = devices / f"usb{device.bus}"
    return bus.resolve().parent.name if bus.exists() else f"bus {device.bus}"


def _endpoints(path: Path) -> list[int]:
    """The transfer types of a device's endpoints in its first configuration, beyond endpoint 0."""
    try:
        data = path.read_bytes()
    except OSError:
        # It has just gone, or is no device of a kernel: what is counted is what is there.
        return []
    kinds, configurations = [], 0
    while len(data) >= 2 and data[0] >= 2:
        configurations += data[1] == _CONFIGURATION
        if data[1] == _ENDPOINT and configurations == 1 and len(data) >= 4:
            kinds.append(data[3] & _TRANSFER_TYPE)
        data = data[data[0] :]
    return kinds
