"""The world: the discrete-event simulation that everything virtual lives in. One event queue, one clock, one seed."""

import random
from collections.abc import Callable
from heapq import heappop, heappush

from hil.virtual.deferred_signals import DeferredSignals

US_PER_S = 1_000_000
"""World time is in whole microseconds: integer arithmetic is the same on every machine."""


class ScheduledEvent:
    """A scheduled action, which can be cancelled."""

    __slots__ = ("action", "time_us")

    def __init__(self, time_us: int, action: Callable[[], None]) -> None:
        self.time_us = time_us
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        """Cancel the event. Does nothing if it has already happened."""
        self.action = None


class World:
    """Virtual time and randomness. Not thread-safe: everything simulated runs in the thread that calls :meth:`run`.

    ``seed`` determines every random draw: the same seed and the same calls give the same output, to the byte.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rng = random.Random(seed)
        self._now_us = 0
        self._horizon_us = 0
        self._queue: list[tuple[int, int, ScheduledEvent]] = []
        self._scheduled = 0
        self._notified = False
        self._signals = DeferredSignals()
        self.wait_in_task: Callable[[int, Callable[[], bool]], bool] | None = None
        """Replaces :meth:`run` while a cooperative task is running: see ``hil/virtual/cooperative_tasks.py``."""

    def reseed(self, name: str) -> None:
        """Restart the generator from the seed and ``name``: later draws do not depend on earlier ones."""
        self.rng.seed(f"{self.seed} {name}")

    @property
    def now_us(self) -> int:
        """World time: microseconds since the world was created."""
        return self._now_us

    def at(self, time_us: int, action: Callable[[], None]) -> ScheduledEvent:
        """Schedule ``action``; a time in the past means now. Events of equal time happen in the order of scheduling."""
        event = ScheduledEvent(max(time_us, self._now_us), action)
        self._scheduled += 1
        heappush(self._queue, (event.time_us, self._scheduled, event))
        return event

    def after(self, delay_us: int, action: Callable[[], None]) -> ScheduledEvent:
        """Schedule ``action`` in ``delay_us``."""
        return self.at(self._now_us + delay_us, action)

    def notify(self) -> None:
        """Announce a change visible from outside the world: :meth:`run` evaluates ``stop`` again."""
        self._notified = True

    def try_advance(self, time_us: int) -> bool:
        """Advance to ``time_us`` if nothing is scheduled until then. Returns whether it did.

        A board that has computed up to ``time_us`` can then continue without a pass through the event queue.
        """
        if time_us > self._horizon_us or self._notified or self._signals.pending:
            return False
        while self._queue and self._queue[0][2].action is None:
            heappop(self._queue)
        if self._queue and self._queue[0][0] <= time_us:
            return False
        self._now_us = max(self._now_us, time_us)
        return True

    @property
    def next_event_us(self) -> int | None:
        """Time of the next event. None if nothing is scheduled."""
        while self._queue and self._queue[0][2].action is None:
            heappop(self._queue)
        return self._queue[0][0] if self._queue else None

    def run(self, until_us: int, stop: Callable[[], bool] = lambda: False) -> bool:
        """Process events until ``stop()`` is true or ``until_us`` is reached. Returns the last value of ``stop()``.

        ``stop`` is evaluated first, after every event that called :meth:`notify`, and at the end. Signal handlers run
        between two events and may raise, such as ``KeyboardInterrupt``.
        """
        if self.wait_in_task is not None:
            return self.wait_in_task(until_us, stop)
        self._notified = False
        if stop():
            return True
        self._horizon_us = until_us
        with self._signals:
            while self._queue and self._queue[0][0] <= until_us:
                time_us, _, event = heappop(self._queue)
                action, event.action = event.action, None
                if action is None:
                    continue
                self._now_us = max(self._now_us, time_us)
                action()
                if self._signals.pending:
                    self._signals.deliver()
                if self._notified:
                    self._notified = False
                    if stop():
                        return True
        self._now_us = max(self._now_us, until_us)
        return stop()
