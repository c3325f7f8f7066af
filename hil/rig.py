"""A rig at work: its boards on one bench, brought to a known state before each test."""

from collections.abc import Iterable
from contextlib import ExitStack

from hil.bench import Bench
from hil.board import Board
from hil.config import RigConfig
from hil.console import Console
from hil.events import Timeline
from hil.faults import ON_EVERY_RIG, FaultName
from hil.faults.injector import FaultInjector
from hil.firmware import App
from hil.power.switch import PowerSwitch
from hil.probes.choice import make_probe
from hil.probes.recorded import RecordedProbe
from hil.rig_file import WifiConfig


class Rig:
    """The boards of a rig file on a bench, and everything that happens to them."""

    def __init__(self, config: RigConfig, bench: Bench) -> None:
        """Take over ``bench``; :meth:`close` gives it back."""
        self.config = config
        self.clock = bench.clock
        self.timeline = Timeline()
        probe = make_probe(config, bench)
        self.probe = RecordedProbe(probe, self.clock, self.timeline) if probe is not None else None
        self._bench = bench
        self.boards = {name: self._board(name) for name in config.boards}
        self.faults = FaultInjector(config.name, self.ap, bench.faults(), self.clock, self.timeline)

    @classmethod
    def open(cls, config: RigConfig) -> "Rig":
        """The rig on the kind of bench that its file asks for, every board off."""
        # Only a virtual rig pays for the virtual bench.
        from hil.virtual.bench import VirtualBench

        rig = cls(config, VirtualBench(config))
        try:
            rig.switch_all_off()
            if rig.probe is not None:
                rig.probe.close()
        except BaseException:
            rig.close()
            raise
        return rig

    @property
    def wifi(self) -> WifiConfig:
        """The Wi-Fi under test."""
        return self.config.wifi

    @property
    def ap(self) -> Board:
        """The board that gets the AP firmware."""
        return self.boards[self.config.ap_board.name]

    @property
    def clients(self) -> tuple[Board, ...]:
        """The boards that get client firmware, in the order of the rig file."""
        return tuple(self.boards[board.name] for board in self.config.client_boards)

    def prepare(self, app: App | None, boards: Iterable[Board]) -> None:
        """Bring the rig to the state in which a test of ``boards`` begins.

        Each of them has ``app`` on its flash, in its role, or with None what it had before. Every board of the rig is
        off, and for long enough to be switched on without delay. Consoles are empty, and time is shown from here.
        Raises a ``BenchError`` that names the board.
        """
        self.switch_all_off()
        if self.probe is not None:
            self.probe.leave()
        if app is not None:
            self._deploy(app, boards)
        for board in self.boards.values():
            board.power.wait_until_discharged()
            board.console.clear()
        self.timeline.begin(self.clock.now())

    def _deploy(self, app: App, boards: Iterable[Board]) -> None:
        for board in boards:
            # One at a time, the others off: nothing but this board talks, on its console or in the air.
            board.deploy(app, self.config.boards[board.name].role)
            board.power.off()

    def switch_all_off(self) -> None:
        """Cut the power of every board, also of those behind one that fails; then raise its ``PowerError``."""
        with ExitStack() as stack:
            for board in reversed(self.boards.values()):
                stack.callback(board.power.off)

    def close(self) -> None:
        """Switch everything off and give the bench back, the latter even when the former fails."""
        with ExitStack() as stack:
            stack.callback(self._bench.close)
            if self.probe is not None:
                stack.callback(self.probe.close)
            self.switch_all_off()

    def _board(self, name: str) -> Board:
        link = self._bench.link(name)
        console = Console(name, self.clock, self.timeline)
        power = PowerSwitch(self._bench.power_port(name), link, console, self.clock, self.config.power.off_time_s)
        return Board(
            name,
            serial=self.config.boards[name].serial,
            wifi=self.wifi,
            power=power,
            link=link,
            console=console,
            clock=self.clock,
            timeline=self.timeline,
        )


def offered_faults(_config: RigConfig) -> frozenset[FaultName]:
    """What can be made to go wrong on a rig: known without opening it."""
    # As in `Rig.open`: the kind of bench decides.
    from hil.virtual.faults import OFFERED

    return ON_EVERY_RIG | OFFERED
