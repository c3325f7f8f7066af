"""One served board: its serial port as a device node, its BOOTSEL volume as a folder, and what USB shows of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from hil.config.rig import WiredBoard
from hil.serve.file_watch import FileWatch
from hil.serve.folder import volume_path
from hil.serve.pty_port import PtyPort
from hil.serve.volume import Volume
from hil.virtual.bench.pico import VirtualPico
from hil.virtual.realtime import RealTime
from hil.virtual.world import World

UsbMode = Literal["absent", "application", "bootsel"]
"""What the USB of a machine with this board shows: nothing, a serial port, or the boot loader's volume."""


@dataclass(frozen=True, kw_only=True)
class BoardState:
    """A board as clients of the control socket see it."""

    board: str
    hub: str
    port: int
    serial: str
    mode: UsbMode
    tty: str
    """Its serial port: a symlink that is there in mode ``application``."""
    volume: str
    """Its volume: a folder that is there in mode ``bootsel``."""


class ServedBoard:
    """Device node and volume of one board in ``folder``. ``on_change`` is called when its USB mode has changed."""

    def __init__(
        self,
        folder: Path,
        wired: WiredBoard,
        pico: VirtualPico,
        world: World,
        loop: RealTime,
        files: FileWatch,
        on_change: Callable[["ServedBoard"], None],
    ) -> None:
        self._wired = wired
        self._pico = pico
        self._on_change = on_change
        self._port = PtyPort(folder / wired.name, pico.usb, world, loop, files)
        self._volume = Volume(volume_path(folder, wired.name), pico.bootrom, files)
        # After those of port and volume, so that both are as the mode says when it is told.
        pico.usb.watch_plug(self._changed)
        pico.bootrom.watch_plug(self._changed)

    @property
    def state(self) -> BoardState:
        """What is to be known about it now."""
        mode: UsbMode = "absent"
        if self._pico.usb.is_attached:
            mode = "application"
        elif self._pico.bootrom.is_attached:
            mode = "bootsel"
        return BoardState(
            board=self._wired.name,
            hub=self._wired.power.hub,
            port=self._wired.power.port,
            serial=self._wired.serial,
            mode=mode,
            tty=str(self._port.path),
            volume=str(self._volume.path),
        )

    def close(self) -> None:
        """Take device node and volume away."""
        self._port.close()
        self._volume.close()

    def _changed(self, _attached: bool) -> None:
        self._on_change(self)
