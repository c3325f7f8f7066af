"""Simulated USB devices as umockdev device descriptions: hubs, and a Pico in two modes.

Runs in Debian's Python, together with umockdev: the standard library only.
"""

import struct
from dataclasses import dataclass
from pathlib import PurePosixPath

CONTROLLER = "/devices/pci0000:00/0000:00:14.0"
BUS = 1
_VERSION = 0x0200


@dataclass(frozen=True)
class Pieces:
    """One pluggable device: its description for the testbed, and the files that make it present."""

    text: str
    folder: str
    """Its sysfs path, without ``/sys``."""
    links: tuple[str, ...]
    """Paths of everything else that appears and disappears with it, as programs see them."""
    announced: tuple[str, ...]
    """The sysfs paths to send events about, parents first."""
    tty: str | None = None
    """The node of its serial port."""


def device_folder(port_path: str) -> str:
    """The sysfs path of the USB device on a port such as ``1-1.4.2``."""
    bus, _, ports = port_path.partition("-")
    folder = PurePosixPath(CONTROLLER) / f"usb{bus}"
    steps = ports.split(".")
    for count in range(1, len(steps) + 1):
        folder /= f"{bus}-{'.'.join(steps[:count])}"
    return str(folder)


def usb_node(address: int) -> str:
    """The node of the USB device with this number on its bus."""
    return f"/dev/bus/usb/{BUS:03d}/{address:03d}"


def root_hub() -> str:
    """The host controller's own hub."""
    strings = {"manufacturer": "Linux 6.1 xhci-hcd", "product": "xHCI Host Controller"}
    return _device(f"{CONTROLLER}/usb{BUS}", 1, 0x1D6B, 0x0002, 9, ports=4, strings=strings, is_hub=True) + _interface(
        f"{CONTROLLER}/usb{BUS}/{BUS}-0:1.0", 0, 9, "hub"
    )


def hub(port_path: str, address: int, ports: int) -> str:
    """A USB 2 hub."""
    folder = device_folder(port_path)
    strings = {"manufacturer": "Generic", "product": "4-Port USB 2.1 Hub"}
    return _device(folder, address, 0x0BDA, 0x5411, 9, ports=ports, strings=strings, is_hub=True) + _interface(
        f"{folder}/{port_path}:1.0", 0, 9, "hub"
    )


def pico_application(port_path: str, address: int, tty: int, serial: str) -> Pieces:
    """A Pico that runs MicroPython."""
    folder = device_folder(port_path)
    strings = {"manufacturer": "MicroPython", "product": "Board in FS mode", "serial": serial}
    tty_folder = f"{folder}/{port_path}:1.0/tty/ttyACM{tty}"
    text = (
        _device(folder, address, 0x2E8A, 0x0005, 0xEF, strings=strings)
        + _interface(f"{folder}/{port_path}:1.0", 0, 2, "cdc_acm")
        + _interface(f"{folder}/{port_path}:1.1", 1, 0x0A, "cdc_acm")
        + _text(
            f"P: {tty_folder}",
            f"N: ttyACM{tty}",
            f"E: DEVNAME=/dev/ttyACM{tty}",
            "E: SUBSYSTEM=tty",
            "E: MAJOR=166",
            f"E: MINOR={tty}",
            "E: ID_BUS=usb",
            "E: ID_VENDOR_ID=2e8a",
            "E: ID_MODEL_ID=0005",
            f"E: ID_SERIAL_SHORT={serial}",
            f"A: dev=166:{tty}",
            f"L: device=../../../{port_path}:1.0",
        )
    )
    links = (
        *_links(port_path, address, interfaces=2),
        f"/sys/class/tty/ttyACM{tty}",
        f"/sys/dev/char/166:{tty}",
        f"/dev/ttyACM{tty}",
    )
    return Pieces(text, folder, links, (folder, tty_folder), f"/dev/ttyACM{tty}")


