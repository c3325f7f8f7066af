"""The USB devices of this machine as udev reports them: which are there, what they offer, and when that changes."""

import errno
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from select import select

import pyudev

from hil.clock import Clock

_HUB_CLASS = "09"
"""``bDeviceClass`` of hubs (USB 2.0, 11.23.1)."""

UDEV_DAEMON = Path("/run/udev/control")
"""Its socket. Where it is missing, as in most containers, no events are sent."""
_LOOK_AGAIN_S = 1.0
"""Polling interval where no events are sent."""


@dataclass(frozen=True)
class UsbDevice:
    """One USB device, hubs included."""

    port_path: str
    """The port that it is plugged into, as sysfs names it: ``1-4.2`` is port 2 of the hub on port 4 of bus 1."""
    vendor_id: int
    product_id: int
    serial: str | None
    """The serial number in lower case. A board has another one in BOOTSEL mode, which several boards may share."""
    bus: int
    address: int
    """The number of the device on its bus. It changes with each enumeration."""
    ttys: tuple[str, ...] = ()
    """Its serial devices (``/dev/ttyACM0``), in the order of its interfaces."""
    block_devices: tuple[str, ...] = ()
    """Its disks and their partitions (``/dev/sda``, ``/dev/sda1``)."""
    is_hub: bool = False


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
            # The device is going away, and its attributes are gone already.
            continue
    return tuple(sorted(found, key=lambda device: device.port_path))


def _nodes(context: pyudev.Context, subsystem: str) -> dict[str, list[str]]:
    """The device nodes of a subsystem, in order, by the sysfs path of the USB device that has them."""
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
    """Keeps the list of USB devices up to date, from udev's events and on a separate thread.

    It notifies the clock of every change, so ``clock.wait(lambda: …monitor.devices…, …)`` needs no polling.
    """

    def __init__(self, clock: Clock, look: Callable[[], Sequence[UsbDevice]] = list_devices) -> None:
        """Watch from now on, until :meth:`close`. ``look`` lists the devices that are there."""
        self._clock = clock
        self._look = look
        self._events = pyudev.Monitor.from_netlink(pyudev.Context())
        for subsystem in ("usb", "tty", "block"):
            self._events.filter_by(subsystem)
        # Listen first: a change between the two is an event then, and not missed.
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
        """Stop watching."""
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
            # The kernel has dropped events. The complete list is read again after each event, so nothing is lost.
            if error.errno != errno.ENOBUFS:
                raise
