"""One port of a USB hub as the kernel names it: its folder in sysfs, and its peer on the other half of the hub."""

import re
from dataclasses import dataclass
from typing import Self

DEVICES = "/sys/bus/usb/devices"
"""Where the kernel lists USB hubs and devices (Linux, Documentation/ABI/testing/sysfs-bus-usb)."""
NO_RIGHT = (
    "copy rigs/99-pico-hil.rules to /etc/udev/rules.d/, run `sudo udevadm control --reload && sudo udevadm trigger`, "
    "and be in group dialout (`sudo usermod -aG dialout $USER`, then log in again)"
)
"""What to do when the kernel denies access to a port."""

_PORT_FOLDER = re.compile(r"(?:(?P<hub>[0-9]+-[0-9.]+)|usb(?P<bus>[0-9]+))-port(?P<port>[0-9]+)")


@dataclass(frozen=True)
class UsbPort:
    """One port of one hub. A USB 3 hub is two hubs in one case; the kernel links their ports as ``peer``."""

    location: str
    """The hub: the bus and the ports leading to it, such as ``1-1.4``. Just the bus for a root hub."""
    port: int

    @property
    def folder(self) -> str:
        """Its folder below ``DEVICES``. It exists while the hub does, whether or not a device is on the port."""
        is_root = "-" not in self.location
        hub, name = (f"{self.location}-0", f"usb{self.location}") if is_root else (self.location, self.location)
        return f"{hub}:1.0/{name}-port{self.port}"

    @classmethod
    def of_folder(cls, path: str) -> Self | None:
        """The port whose sysfs folder ``path`` is. None if it is not a port's folder."""
        found = _PORT_FOLDER.fullmatch(path.rstrip("/").rpartition("/")[2])
        return cls(found["hub"] or found["bus"], int(found["port"])) if found else None

    def __str__(self) -> str:
        return f"port {self.port} of USB hub {self.location}"
