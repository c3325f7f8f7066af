"""The serial device of a board on the USB of this machine, found by USB serial number or by hub port."""

from collections.abc import Sequence

from hil.config.board_type import BoardType
from hil.host.usb_devices import UsbDevice
from hil.links import Address, DeviceAbsent, LinkSite
from hil.links.device import DevicePort, open_device

_FLASH = "flash MicroPython"


def find_tty(devices: Sequence[UsbDevice], serial: str, usb_port: str | None, board_type: BoardType) -> str:
    """The serial device of the board with the USB serial number ``serial`` or, if that is empty, on ``usb_port``.

    A board found by its serial number must also be on ``usb_port`` if that is known, because its power is switched
    there. Raises ``DeviceAbsent``, which lists what was found instead.
    """
    on_port = next((device for device in devices if device.port_path == usb_port), None)
    if not serial:
        if on_port is None:
            raise DeviceAbsent(f"nothing is on USB port {usb_port}; check the cable, and that the port has power")
        return _tty(on_port, board_type)
    found = next(
        (device for device in devices if device.serial == serial and board_type.mode_of(device) != "bootsel"), None
    )
    if found is None:
        instead = _found_instead(devices, on_port, usb_port, board_type)
        raise DeviceAbsent(f"no USB device has serial number {serial}; {instead}")
    if usb_port is not None and found.port_path != usb_port:
        text = f"the board with serial number {serial} is on USB port {found.port_path}, but its power is on {usb_port}"
        raise DeviceAbsent(f"{text}; move its cable, or correct `power:` or `serial:` in the rig file")
    return _tty(found, board_type)


def _tty(device: UsbDevice, board_type: BoardType) -> str:
    if device.ttys:
        return device.ttys[0]
    where = f"the USB device on port {device.port_path} ({device.vendor_id:04x}:{device.product_id:04x})"
    mode = board_type.mode_of(device)
    if mode == "bootsel":
        raise DeviceAbsent(f"{where} is a board in BOOTSEL mode; {_FLASH}: `hil flash --uf2 …`")
    if mode == "application":
        text = "has no serial device; look at `dmesg`: 'Not enough bandwidth' means too many boards on one controller"
        raise DeviceAbsent(f"{where} {text}")
    text = f"has no serial device and is not {board_type.a_title} with MicroPython; check what is plugged in there"
    raise DeviceAbsent(f"{where} {text}, and `type:` in the rig file")


def _found_instead(
    devices: Sequence[UsbDevice], on_port: UsbDevice | None, usb_port: str | None, board_type: BoardType
) -> str:
    """What was found, for a board whose serial number was not."""
    if on_port is not None:
        if board_type.mode_of(on_port) == "bootsel":
            return f"a board in BOOTSEL mode is on its port {usb_port}; {_FLASH}: `hil flash --uf2 …`"
        what = f"{on_port.vendor_id:04x}:{on_port.product_id:04x}, serial number {on_port.serial or 'none'}"
        return f"on its USB port {usb_port} is another device ({what}); correct `serial:`, or plug in the right board"
    vendor = board_type.application_usb.vendor
    boards = [f"{device.serial} on {device.port_path}" for device in devices if device.vendor_id == vendor]
    place = f"nothing is on its USB port {usb_port}" if usb_port is not None else "check its cable"
    return f"{place}; boards found: {', '.join(boards) or 'none'}"


class UsbAddress(Address):
    """A board on USB. Its serial device is looked up at each opening: ttyACM0 may be ttyACM3 after a power cycle."""

    poll_interval_s = 60.0

    def __init__(self, site: LinkSite) -> None:
        self._serial = site.serial
        self._usb_port = site.usb_port
        self._board_type = site.board_type
        self._monitor = site.usb()

    @classmethod
    def check(cls, link: str) -> None:  # noqa: ARG003
        """Always raises ``ValueError``: this is the default for boards without ``link:``."""
        raise ValueError("is not needed for a board on the USB of this machine; remove `link:`")

    def revision(self) -> object:
        """Changes whenever a USB device appears, disappears or changes."""
        return self._monitor.devices

    def find(self) -> str:
        """Same as :func:`find_tty`."""
        return find_tty(self._monitor.devices, self._serial, self._usb_port, self._board_type)

    def open(self, found: str) -> DevicePort:
        """Same as :func:`open_device`."""
        return open_device(found)
