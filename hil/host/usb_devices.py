"""The USB devices of this machine, as udev knows them: which are there, what they offer, and when that changes."""

import errno
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from select import select
from typing import Literal

import pyudev

from hil.clock import Clock

RASPBERRY_PI = 0x2E8A
"""USB vendor id of every Pico."""
APPLICATION = 0x0005
"""USB product id of a Pico that runs MicroPython."""
BOOTSEL = 0x0003
"""USB product id of an RP2040 that waits for a UF2 file."""
_HUB_CLASS = "09"
"""``bDeviceClass`` of hubs (USB 2.0, 11.23.1)."""

UDEV_DAEMON = Path("/run/udev/control")
"""Its socket. Where it is missing, as in most containers, nobody sends events."""
_LOOK_AGAIN_S = 1.0
"""How often to look where nobody sends events."""

Mode = Literal["application", "bootsel", "other"]


@dataclass(frozen=True)
class UsbDevice:
    """One USB device, hubs included."""

    port_path: str
    """The port it hangs on, as sysfs names it: ``1-4.2`` is port 2 of the hub on port 4 of bus 1."""
    vendor_id: int
    product_id: int
    serial: str | None
    """The serial number in lower case. In BOOTSEL mode it is another one, which several boards may share."""
    bus: int
    address: int
    """The number of the device on its bus, another one after each enumeration."""
    ttys: tuple[str, ...] = ()
    """Its serial devices (``/dev/ttyACM0``), in the order of its interfaces."""
    block_devices: tuple[str, ...] = ()
    """Its disks and their partitions (``/dev/sda``, ``/dev/sda1``)."""
    is_hub: bool = False

    @property
    def mode(self) -> Mode:
        """What a Pico is doing; ``other`` for everything that is none, or that runs something else."""
        if self.vendor_id != RASPBERRY_PI:
            return "other"
        if self.product_id == BOOTSEL:
            return "bootsel"
        return "application" if self.product_id == APPLICATION else "other"


def list_devices() -> tuple[UsbDevice, ...]:
    """Every USB device that is there now, by port."""
    context = pyudev.Context()
    ttys = _nodes(context, "tty")
    block_devices = _nodes(context, "block")
    found = []
    for device in context.list_devices(subsystem="usb", DEVTYPE="usb_device"):
        try:
            found.append(
                UsbDevice(
                    port_path=device.sys_name,
                    vendor_id=int(_attribute(device, "idVendor"), 16),
                    product_id=int(_attribute(device, "idProduct"), 16),
                    serial=_attribute(device, "serial").lower() or None,
                    bus=int(_attribute(device, "busnum")),
                    address=int(_attribute(device, "devnum")),
                    ttys=tuple(ttys.get(device.sys_path, ())),
                    block_devices=tuple(block_devices.get(device.sys_path, ())),
                    is_hub=_attribute(device, "bDeviceClass") == _HUB_CLASS,
                )
            )
        except ValueError:
            # It is going away at this moment, its attributes first; what is left of it is no device.
            continue
    return tuple(sorted(found, key=lambda device: device.port_path))


def _nodes(context: pyudev.Context, subsystem: str) -> dict[str, list[str]]:
    """The device nodes of a subsystem by the sysfs path of the USB device that they belong to, in order."""
    nodes: dict[str, list[str]] = {}
    for device in sorted(context.list_devices(subsystem=subsystem), key=lambda device: str(device.sys_path)):
        owner = device.find_parent("usb", "usb_device")
        if owner is not None and device.device_node:
            nodes.setdefault(owner.sys_path, []).append(device.device_node)
    return nodes


def _attribute(device: pyudev.Device, name: str) -> str:
    value = device.attributes.get(name)
    return value.decode("utf-8", "backslashreplace").strip() if value is not None else ""


class UsbMonitor:
    """Keeps the list of USB devices up to date by udev's events, on a thread of its own.

    Every change is told to the clock, so that ``clock.wait(lambda: …monitor.devices…, …)`` needs no polling.
    """

    def __init__(self, clock: Clock, look: Callable[[], Sequence[UsbDevice]] = list_devices) -> None:
        """Watch from now on, until :meth:`close`. ``look`` says what is there."""
        self._clock = clock
        self._look = look
        self._events = pyudev.Monitor.from_netlink(pyudev.Context())
        for subsystem in ("usb", "tty", "block"):
            self._events.filter_by(subsystem)
        # Listening first: what comes between the two is an event, and not missed.
        self._events.start()
        self._devices = tuple(look())
        self._closing, self._close_request = os.pipe()
        self._thread = threading.Thread(target=self._run, name="usb-monitor", daemon=True)
        self._thread.start()

    @property
    def devices(self) -> tuple[UsbDevice, ...]:
        """Every USB device, as of the last event: the same tuple until something has changed."""
        return self._devices

    def close(self) -> None:
        """Watch no more."""
        if self._thread.is_alive():
            os.write(self._close_request, b"x")
            self._thread.join()
            os.close(self._closing)
            os.close(self._close_request)

    def _run(self) -> None:
        timeout_s = None if UDEV_DAEMON.exists() else _LOOK_AGAIN_S
        while self._closing not in select([self._events.fileno(), self._closing], [], [], timeout_s)[0]:
            self._drain()
            devices = tuple(self._look())
            if devices != self._devices:
                self._devices = devices
                self._clock.notify()

    def _drain(self) -> None:
        try:
            while self._events.poll(timeout=0) is not None:
                pass
        except OSError as error:
            # More events than the kernel keeps: some are lost, but what is there is looked at as a whole anyway.
            if error.errno != errno.ENOBUFS:
                raise
