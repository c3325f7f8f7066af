"""The board factory: the only place that assembles a board from the parts of a bench."""

from collections.abc import Mapping
from functools import cached_property
from typing import Protocol

from hil.board.board import Board
from hil.board.console import Console
from hil.board.power_sequencer import PowerSequencer
from hil.board.power_switch import PowerSwitch
from hil.board.recovery import RecoveryLadder
from hil.board.recovery_rungs import RecoveryRungs
from hil.board.verified_port import VerifiedPort
from hil.bootsel import BootselDevice
from hil.bootsel.recovery import recovery_images
from hil.bootsel.uf2 import Uf2Image
from hil.clock import Clock
from hil.config.board_type import BoardType
from hil.config.rig import RigConfig
from hil.events import Timeline
from hil.links import SerialLink
from hil.power import PowerPort


class BoardConnections(Protocol):
    """What a bench connects to each board of its rig file. Boards are given by name."""

    @property
    def clock(self) -> Clock:
        """Rig time of this bench."""

    def link(self, board: str) -> SerialLink:
        """The serial line to ``board``, not yet started. The same object every time."""

    def bootsel(self, board: str) -> BootselDevice:
        """``board`` as it appears in BOOTSEL mode. The same object every time."""

    def power_port(self, board: str) -> PowerPort:
        """The supply of ``board``. The same object every time."""


class BoardFactory:
    """Makes the boards of one rig: those under test, the one that is the probe, and those of a command."""

    def __init__(self, config: RigConfig, bench: BoardConnections, timeline: Timeline) -> None:
        """Boards record what happens to them on ``timeline``, and take turns to be switched on."""
        self._config = config
        self._bench = bench
        self._timeline = timeline
        self._wired = {board.name: board for board in config.wired_boards}
        self._sequencer = PowerSequencer(bench.clock, config.stagger_s)

    def board(self, name: str) -> Board:
        """Board ``name``; touches nothing on the bench. Call it once per board."""
        wired, clock, link = self._wired[name], self._bench.clock, self._bench.link(name)
        console = Console(name, clock, self._timeline)
        port = VerifiedPort(name, str(wired.power), self._bench.power_port(name), clock, self._timeline)
        return Board(
            name,
            serial=wired.serial,
            wifi=wired.wifi,
            power=PowerSwitch(port, link, console, clock, self._sequencer, self._config.power.off_time_s),
            link=link,
            bootsel=self._bench.bootsel(name),
            console=console,
            clock=clock,
            timeline=self._timeline,
        )

    def ladder(self, board: Board) -> RecoveryLadder:
        """The recovery ladder of ``board``. Raises ``ConfigError`` when the rig file's UF2 image cannot be used."""
        image, clock = self._recovery_images.get(self._wired[board.name].type), self._bench.clock
        rungs = RecoveryRungs(
            board.name,
            power=board.power,
            link=self._bench.link(board.name),
            bootsel=self._bench.bootsel(board.name),
            clock=clock,
            note_restart=lambda text: board.note_stop("reset", text),
            erase_all=self._config.recovery.erase_all_files,
            use_uf2=None if image is None else lambda by: board.flash_uf2(image, within_s=by.remaining_s),
        )
        return RecoveryLadder(rungs, clock, self._timeline)

    @cached_property
    def _recovery_images(self) -> Mapping[BoardType, Uf2Image]:
        # Only for a ladder: `hil power` must work whatever the images are.
        return recovery_images(self._config)
