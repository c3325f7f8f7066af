"""Plays one schedule in a separate world, and collects what went wrong."""

import heapq
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from hil.board.board import Board
from hil.config.app import App
from hil.config.rig import RigConfig, load_rig
from hil.errors import HilError
from hil.events import FAULT_BEGIN, FAULT_END, EventPatterns
from hil.faults.fault import Fault
from hil.invariants.invariant import Violation
from hil.invariants.order import SETTLED_S
from hil.invariants.registry import all_invariants
from hil.invariants.watch import find_violations
from hil.rig import Rig
from hil.virtual.bench.bench import VirtualBench
from tests.exploration.apps import AppUnderFaults
from tests.exploration.schedule import AP, MASTER, Action, Schedule, Start, Step

ROOT = Path(__file__).parents[2]
FIRMWARE = ROOT / "firmware"
RIG_FILE = ROOT / "rigs" / "virtual.yaml"
HOLD_S = SETTLED_S + 1
"""A complete cluster must stay so for this long, so that the invariants check it as well."""


@dataclass(frozen=True)
class Problem:
    """A violation of an invariant, a failed recovery, or an error."""

    kind: str
    """The name of an invariant, or why the recovery failed."""
    text: str


@dataclass(frozen=True)
class Outcome:
    """The result of a schedule."""

    problems: tuple[Problem, ...]
    recovery_s: float | None
    """From the end of the last fault until the cluster was complete; None if it never was."""
    rig_s: float
    timeline: str
    """The complete timeline, as text."""


def rig_config() -> RigConfig:
    """The rig for all schedules."""
    return load_rig(RIG_FILE, {})


def play(kind: type[AppUnderFaults], firmware: App, config: RigConfig, schedule: Schedule) -> Outcome:
    """Play ``schedule`` with ``firmware`` on a fresh virtual bench; the same arguments give the same outcome."""
    with _rig(firmware, config.with_seed(schedule.seed)) as rig:
        player = _Player(kind(rig), firmware.timing, schedule)
        return player.play()


@contextmanager
def _rig(firmware: App, config: RigConfig) -> Iterator[Rig]:
    """A rig of boards that hold their firmware already: deploying it over the REPL takes longer than a schedule."""
    bench = VirtualBench(config)
    for name, pico in bench.boards.items():
        if name in config.boards:
            pico.flash.install(firmware.image(config.boards[name].role, config.wifi))
    rig = Rig(config, bench)
    try:
        rig.prepare(None, rig.boards.values())
        for board in rig.boards.values():
            board.console.use(EventPatterns(firmware.events))
        yield rig
    finally:
        rig.close()


