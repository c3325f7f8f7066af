"""The serial device of a board on USB: found by the board's serial number, or by the hub port that it hangs on."""

from collections.abc import Sequence

from hil.config.board_type import BoardType
from hil.host.usb_devices import UsbDevice, UsbMonitor
from hil.links.device import DeviceAbsent, DevicePort, open_device

_FLASH = "put MicroPython on it"


def find_tty(devices: Sequence[UsbDevice], serial: str, usb_port: str | None, board_type: BoardType) -> str:
    """The serial device of the board with the USB serial number ``serial``, or, when that is empty, on ``usb_port``.

    A board that is found by its number must also hang on the port that the rig file gives it, where that is known: its
    power would be switched there. Raises ``DeviceAbsent`` that says what is there instead.
    """
    there = next((device for device in devices if device.port_path == usb_port), None)
    if not serial:
        if there is None:
            raise DeviceAbsent(f"nothing is on USB port {usb_port}; check the cable, and that the port has power")
        return _tty(there, board_type)
    found = next(
        (device for device in devices if device.serial == serial and board_type.mode_of(device) != "bootsel"), None
    )
    if found is None:
        raise DeviceAbsent(
            f"no USB device has serial number {serial}; {_instead(devices, there, usb_port, board_type)}"
        )
    if usb_port is not None and found.port_path != usb_port:
        text = f"the board with serial number {serial} is on USB port {found.port_path}, but its power on {usb_port}"
        raise DeviceAbsent(f"{text}; move its cable, or correct `power:` or `serial:` in the rig file")
    return _tty(found, board_type)


def _tty(device: UsbDevice, board_type: BoardType) -> str:
    if device.ttys:
        return device.ttys[0]
    where = f"the USB device on port {device.port_path} ({device.vendor_id:04x}:{device.product_id:04x})"
    mode = board_type.mode_of(device)
    if mode == "bootsel":
        raise DeviceAbsent(f"{where} is a board in BOOTSEL mode, without a program; {_FLASH}: `hil flash --uf2 …`")
    if mode == "application":
        text = "has no serial device; look into `dmesg`: 'Not enough bandwidth' means too many boards on one controller"
        raise DeviceAbsent(f"{where} {text}")
    text = f"has no serial device and is not {board_type.a_title} with MicroPython; check what is plugged in there"
    raise DeviceAbsent(f"{where} {text}, and `type:` in the rig file")


def _instead(devices: Sequence[UsbDevice], there: UsbDevice | None, usb_port: str | None, board_type: BoardType) -> str:
    """What can be said of a board whose serial number is not on USB."""
    if there is not None:
        if board_type.mode_of(there) == "bootsel":
            return f"a board in BOOTSEL mode is on its port {usb_port}; {_FLASH}: `hil flash --uf2 …`"
        what = f"{there.vendor_id:04x}:{there.product_id:04x}, serial number {there.serial or 'none'}"
        return f"on its USB port {usb_port} is another device ({what}); correct `serial:`, or plug in the right board"
    vendor = board_type.application_usb.vendor
    boards = [f"{device.serial} on {device.port_path}" for device in devices if device.vendor_id == vendor]
    place = f"nothing is on its USB port {usb_port}" if usb_port is not None else "check its cable"
    return f"{place}; boards that are there: {', '.join(boards) or 'none'}"


class UsbAddress:
    """Where a board's serial device is, looked up at each opening: ttyACM0 may be ttyACM3 after a power cycle."""

    absent_retry_s = 60.0

    def __init__(self, serial: str, usb_port: str | None, monitor: UsbMonitor, board_type: BoardType) -> None:
        self._serial = serial
        self._usb_port = usb_port
        self._monitor = monitor
        self._board_type = board_type

    def news(self) -> object:
        """Something else whenever a USB device came, went or changed."""
        return self._monitor.devices

    def find(self) -> str:
        """As :func:`find_tty`."""
        return find_tty(self._monitor.devices, self._serial, self._usb_port, self._board_type)

    def open(self, found: str) -> DevicePort:
        """As :func:`open_device`."""
        return open_device(found)
