"""A rig at work: its boards on one bench, brought to a known state before each test."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack, suppress
from functools import partial

from hil import events
from hil.bench.bench import Bench
from hil.bench.probe_choice import make_probe
from hil.board.board import BOOT_WITHIN_S, Board
from hil.board.console import Console
from hil.board.power_sequencer import PowerSequencer
from hil.board.power_switch import PowerSwitch
from hil.board.quarantine import Quarantine
from hil.board.recovery import RecoveryAttempt, RecoveryLadder, Task
from hil.board.recovery_rungs import RecoveryRungs
from hil.board.verified_port import VerifiedPort
from hil.bootsel.recovery import recovery_images
from hil.config.app import App
from hil.config.rig import RigConfig
from hil.config.rig_file import WifiConfig
from hil.errors import BenchError, BlockedByQuarantine, HilError, RecoveryFailed
from hil.events import Timeline
from hil.faults import BenchFault
from hil.faults.injector import FaultInjector
from hil.probes.recorded import RecordedProbe


class Rig:
    """The boards of a rig file on a bench, and everything that happens to them."""

    def __init__(self, config: RigConfig, bench: Bench) -> None:
        """Take over ``bench``; :meth:`close` gives it back."""
        self.config = config
        self.clock = bench.clock
        self.timeline = Timeline()
        self._bench = bench
        self._sequencer = PowerSequencer(self.clock, config.stagger_s)
        probe = make_probe(config, bench, self._power_port, self._sequencer)
        self.probe = RecordedProbe(probe, self.clock, self.timeline) if probe is not None else None
        self.sniffer = bench.sniffer()
        self.recoveries: list[RecoveryAttempt] = []
        """Every rung of the recovery ladder that was climbed, for any board."""
        self.quarantine = Quarantine()
        self._recovery_images = recovery_images(config)
        self._ladders: dict[str, RecoveryLadder] = {}
        self.boards = {name: self._board(name) for name in config.boards}
        self.faults = FaultInjector(config.name, self.ap, bench.faults(), self.clock, self.timeline)

    @classmethod
    def open(cls, config: RigConfig) -> "Rig":
        """The rig on the kind of bench that its file asks for, every board off."""
        rig = cls(config, open_bench(config))
        try:
            rig.silence_all()
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

    def choose_boards(self, clients: int | None) -> tuple[Board, ...]:
        """The boards that a test of ``clients`` clients gets (None: all): the AP first, none that is quarantined.

        Raises ``BlockedByQuarantine`` when that leaves too few.
        """
        names = self.quarantine.choose(self.ap.name, [board.name for board in self.clients], clients)
        return tuple(self.boards[name] for name in names)

    def prepare_boards(self, app: App | None, clients: int | None, test: str = "") -> tuple[Board, ...]:
        """As :meth:`prepare`, of the boards that ``test`` gets; a spare board takes the place of one that is dead.

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

        Each of them has ``app`` on its flash, in its role, or with None what it had before. Every board of the rig is
        off, and for long enough to be switched on without delay. Consoles are empty, and time is shown from here.
        A board that does not do as it is told is recovered, see ``docs/rig.md``; one that cannot be is quarantined.
        Raises ``RecoveryFailed``, which names the board.
        """
        self.silence_all()
        if self.probe is not None:
            self.probe.leave()
        wanted = list(boards)
        for board in wanted:
            self._require(board)
        if app is not None:
            self._deploy_all(app, wanted)
        for board in self.boards.values():
            board.power.wait_until_discharged()
            board.console.clear()
        self._bench.begin_test(test)
        self.timeline.begin(self.clock.now())

    def _deploy_all(self, app: App, boards: Sequence[Board]) -> None:
        """Deploy to ``boards`` side by side; the first of them that failed, in their order, gives the error.

        Each starts what is on its flash, is stopped as soon as it is on USB, and is off again before its test begins.
        """
        failures: dict[str, HilError] = {}

        def deploy(board: Board) -> None:
            try:
                self._do(board, partial(self._deploy, app, board))
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

    def _do(self, board: Board, task: Task) -> None:
        """Do ``task``, with recovery if need be. Raises ``RecoveryFailed``; the board is quarantined then, and off."""
        try:
            task(False)
        except BenchError as failure:
            board.distrust()
            try:
                self._ladders[board.name].recover(failure, task)
            except RecoveryFailed as given_up:
                self.quarantine.add(board.name, given_up.reason)
                self._try_to_switch_off(board)
                raise

    def boards_without_device(self) -> list[str]:
        """Boards that were switched on :data:`BOOT_WITHIN_S` ago or earlier, and whose serial device never came."""
        on_since_s: dict[str, float] = {}
        for event in self.timeline.events():
            match event.name:
                case events.POWER_ON:
                    on_since_s[event.board] = event.time_s
                # A device that a fault keeps away, or that came and went, tells nothing about the bench.
                case events.POWER_OFF | events.SERIAL_OPENED | events.FAULT_BEGIN:
                    on_since_s.pop(event.board, None)
        latest_s = self.clock.now() - BOOT_WITHIN_S
        return [board for board, since_s in on_since_s.items() if since_s <= latest_s and board in self.boards]

    def distrust_all(self) -> None:
        """Something went wrong in a test: before the next one the flash of every board is looked at again."""
        for board in self.boards.values():
            board.distrust()

    def _require(self, board: Board) -> None:
        if board.name in self.quarantine:
            raise RecoveryFailed(board.name, self.quarantine.reasons[board.name])

    def note_stand_ins(self, boards: Iterable[Board]) -> None:
        """Say on the timeline which ``boards`` a test runs on, if a client of the rig is quarantined."""
        missing = [board.name for board in self.clients if board.name in self.quarantine]
        if missing:
            used = ", ".join(board.name for board in boards)
            text = f"this test runs on {used}: {', '.join(missing)} is quarantined"
            self.timeline.add(self.clock.now(), self.config.name, "recovery", text)

    def silence_all(self) -> None:
        """Cut the power of every board. One that cannot be switched off, though it was tried again, is quarantined."""
        for board in reversed(self.boards.values()):
            if board.name in self.quarantine:
                self._try_to_switch_off(board)
            else:
                # Whoever needs the board is told when its turn comes.
                with suppress(RecoveryFailed):
                    self._do(board, partial(_switch_off, board))

    def _try_to_switch_off(self, board: Board) -> None:
        try:
            board.power.off()
        except BenchError as error:
            text = f"is quarantined, and could not be switched off: {error}"
            self.timeline.add(self.clock.now(), board.name, "recovery", text)

    def switch_all_off(self) -> None:
        """Cut the power of every board, also of those behind one that fails; then raise its ``PowerError``.

        Of a quarantined board nothing is expected any more.
        """
        with ExitStack() as stack:
            for board in reversed(self.boards.values()):
                if board.name in self.quarantine:
                    stack.callback(self._try_to_switch_off, board)
                else:
                    stack.callback(board.power.off)

    def close(self) -> None:
        """Switch everything off and give the bench back, the latter even when the former fails."""
        with ExitStack() as stack:
            stack.callback(self._bench.close)
            if self.probe is not None:
                stack.callback(self.probe.close)
            self.switch_all_off()

    def _power_port(self, name: str) -> VerifiedPort:
        address = next(str(board.power) for board in self.config.wired_boards if board.name == name)
        return VerifiedPort(name, address, self._bench.power_port(name), self.clock, self.timeline)

    def _board(self, name: str) -> Board:
        link = self._bench.link(name)
        console = Console(name, self.clock, self.timeline)
        port, off_time_s = self._power_port(name), self.config.power.off_time_s
        power = PowerSwitch(port, link, console, self.clock, self._sequencer, off_time_s)
        bootsel = self._bench.bootsel(name)
        board = Board(
            name,
            serial=self.config.boards[name].serial,
            wifi=self.config.boards[name].wifi,
            power=power,
            link=link,
            bootsel=bootsel,
            console=console,
            clock=self.clock,
            timeline=self.timeline,
        )
        image = self._recovery_images.get(self.config.boards[name].type)
        rungs = RecoveryRungs(
            name,
            power=power,
            link=link,
            bootsel=bootsel,
            clock=self.clock,
            erase_all=self.config.recovery.erase_all_files,
            use_uf2=None if image is None else lambda by: board.flash_uf2(image, within_s=by.remaining_s),
        )
        self._ladders[name] = RecoveryLadder(rungs, self.clock, self.timeline, self.recoveries.append)
        return board


def _switch_off(board: Board, _is_fresh: bool) -> None:
    board.power.off()


def bench_faults(config: RigConfig) -> frozenset[type[BenchFault]]:
    """The faults that the bench of a rig offers, without opening it. Every other fault each rig can have."""
    if not config.is_virtual:
        return frozenset()
    # As below: the kind of bench decides.
    from hil.virtual.bench.faults import OFFERED

    return OFFERED


def open_bench(config: RigConfig) -> Bench:
    """The kind of bench that a rig file asks for. Raises ``BenchError`` when it is in use."""
    # Only a virtual rig pays for the virtual bench, and only one of real boards for udev.
    if config.is_virtual:
        from hil.virtual.bench.bench import VirtualBench

        return VirtualBench(config)
    from hil.bench.physical import PhysicalBench

    return PhysicalBench(config)
