"""BOOTSEL mode of a board on the USB of this machine, followed by its hub port."""

import shutil
from collections.abc import Callable, Sequence

from hil.bootsel import Progress, picotool
from hil.bootsel.mounts import Mounter, volume_of
from hil.bootsel.uf2 import Uf2Image
from hil.bootsel.volume import check_volume, copy
from hil.clock import Clock
from hil.config.board_type import BoardType, known_board_types
from hil.errors import BootselError
from hil.host.usb_devices import UsbDevice

VOLUME_WITHIN_S = 15.0
"""Seconds from the USB device to its disk; the kernel takes up to about 5."""


def port_of(devices: Sequence[UsbDevice], serial: str, board_type: BoardType) -> str | None:
    """The port of the board with this serial number, which only a board in application mode shows."""
    return next(
        (
            device.port_path
            for device in devices
            if device.serial == serial and board_type.mode_of(device) == "application"
        ),
        None,
    )


def bootsel_on(devices: Sequence[UsbDevice], port_path: str, board_type: BoardType) -> UsbDevice | None:
    """The board of this type in BOOTSEL mode on exactly that port."""
    return next(
        (device for device in devices if device.port_path == port_path and board_type.mode_of(device) == "bootsel"),
        None,
    )


class UsbBootsel:
    """One board on USB. Implements ``BootselDevice``.

    Its port comes from the rig file (the hub's location and the port number), or else from the board's serial number
    while it is in application mode.
    """

    def __init__(
        self,
        board: str,
        board_type: BoardType,
        port_path: str | None,
        serial: str,
        devices: Callable[[], Sequence[UsbDevice]],
        clock: Clock,
        mounter: Mounter,
        programs: Callable[[str], str | None] = shutil.which,
    ) -> None:
        """``port_path``: the rig file's, if it gives one. ``serial``: empty if not known. ``devices``: what is on USB
        now. ``programs``: finds a program by its name.
        """
        self._board = board
        self._board_type = board_type
        self._rig_file_port = port_path
        self._port = port_path
        self._serial = serial
        self._devices = devices
        self._clock = clock
        self._mounter = mounter
        self._programs = programs

    @property
    def board_type(self) -> BoardType:
        """The type that the rig file gives the board."""
        return self._board_type

    def locate(self) -> None:
        """Find the board's port by its serial number, and compare it with the rig file's.

        A board of another type in BOOTSEL mode on the port is a ``BootselError`` too.
        """
        found = port_of(self._devices(), self._serial, self._board_type) if self._serial else None
        if found is not None:
            if self._rig_file_port not in (None, found):
                text = f"{self._board}: the board with serial number {self._serial} is on USB port {found}"
                fix = "move its cable, or correct `power:`"
                raise BootselError(f"{text}, but the rig file puts it on {self._rig_file_port}; {fix}")
            self._port = found
        if self._port is None:
            text = (
                f"{self._board}: its USB port on this machine is not known, and in BOOTSEL mode it has no serial number"
            )
            fix = "give its hub a `location:` in the rig file, or let it run MicroPython first"
            raise BootselError(f"{text}; {fix}. A board on another machine must be flashed there")
        self._refuse_other_types(self._port)

    @property
    def is_present(self) -> bool:
        """Whether a board in BOOTSEL mode is on the port."""
        return self._device() is not None

    def write(self, image: Uf2Image, progress: Progress) -> None:
        """Use picotool where it is installed; else copy to the volume on that port."""
        device = self._device()
        if device is None:
            raise BootselError(f"{self._board}: no board in BOOTSEL mode is on USB port {self._port}")
        try:
            program = self._programs(picotool.PROGRAM)
            if program is not None:
                picotool.load(image, device.bus, device.address, program)
                progress(image.size, image.size)
            else:
                self._copy(image, device, progress)
        except BootselError as error:
            raise BootselError(f"{self._board} (USB port {self._port}): {error}") from error

    def _refuse_other_types(self, port: str) -> None:
        for board_type in known_board_types():
            if board_type.bootsel_usb != self._board_type.bootsel_usb and bootsel_on(self._devices(), port, board_type):
                text = f"{self._board}: {board_type.a_title} in BOOTSEL mode is on its USB port {port}, but its type is"
                fix = f"write `type: {board_type.name}` in the rig file, or plug in the right board"
                raise BootselError(f"{text} {self._board_type.name}; {fix}")

    def _copy(self, image: Uf2Image, device: UsbDevice, progress: Progress) -> None:
        self._clock.wait(lambda: self._volume() is not None or self._gone(device), VOLUME_WITHIN_S)
        node = self._volume()
        if node is None:
            text = f"its disk did not appear within {VOLUME_WITHIN_S:g} s"
            raise BootselError(f"{text}; see `dmesg`, and whether the kernel has usb-storage")
        folder = self._mounter.mount(node)
        check_volume(folder, self._board_type)
        if self._gone(device):
            # The device node may belong to another board by now.
            raise BootselError("it left BOOTSEL mode before it was written to; flash it again")
        copy(image, folder, self._clock, progress)

    def _volume(self) -> str | None:
        device = self._device()
        return volume_of(device.block_devices) if device is not None else None

    def _gone(self, device: UsbDevice) -> bool:
        """Whether ``device`` is gone. The same port with a new address is a new enumeration."""
        now = self._device()
        return now is None or (now.bus, now.address) != (device.bus, device.address)

    def _device(self) -> UsbDevice | None:
        return bootsel_on(self._devices(), self._port, self._board_type) if self._port is not None else None