def pico_bootsel(port_path: str, address: int, disk: str, minor: int) -> Pieces:
    """A Pico in its boot loader, with a disk of one partition. Its serial number is that of the boot ROM."""
    folder = device_folder(port_path)
    strings = {"manufacturer": "Raspberry Pi", "product": "RP2 Boot", "serial": "E0C9125B0D9B"}
    disk_folder = f"{folder}/{port_path}:1.0/host6/target6:0:0/6:0:0:0/block/{disk}"
    text = _device(folder, address, 0x2E8A, 0x0003, 0, strings=strings)
    text += _interface(f"{folder}/{port_path}:1.0", 0, 8, "usb-storage")
    text += _interface(f"{folder}/{port_path}:1.1", 1, 0xFF, "")
    for node, node_folder, number, kind in (
        (disk, disk_folder, minor, "disk"),
        (f"{disk}1", f"{disk_folder}/{disk}1", minor + 1, "partition"),
    ):
        text += _text(
            f"P: {node_folder}",
            f"N: {node}",
            f"E: DEVNAME=/dev/{node}",
            "E: SUBSYSTEM=block",
            f"E: DEVTYPE={kind}",
            "E: MAJOR=8",
            f"E: MINOR={number}",
            f"A: dev=8:{number}",
        )
    links = (
        *_links(port_path, address, interfaces=2),
        *(f"/sys/class/block/{node}" for node in (disk, f"{disk}1")),
        *(f"/sys/dev/block/8:{number}" for number in (minor, minor + 1)),
        *(f"/dev/{node}" for node in (disk, f"{disk}1")),
    )
    return Pieces(text, folder, links, (folder, disk_folder, f"{disk_folder}/{disk}1"))


def _links(port_path: str, address: int, interfaces: int) -> tuple[str, ...]:
    names = (port_path, *(f"{port_path}:1.{number}" for number in range(interfaces)))
    return (
        *(f"/sys/bus/usb/devices/{name}" for name in names),
        f"/sys/dev/char/189:{_minor(address)}",
        usb_node(address),
    )


def _minor(address: int) -> int:
    return (BUS - 1) * 128 + address - 1


def _device(
    folder: str,
    address: int,
    vendor: int,
    product: int,
    device_class: int,
    strings: dict[str, str],
    ports: int = 0,
    is_hub: bool = False,
) -> str:
    descriptors = _descriptors(vendor, product, device_class, is_hub)
    attributes = {
        "busnum": f"{BUS}",
        "devnum": f"{address}",
        "devpath": folder.rpartition("-")[2] if "-" in folder.rpartition("/")[2] else "0",
        "idVendor": f"{vendor:04x}",
        "idProduct": f"{product:04x}",
        "bcdDevice": "0100",
        "bDeviceClass": f"{device_class:02x}",
        "bDeviceSubClass": "00",
        "bDeviceProtocol": "01",
        "bConfigurationValue": "1",
        "bNumConfigurations": "1",
        "bNumInterfaces": " 1",
        "speed": "480" if is_hub else "12",
        "version": " 2.00",
        "maxchild": f"{ports}",
        **strings,
    }
    return _text(
        f"P: {folder}",
        f"N: {usb_node(address).removeprefix('/dev/')}={descriptors.hex().upper()}",
        f"E: DEVNAME={usb_node(address)}",
        "E: DEVTYPE=usb_device",
        "E: DRIVER=usb",
        "E: SUBSYSTEM=usb",
        "E: MAJOR=189",
        f"E: MINOR={_minor(address)}",
        f"E: BUSNUM={BUS:03d}",
        f"E: DEVNUM={address:03d}",
        f"E: PRODUCT={vendor:x}/{product:x}/100",
        f"E: ID_VENDOR_ID={vendor:04x}",
        f"E: ID_MODEL_ID={product:04x}",
        *(f"A: {name}={value}\\n" for name, value in attributes.items()),
        f"A: dev=189:{_minor(address)}",
        f"H: descriptors={descriptors.hex().upper()}",
    )


def _interface(folder: str, number: int, interface_class: int, driver: str) -> str:
    return _text(
        f"P: {folder}",
        "E: DEVTYPE=usb_interface",
        f"E: DRIVER={driver}",
        "E: SUBSYSTEM=usb",
        f"A: bInterfaceNumber={number:02d}\\n",
        f"A: bInterfaceClass={interface_class:02x}\\n",
    )


def _descriptors(vendor: int, product: int, device_class: int, is_hub: bool) -> bytes:
    """Device and configuration descriptor (USB 2.0 chapter 9.6), which libusb reads."""
    interface_class = 9 if is_hub else 0xFF
    interface = struct.pack("<9B", 9, 4, 0, 0, 1, interface_class, 0, 0, 0) + struct.pack("<4BHB", 7, 5, 0x81, 3, 4, 12)
    device = struct.pack(
        "<BBHBBBBHHHBBBB", 18, 1, _VERSION, device_class, 0, 1, 64, vendor, product, 0x0100, 1, 2, 0, 1
    )
    return device + struct.pack("<BBHBBBBB", 9, 2, 9 + len(interface), 1, 1, 0, 0xE0, 0) + interface


def _text(*lines: str) -> str:
    return "\n".join(lines) + "\n\n"
