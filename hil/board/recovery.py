"""The recovery ladder of a board: from Ctrl-C to UF2, one rung at a time, within a time limit, on the timeline."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from hil.board.recovery_rungs import RecoveryRungs
from hil.clock import Clock, Deadline
from hil.errors import BenchError, FlashFull, PowerError, RecoveryFailed
from hil.events import Timeline

RECOVERY_WITHIN_S = 42.0
"""Seconds of rig time for all rungs together. With the 15 s of the first attempt, a dead board costs a run less than
60 s."""
UF2_WITHIN_S = 40.0
"""Seconds of rig time for the last rung, on rigs that have it: a board takes 10 to 20 to erase and write a UF2."""
POWER_CYCLES = 3
"""Power cycles for a board without a serial device, or with a supply that does not obey: four attempts with the first.
"""

RungName = Literal["Ctrl-C", "raw REPL", "hard reset", "power cycle", "interrupt within boot", "erase main.py", "UF2"]
"""A rung as reports name it."""


@dataclass(frozen=True, kw_only=True)
class RecoveryAttempt:
    """One rung that was climbed for one board."""

    board: str
    rung: RungName
    helped: bool
    took_s: float
    """Seconds of rig time, including the task that was then tried again."""


Task = Callable[[bool], None]
"""What the board must do once it answers. Called with True when the board has just started and was stopped early."""


@dataclass(frozen=True)
class _Rung:
    name: RungName
    climb: Callable[[Deadline], None]
    within_s: float
    restarts: bool
    """Whether the board restarts on it."""


class RecoveryLadder:
    """Brings one board back by the mildest means that helps."""

    def __init__(self, rungs: RecoveryRungs, clock: Clock, timeline: Timeline) -> None:
        self._board = rungs.board
        self._rungs = rungs
        self._clock = clock
        self._timeline = timeline

    def recover(self, failure: BenchError, task: Task, record: Callable[[RecoveryAttempt], None]) -> None:
        """Climb until ``task``, which failed with ``failure``, succeeds. ``record`` gets every rung that was climbed.

        Raises ``RecoveryFailed`` after the last rung, or once :data:`RECOVERY_WITHIN_S` have passed; ``FlashFull`` when
        the board is well and only has no room.
        """
        self._note(f"needed: {_first_line(failure)}")
        deadline = self._clock.deadline(RECOVERY_WITHIN_S)
        latest, attempts = failure, 1
        for rung in self._way_up(failure, deadline):
            attempts += 1
            try:
                self._climb(rung, deadline, task, record)
            except BenchError as error:
                latest = error
            else:
                return
        if isinstance(latest, FlashFull):
            # The board obeys. The firmware may be too large, and another one may fit.
            raise latest
        plural = "attempt" if attempts == 1 else "attempts"
        # A failure of another kind than the first is what stands in the way now.
        at_last = "" if type(latest) is type(failure) else f"; the last one: {_first_line(latest)}"
        reason = f"{_first_line(failure)} ({attempts} {plural}{at_last})"
        if self._rungs.is_in_bootsel:
            reason += f"; it is in BOOTSEL mode: write MicroPython to it with `hil flash {self._board} --uf2 …`"
        self._note(f"given up: {reason}")
        raise RecoveryFailed(self._board, reason) from failure

    def _way_up(self, failure: BenchError, deadline: Deadline) -> Iterator[_Rung]:
        """The rungs that make sense, each decided on when those before it have failed."""
        rungs = self._rungs
        if isinstance(failure, FlashFull):
            yield _Rung("erase main.py", rungs.erase, RECOVERY_WITHIN_S, restarts=True)
            return
        is_about_power = isinstance(failure, PowerError)
        rungs.has_appeared = rungs.has_device
        if rungs.has_device and not is_about_power:
            yield _Rung("Ctrl-C", rungs.interrupt, 3.0, restarts=False)
            yield _Rung("raw REPL", rungs.raw_repl, 8.0, restarts=False)
            yield _Rung("hard reset", rungs.hard_reset, 12.0, restarts=True)
        for _ in range(POWER_CYCLES):
            if deadline.expired:
                return
            yield _Rung("power cycle", rungs.power_cycle, RECOVERY_WITHIN_S, restarts=True)
            # A board in BOOTSEL mode has no firmware: another power cycle would find it there again.
            if rungs.is_in_bootsel or (rungs.has_appeared and not is_about_power):
                break
        if rungs.has_appeared and not is_about_power:
            if not deadline.expired:
                yield _Rung("interrupt within boot", rungs.interrupt_boot, RECOVERY_WITHIN_S, restarts=True)
            if not deadline.expired:
                yield _Rung("erase main.py", rungs.erase, RECOVERY_WITHIN_S, restarts=True)
        if rungs.use_uf2 is not None and (rungs.has_appeared or rungs.is_in_bootsel) and not is_about_power:
            yield _Rung("UF2", rungs.uf2, UF2_WITHIN_S, restarts=True)

    def _climb(self, rung: _Rung, deadline: Deadline, task: Task, record: Callable[[RecoveryAttempt], None]) -> None:
        started_s = self._clock.now()
        within_s = rung.within_s if rung.name == "UF2" else min(rung.within_s, deadline.remaining_s)
        helped = False
        try:
            rung.climb(self._clock.deadline(within_s))
            task(rung.restarts)
            helped = True
        except BenchError as error:
            self._note(f"{rung.name}: did not help: {_first_line(error)}")
            raise
        finally:
            took_s = round(self._clock.now() - started_s, 6)
            record(RecoveryAttempt(board=self._board, rung=rung.name, helped=helped, took_s=took_s))
        self._note(f"{rung.name}: helped, after {took_s:.1f} s")

    def _note(self, text: str) -> None:
        self._timeline.add(self._clock.now(), self._board, "recovery", text)


def _first_line(error: BenchError) -> str:
    text = str(error).partition("\n")[0]
    # Wherever this is shown, the board is named already.
    return text.partition(": ")[2] or text
