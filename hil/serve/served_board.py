"""One served board: its serial device as a pty, its BOOTSEL volume as a folder, and its state on USB."""

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
"""How the board is enumerated on USB: not at all, as a serial device, or as the boot ROM's volume."""


@dataclass(frozen=True, kw_only=True)
class ServedBoardState:
    """A board as the control socket reports it."""

    board: str
    type: str
    """The name of its type."""
    hub: str
    port: int
    serial: str
    mode: UsbMode
    tty: str
    """Its serial device: a symlink that exists in mode ``application``."""
    volume: str
    """Its volume: a folder that exists in mode ``bootsel``."""


class ServedBoard:
    """Serial device and volume of one board in ``folder``. ``on_change`` is called after its USB mode has changed."""

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
        self._volume = Volume(volume_path(folder, wired.name, wired.type), pico.bootrom, files)
        # After those of port and volume, so that both match the mode when ``on_change`` is called.
        pico.usb.watch_plug(self._on_plug_change)
        pico.bootrom.watch_plug(self._on_plug_change)

    @property
    def state(self) -> ServedBoardState:
        """The board as it is now."""
        mode: UsbMode = "absent"
        if self._pico.usb.is_attached:
            mode = "application"
        elif self._pico.bootrom.is_attached:
            mode = "bootsel"
        return ServedBoardState(
            board=self._wired.name,
            type=self._wired.type.name,
            hub=self._wired.power.hub,
            port=self._wired.power.port,
            serial=self._wired.serial,
            mode=mode,
            tty=str(self._port.path),
            volume=str(self._volume.path),
        )

    def close(self) -> None:
        """Remove serial device and volume."""
        self._port.close()
        self._volume.close()

    def _on_plug_change(self, _attached: bool) -> None:
        self._on_change(self)