class _Player:
    """Runs the steps of one schedule, and ends each fault in time."""

    def __init__(self, app: AppUnderFaults, timing: Mapping[str, float], schedule: Schedule) -> None:
        self._app = app
        self._timing = timing
        self._rig = app.rig
        self._clock = app.rig.clock
        self._schedule = schedule
        self._mark = app.rig.timeline.mark()
        self._ends: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._busy: set[str] = set()
        """Boards that have a fault already: a second one would only undo the first."""
        self._problems: list[Problem] = []

    def play(self) -> Outcome:
        recovery_s = None
        try:
            self._start()
            begin_s = self._clock.now()
            for step in self._schedule.steps:
                begin_s += step.gap_s
                self._pass_time_to(begin_s)
                self._begin(step)
            self._pass_time_to(max([end_s for end_s, _, _ in self._ends], default=0.0))
            for board in self._app.boards:
                board.power.on()
            recovery_s = self._recover()
        except HilError as error:
            self._problems.append(Problem("bench", f"{type(error).__name__}: {error}"))
        except Exception:  # noqa: BLE001  # a bug of the bench is worth its shortest schedule too
            self._problems.append(Problem("exception", traceback.format_exc()))
        end_s = self._clock.now()
        timeline = self._rig.timeline
        for violation in self._violations(end_s):
            proof = timeline.text(violation.proof).rstrip("\n")
            text = f"at {timeline.time_text(violation.time_s)} s: {violation.text}\n{proof}"
            self._problems.append(Problem(violation.invariant, text))
        text = timeline.text(timeline.entries(self._mark))
        return Outcome(tuple(self._problems), recovery_s, float(timeline.time_text(end_s)), text)

    def _start(self) -> None:
        if self._schedule.start is Start.TOGETHER:
            for board in self._app.boards:
                board.power.on()
        elif self._schedule.start is Start.SETTLED:
            self._app.boot_in_order()
            if not self._clock.wait(self._app.is_complete, self._app.complete_within_s):
                self._problems.append(
                    Problem("never-complete", f"not even before the first fault: {self._app.describe()}")
                )

    def _recover(self) -> float | None:
        """Wait for the recovery once all faults have ended. Returns its duration, or None if it failed."""
        calm_s = self._clock.now()
        since = self._rig.timeline.time_text(calm_s)
        if not self._clock.wait(self._app.is_complete, self._app.complete_within_s):
            limit_s = self._app.complete_within_s
            text = f"not complete {limit_s:g} s after the last fault ended at {since} s: {self._app.describe()}"
            self._problems.append(Problem("not-complete", text))
            return None
        complete_s = self._clock.now()
        self._clock.sleep(HOLD_S)
        if not self._app.is_complete():
            text = (
                f"complete at {self._rig.timeline.time_text(complete_s)} s, and then no longer: {self._app.describe()}"
            )
            self._problems.append(Problem("not-stable", text))
        return complete_s - calm_s

    def _pass_time_to(self, time_s: float) -> None:
        while self._ends and self._ends[0][0] <= time_s:
            end_s, _, end = heapq.heappop(self._ends)
            self._clock.sleep(max(0.0, end_s - self._clock.now()))
            end()
        self._clock.sleep(max(0.0, time_s - self._clock.now()))

    def _begin(self, step: Step) -> None:
        faults = self._rig.faults
        match step.action:
            case Action.CUT | Action.POWER | Action.BROWN_OUT | Action.RADIO_OFF:
                self._begin_on_board(step)
            case Action.LOSS:
                self._end_later(step.lasting_s, faults.loss(step.amount))
            case Action.LATENCY:
                self._end_later(step.lasting_s, faults.latency(step.amount))
            case Action.DUPLICATION:
                self._end_later(step.lasting_s, faults.duplication(step.amount))
            case Action.REORDERING:
                self._end_later(step.lasting_s, faults.reordering(step.amount))
            case Action.PARTITION:
                groups = [[self._rig.boards[name] for name in group] for group in step.groups]
                self._end_later(step.lasting_s, faults.partition(*groups))

    def _begin_on_board(self, step: Step) -> None:
        board = self._board(step.board)
        if board is None:
            self._note(step, "nobody is that")
        elif board.name in self._busy:
            self._note(step, f"{board} has another fault")
        elif step.action is Action.POWER:
            board.power.on()
        elif not board.power.is_on:
            self._note(step, f"{board} has no power")
        elif step.action is Action.CUT:
            lasting_s = max(step.lasting_s, self._rig.config.power.off_time_s)
            self._end_later(lasting_s, self._rig.faults.power_cut(board), board)
        elif step.action is Action.RADIO_OFF:
            self._end_later(step.lasting_s, self._rig.faults.radio_off(board), board)
        else:
            self._rig.faults.brown_out(board, step.lasting_s)

    def _board(self, name: str) -> Board | None:
        if name == AP:
            return self._app.access_point
        return self._app.master if name == MASTER else self._rig.boards[name]

    def _end_later(self, lasting_s: float, fault: Fault, board: Board | None = None) -> None:
        name = board.name if board is not None else ""

        def end() -> None:
            fault.end()
            self._busy.discard(name)

        if name:
            self._busy.add(name)
        heapq.heappush(self._ends, (self._clock.now() + lasting_s, next(self._numbers), end))

    def _note(self, step: Step, why: str) -> None:
        self._rig.timeline.add(self._clock.now(), "schedule", "note", f"left out: {step}: {why}")

    def _violations(self, end_s: float) -> list[Violation]:
        entries = self._rig.timeline.entries(self._mark)
        nodes = {board.serial: board.name for board in self._app.boards}
        spans = list(self._permitted_spans(end_s))
        violations = [
            violation
            for violation in find_violations(entries, end_s, nodes, all_invariants())
            if not any(
                name == violation.invariant and begin_s <= violation.time_s <= until_s
                for name, begin_s, until_s in spans
            )
        ]
        for promise in [promise(nodes, self._timing) for promise in self._app.promises]:
            for entry in entries:
                promise.see(entry)
            violations += promise.violations
        return sorted(violations, key=lambda violation: violation.time_s)

    def _permitted_spans(self, end_s: float) -> Iterator[tuple[str, float, float]]:
        """Invariant, begin and end of the time in which it need not hold."""
        events = self._rig.timeline.events()
        for permission in self._app.permissions:
            lasting: list[float] = []
            for event in events:
                if event.fields.get("fault") != permission.fault:
                    continue
                if event.name == FAULT_BEGIN:
                    lasting.append(event.time_s)
                elif event.name == FAULT_END:
                    # It does not matter which of several faults ends: the total time is the same.
                    yield permission.invariant, lasting.pop(0), event.time_s + permission.after_s
            for begin_s in lasting:
                yield permission.invariant, begin_s, end_s
