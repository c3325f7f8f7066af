"""A rig at work: its boards on one bench, brought to a known state before each test."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing
from functools import partial

from hil import events
from hil.bench.bench import Bench
from hil.bench.probe_choice import make_probe
from hil.board.board import Board
from hil.board.factory import BoardFactory
from hil.board.flashing import BOOT_WITHIN_S
from hil.board.supervisor import BoardSupervisor
from hil.config.app import App
from hil.config.rig import RigConfig
from hil.config.rig_file import WifiConfig
from hil.errors import BenchError, BlockedByQuarantine, HilError, RecoveryFailed
from hil.events import Timeline
from hil.faults import BenchFault
from hil.faults.injector import Faults
from hil.probes.recorded import RecordedProbe


class Rig:
    """The boards of a rig file on a bench, its probe, and the timeline of everything that happens to them."""

    def __init__(self, config: RigConfig, bench: Bench) -> None:
        """Take over ``bench``; :meth:`close` gives it back."""
        self.config = config
        self.clock = bench.clock
        self.timeline = Timeline()
        self._bench = bench
        factory = BoardFactory(config, bench, self.timeline)
        self.boards = {name: factory.board(name) for name in config.boards}
        """The boards under test, by name."""
        is_board = config.probe is not None and config.probe.board_name is not None
        self.probe_board = factory.board(config.probe_boards[0].name) if is_board else None
        """The board that is the probe, if one is."""
        ladders = {board.name: factory.ladder(board) for board in self.all_boards}
        self._supervisor = BoardSupervisor(ladders, self.clock, self.timeline)
        self.recoveries = self._supervisor.recoveries
        """Every rung of the recovery ladder that was climbed, for any board."""
        self.quarantine = self._supervisor.quarantine
        probe = make_probe(config, bench, self.probe_board, self._supervisor)
        self.probe = RecordedProbe(probe, self.clock, self.timeline) if probe is not None else None
        self.sniffer = bench.sniffer()
        self.faults = Faults(config.name, self.ap, bench.faults(), self.clock, self.timeline)

    @classmethod
    def open(cls, config: RigConfig) -> "Rig":
        """The rig on the kind of bench that its file asks for, every board off."""
        with ExitStack() as on_error:
            rig = cls(config, on_error.enter_context(closing(open_bench(config))))
            on_error.pop_all()  # from here on the rig closes its bench
            on_error.callback(rig.close)
            rig.silence_all()
            rig._silence_probe()
            on_error.pop_all()
        return rig

    @property
    def wifi(self) -> WifiConfig:
        """The Wi-Fi under test."""
        return self.config.wifi

    @property
    def all_boards(self) -> tuple[Board, ...]:
        """The boards under test, then the board that is the probe, if one is."""
        return (*self.boards.values(), *([self.probe_board] if self.probe_board is not None else []))

    @property
    def ap(self) -> Board:
        """The board that gets the AP firmware."""
        return self.boards[self.config.ap_board.name]

    @property
    def clients(self) -> tuple[Board, ...]:
        """The boards that get client firmware, in the order of the rig file."""
        return tuple(self.boards[board.name] for board in self.config.client_boards)

    def choose_boards(self, clients: int | None) -> tuple[Board, ...]:
        """The boards that a test of ``clients`` clients gets (None: all): the AP first, none that is quarantined.

        Raises ``BlockedByQuarantine`` when too few are left.
        """
        names = self.quarantine.choose(self.ap.name, [board.name for board in self.clients], clients)
        return tuple(self.boards[name] for name in names)

    def require_probe(self) -> None:
        """Check that the probe can be used. Raises ``BlockedByQuarantine`` when its board is quarantined."""
        board = self.probe_board
        if board is not None and board.name in self.quarantine:
            reason = self.quarantine.reasons[board.name]
            raise BlockedByQuarantine(f"board {board.name}, the probe, is quarantined: {reason}")

    def prepare_boards(self, app: App | None, clients: int | None, test: str = "") -> tuple[Board, ...]:
        """As :meth:`prepare`, for the boards that ``test`` gets; a spare board takes the place of a dead one.

        Raises ``BlockedByQuarantine`` when boards were missing before, ``RecoveryFailed`` when one was lost just now.
        """
        boards = self.choose_boards(clients)
        while True:
            try:
                self.prepare(app, boards, test)
            except RecoveryFailed as lost:
                try:
                    boards = self.choose_boards(clients)
                except BlockedByQuarantine:
                    raise lost from lost.__cause__
            else:
                return boards

    def prepare(self, app: App | None, boards: Iterable[Board], test: str = "") -> None:
        """Bring the rig to the state in which ``test``, a test of ``boards``, begins.

        Each of them has ``app`` on its flash, in its role, or with None what it had before. Every board under test is
        off, and has been for long enough to be switched on without delay. Consoles are empty, and times in reports
        count from here. The probe has left the Wi-Fi.
        A board that fails is recovered, see ``docs/rig.md``; one that cannot be recovered is quarantined.
        Raises ``RecoveryFailed``, which names the board.
        """
        self.silence_all()
        self._let_probe_leave()
        wanted = list(boards)
        for board in wanted:
            self._supervisor.require(board)
        if app is not None:
            self._deploy_all(app, wanted)
        for board in self.boards.values():
            board.power.wait_until_discharged()
        for board in self.all_boards:
            board.console.clear()
        self._bench.begin_test(test)
        self.timeline.begin(self.clock.now())

    def _deploy_all(self, app: App, boards: Sequence[Board]) -> None:
        """Deploy to ``boards`` side by side. Raises the error of the first that failed, in the order of ``boards``.

        Each board boots what is on its flash, is stopped once it has enumerated, and is off again afterwards.
        """
        failures: dict[str, HilError] = {}

        def deploy(board: Board) -> None:
            try:
                self._supervisor.run(board, partial(self._deploy, app, board))
            except HilError as failure:
                failures[board.name] = failure

        try:
            self.clock.run_concurrently([partial(deploy, board) for board in boards])
        except ExceptionGroup as defects:
            raise defects.exceptions[0] from defects
        if failures:
            first, *others = [failures[board.name] for board in boards if board.name in failures]
            for other in others:
                first.add_note(f"and {other}")
            raise first

    def _deploy(self, app: App, board: Board, is_fresh: bool) -> None:
        board.deploy(app, self.config.boards[board.name].role, soft_reset=not is_fresh)
        board.power.off()

    def boards_without_device(self) -> list[str]:
        """Boards that were switched on :data:`BOOT_WITHIN_S` ago or earlier, and have had no serial device since."""
        on_since_s: dict[str, float] = {}
        for event in self.timeline.events():
            match event.name:
                case events.POWER_ON:
                    on_since_s[event.board] = event.time_s
                # The bench is not to blame for a device that a fault keeps away, or that came and went.
                case events.POWER_OFF | events.SERIAL_OPENED | events.FAULT_BEGIN:
                    on_since_s.pop(event.board, None)
        latest_s = self.clock.now() - BOOT_WITHIN_S
        names = [board.name for board in self.all_boards]
        return [board for board, since_s in on_since_s.items() if since_s <= latest_s and board in names]

    def distrust_all(self) -> None:
        """Something went wrong in a test: before the next one the files of every board are compared again."""
        for board in self.all_boards:
            board.distrust()

    def note_stand_ins(self, boards: Iterable[Board]) -> None:
        """Record on the timeline which ``boards`` a test runs on, if a client of the rig is quarantined."""
        missing = [board.name for board in self.clients if board.name in self.quarantine]
        if missing:
            used = ", ".join(board.name for board in boards)
            text = f"this test runs on {used}: {', '.join(missing)} is quarantined"
            self.timeline.add(self.clock.now(), self.config.name, "recovery", text)

    def silence_all(self) -> None:
        """Cut the power of every board under test, with recovery; one that cannot be switched off is quarantined."""
        for board in reversed(self.boards.values()):
            self._supervisor.silence(board)

    def _let_probe_leave(self) -> None:
        """Let the probe leave the Wi-Fi. A probe that cannot is switched off, which ends its connection too."""
        if self.probe is None:
            return
        try:
            self.probe.leave()
        except BenchError as error:
            self.timeline.add(self.clock.now(), "probe", "recovery", f"did not leave the Wi-Fi: {error}")
            self._silence_probe()

    def _silence_probe(self) -> None:
        """Make the probe release what it holds. A board that cannot be switched off is quarantined."""
        if self.probe is not None and self.probe_board is not None:
            self._supervisor.silence(self.probe_board, self.probe.close)
        elif self.probe is not None:
            self.probe.close()

    def switch_all_off(self) -> None:
        """Cut the power of every board under test, also after one has failed; then raise its ``PowerError``.

        A quarantined board may fail without an error.
        """
        with ExitStack() as stack:
            for board in reversed(self.boards.values()):
                stack.callback(self._supervisor.switch_off, board)

    def close(self) -> None:
        """Switch everything off and give the bench back, even when a board cannot be switched off."""
        with ExitStack() as stack:
            stack.callback(self._bench.close)
            if self.probe is not None:
                stack.callback(self.probe.close)
            self.switch_all_off()


def bench_faults(config: RigConfig) -> frozenset[type[BenchFault]]:
    """The faults that the bench of a rig offers, without opening it. Every other fault each rig can have."""
    if not config.is_virtual:
        return frozenset()
    # Imported only here, as in open_bench.
    from hil.virtual.bench.faults import OFFERED

    return OFFERED


def open_bench(config: RigConfig) -> Bench:
    """Open the kind of bench that a rig file asks for. Raises ``BenchError`` when one of its boards is in use."""
    # Imported only where needed: a real bench must not load the virtual one, nor the virtual one udev.
    if config.is_virtual:
        from hil.virtual.bench.bench import VirtualBench

        return VirtualBench(config)
    from hil.bench.physical import PhysicalBench

    return PhysicalBench(config)
