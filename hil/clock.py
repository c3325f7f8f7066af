"""Rig time behind one interface. The only module of the framework that reads the host's clock."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

_RESOLUTION_S = 1e-6
"""Rig time is counted in microseconds. A shorter remainder is a rounding error and would never elapse."""


@dataclass(frozen=True)
class Wait:
    """A wait in progress, described for people."""

    what: str
    """Such as ``B: event 'registered'``."""
    since_s: float
    """Rig time at which the wait started."""
    timeout_s: float


class Clock(ABC):
    """Rig time: seconds since the rig was opened. All limits and measurements are in rig time.

    On a physical bench it is the host's monotonic clock. On a virtual bench, waiting runs the simulation in the calling
    thread, and time stands still while no one waits.
    """

    def __init__(self) -> None:
        self._waits: list[Wait] = []

    @property
    def waits(self) -> tuple[Wait, ...]:
        """The :meth:`wait_for` and :meth:`sleep` calls in progress. Can be read from any thread."""
        return tuple(self._waits)

    @abstractmethod
    def now(self) -> float:
        """Rig time in seconds."""

    @abstractmethod
    def wait(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until ``condition()`` is true, for at most ``timeout_s``. Returns whether it became true.

        The condition is evaluated immediately, then after every :meth:`notify`, and once more at the timeout. It must
        depend only on state whose changes are announced by :meth:`notify`, and must not wait itself.
        """

    @abstractmethod
    def notify(self) -> None:
        """Announce a change that a waiting condition may depend on. Can be called from any thread."""

    def wait_for(self, what: str, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Like :meth:`wait`, and listed in :attr:`waits` as ``what`` meanwhile."""
        wait = Wait(what, self.now(), timeout_s)
        self._waits.append(wait)
        try:
            return self.wait(condition, timeout_s)
        finally:
            self._waits.remove(wait)

    def sleep(self, duration_s: float) -> None:
        """Let ``duration_s`` of rig time pass."""
        self.wait_for("time to pass", lambda: False, duration_s)

    def run_concurrently(self, tasks: Iterable[Callable[[], None]]) -> None:
        """Run ``tasks`` concurrently and return when all have finished. While one waits, the others run.

        Tasks must not share mutable state. Raises an ``ExceptionGroup`` of the exceptions they raised.
        """
        errors: list[Exception] = []

        def guarded(task: Callable[[], None]) -> None:
            try:
                task()
            except Exception as error:  # noqa: BLE001  # raised below, once all tasks have finished
                errors.append(error)

        self._run_all([partial(guarded, task) for task in tasks])
        if errors:
            raise ExceptionGroup(f"{len(errors)} of several tasks failed", errors)

    @abstractmethod
    def _run_all(self, tasks: Sequence[Callable[[], None]]) -> None:
        """Run ``tasks`` concurrently. None of them raises an ``Exception``."""

    def deadline(self, timeout_s: float) -> "Deadline":
        """A deadline ``timeout_s`` from now, to pass through the steps of an operation."""
        return Deadline(self, timeout_s)


class Deadline:
    """The rig time by which an operation must be done. Passed around instead of a shrinking timeout."""

    def __init__(self, clock: Clock, timeout_s: float) -> None:
        self._clock = clock
        self._end_s = clock.now() + timeout_s
        self.timeout_s = timeout_s

    @property
    def remaining_s(self) -> float:
        """Seconds of rig time left; 0 once expired. Less than the clock's resolution counts as expired."""
        remaining_s = self._end_s - self._clock.now()
        return remaining_s if remaining_s > _RESOLUTION_S else 0.0

    @property
    def expired(self) -> bool:
        """Whether the deadline has passed."""
        return self.remaining_s == 0.0


class MonotonicClock(Clock):
    """Rig time of a physical bench: the host's monotonic clock, starting at 0 when constructed."""

    def __init__(self) -> None:
        super().__init__()
        self._origin_s = time.monotonic()
        self._notified = threading.Condition()

    def now(self) -> float:
        return time.monotonic() - self._origin_s

    def wait(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        end_s = self.now() + timeout_s
        with self._notified:
            while not condition():
                remaining_s = end_s - self.now()
                if remaining_s <= 0:
                    return condition()
                self._notified.wait(remaining_s)
            return True

    def _run_all(self, tasks: Sequence[Callable[[], None]]) -> None:
        if tasks:
            with ThreadPoolExecutor(len(tasks), thread_name_prefix="task") as pool:
                for future in [pool.submit(task) for task in tasks]:
                    future.result()

    def notify(self) -> None:
        with self._notified:
            self._notified.notify_all()
