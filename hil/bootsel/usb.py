"""BOOTSEL mode of a board on the USB of this machine, followed by its hub port."""

import shutil
from collections.abc import Callable, Sequence

from hil.bootsel import Progress, picotool
from hil.bootsel.mounts import Mounter, volume_of
from hil.bootsel.uf2 import Uf2Image
from hil.bootsel.volume import check_volume, copy
from hil.clock import Clock
from hil.errors import BootselError
from hil.host.usb_devices import UsbDevice

VOLUME_WITHIN_S = 15.0
"""Seconds from the USB device to its disk; the kernel takes up to some 5."""


def port_of(devices: Sequence[UsbDevice], serial: str) -> str | None:
    """The port on which the board with this serial number hangs. Only a board in application mode says its own."""
    return next(
        (device.port_path for device in devices if device.mode == "application" and device.serial == serial), None
    )


def bootsel_on(devices: Sequence[UsbDevice], port_path: str) -> UsbDevice | None:
    """The board in BOOTSEL mode on that very port, whatever else is in that mode elsewhere."""
    return next((device for device in devices if device.mode == "bootsel" and device.port_path == port_path), None)


class UsbBootsel:
    """One board on USB. Implements ``BootselDevice``.

    Which port is its own the rig file says (the hub's place and the port number), or else the board itself, by its
    serial number in application mode, as long as it can.
    """

    def __init__(
        self,
        board: str,
        port_path: str | None,
        serial: str,
        devices: Callable[[], Sequence[UsbDevice]],
        clock: Clock,
        mounter: Mounter,
        programs: Callable[[str], str | None] = shutil.which,
    ) -> None:
        """``port_path``: of the rig file, if it says one. ``serial``: empty when nobody knows it. ``devices``: what is
        on USB now; ``programs``: finds a program by its name.
        """
        self._board = board
        self._said_port = port_path
        self._port = port_path
        self._serial = serial
        self._devices = devices
        self._clock = clock
        self._mounter = mounter
        self._programs = programs

    def locate(self) -> None:
        """See the port of the board by its serial number, and hold it against the rig file."""
        found = port_of(self._devices(), self._serial) if self._serial else None
        if found is not None:
            if self._said_port not in (None, found):
                text = f"{self._board}: the board with serial number {self._serial} hangs on USB port {found}"
                fix = "plug it there, or correct `power:`"
                raise BootselError(f"{text}, but the rig file puts it on {self._said_port}; {fix}")
            self._port = found
        if self._port is None:
            text = f"{self._board}: its USB port on this machine is not known, and BOOTSEL mode hides whose it is"
            fix = "give its hub a `location:` in the rig file, or let it run MicroPython first"
            raise BootselError(f"{text}; {fix}. A board on another machine must be flashed there")

    @property
    def is_present(self) -> bool:
        """Whether a board in BOOTSEL mode is on the port."""
        return self._device() is not None

    def write(self, image: Uf2Image, progress: Progress) -> None:
        """By picotool where that is installed, else by copying to the volume on that port."""
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

    def _copy(self, image: Uf2Image, device: UsbDevice, progress: Progress) -> None:
        self._clock.wait(lambda: self._volume() is not None or self._gone(device), VOLUME_WITHIN_S)
        node = self._volume()
        if node is None:
            text = f"its disk did not appear within {VOLUME_WITHIN_S:g} s"
            raise BootselError(f"{text}; see `dmesg`, and whether the kernel has usb-storage")
        folder = self._mounter.mount(node)
        check_volume(folder)
        if self._gone(device):
            # Its node may be another board's by now.
            raise BootselError("it left BOOTSEL mode before it was written to; flash it again")
        copy(image, folder, self._clock, progress)

    def _volume(self) -> str | None:
        device = self._device()
        return volume_of(device.block_devices) if device is not None else None

    def _gone(self, device: UsbDevice) -> bool:
        """Whether ``device`` is there no more, as it was: a new address is a new enumeration."""
        now = self._device()
        return now is None or (now.bus, now.address) != (device.bus, device.address)

    def _device(self) -> UsbDevice | None:
        return bootsel_on(self._devices(), self._port) if self._port is not None else None
