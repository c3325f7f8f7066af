"""Time as an interface: the only module of the framework that may look at the host's clock."""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

_SHORTEST_S = 1e-6
"""Rig time is counted in microseconds; a rest that only rounding has left would never pass."""


@dataclass(frozen=True)
class Wait:
    """Something that is being waited for, for people to read."""

    what: str
    """Such as ``B: event 'registered'``."""
    since_s: float
    """Rig time at which the wait began."""
    timeout_s: float


class Clock(ABC):
    """Rig time: seconds since the rig was opened. All limits and measurements are in rig time.

    On a bench of real boards it is the host's monotonic clock. On the virtual bench waiting *runs the world*
    in the calling thread, and time stands still while the test thinks.
    """

    def __init__(self) -> None:
        self._waits: list[Wait] = []

    @property
    def waits(self) -> tuple[Wait, ...]:
        """What is being waited for now, by :meth:`wait_for` and :meth:`sleep`; readable from any thread."""
        return tuple(self._waits)

    @abstractmethod
    def now(self) -> float:
        """Rig time in seconds."""

    @abstractmethod
    def wait(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        """Wait until ``condition()`` is true, at most ``timeout_s``; returns whether it came true.

        The condition is evaluated at once, then again whenever something was noticed (see :meth:`notice`), and
        a last time when the time is up. It must depend on nothing else, and must not wait itself.
        """

    @abstractmethod
    def notice(self) -> None:
        """Say that something a condition may depend on has changed. Callable from any thread."""

    def wait_for(self, what: str, condition: Callable[[], bool], timeout_s: float) -> bool:
        """As :meth:`wait`; who looks on is told ``what`` it is for."""
        wait = Wait(what, self.now(), timeout_s)
        self._waits.append(wait)
        try:
            return self.wait(condition, timeout_s)
        finally:
            self._waits.remove(wait)

    def sleep(self, duration_s: float) -> None:
        """Let ``duration_s`` of rig time pass."""
        self.wait_for("time to pass", lambda: False, duration_s)

    def side_by_side(self, tasks: Iterable[Callable[[], None]]) -> None:
        """Run ``tasks`` at once, and return when all have ended: the wait of one is time for the others.

        Each must be free of what another one changes. Raises an ``ExceptionGroup`` of what they raised.
        """
        errors: list[Exception] = []

        def guarded(task: Callable[[], None]) -> None:
            try:
                task()
            except Exception as error:  # noqa: BLE001  # raised below, when the others have ended
                errors.append(error)

        self._run_all([partial(guarded, task) for task in tasks])
        if errors:
            raise ExceptionGroup(f"{len(errors)} of several tasks failed", errors)

    @abstractmethod
    def _run_all(self, tasks: Sequence[Callable[[], None]]) -> None:
        """Run ``tasks``, none of which raises an ``Exception``, at once."""

    def deadline(self, timeout_s: float) -> "Deadline":
        """A deadline ``timeout_s`` from now, to hand through an operation of several steps."""
        return Deadline(self, timeout_s)


class Deadline:
    """The moment by which an operation must be done, passed around instead of a shrinking number of seconds."""

    def __init__(self, clock: Clock, timeout_s: float) -> None:
        self._clock = clock
        self._end_s = clock.now() + timeout_s
        self.timeout_s = timeout_s

    @property
    def remaining_s(self) -> float:
        """Seconds of rig time left, 0 once expired. What is too short for any clock to measure counts as expired."""
        remaining_s = self._end_s - self._clock.now()
        return remaining_s if remaining_s > _SHORTEST_S else 0.0

    @property
    def expired(self) -> bool:
        """Whether the moment has passed."""
        return self.remaining_s == 0.0


class MonotonicClock(Clock):
    """Rig time of a bench of real boards: the host's monotonic clock, counted from construction."""

    def __init__(self) -> None:
        super().__init__()
        self._origin_s = time.monotonic()
        self._noticed = threading.Condition()

    def now(self) -> float:
        return time.monotonic() - self._origin_s

    def wait(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        end_s = self.now() + timeout_s
        with self._noticed:
            while not condition():
                remaining_s = end_s - self.now()
                if remaining_s <= 0:
                    return condition()
                self._noticed.wait(remaining_s)
            return True

    def _run_all(self, tasks: Sequence[Callable[[], None]]) -> None:
        if tasks:
            with ThreadPoolExecutor(len(tasks), thread_name_prefix="side-by-side") as pool:
                for future in [pool.submit(task) for task in tasks]:
                    future.result()

    def notice(self) -> None:
        with self._noticed:
            self._noticed.notify_all()
