"""The world: one queue of events, one clock, one seeded generator. Everything simulated lives in it."""

import random
from collections.abc import Callable
from heapq import heappop, heappush

from hil.virtual.held_signals import HeldSignals

US_PER_S = 1_000_000
"""The world counts whole microseconds: integers add up the same on every machine."""


class Event:
    """Something that will happen; it can be called off."""

    __slots__ = ("action", "time_us")

    def __init__(self, time_us: int, action: Callable[[], None]) -> None:
        self.time_us = time_us
        self.action: Callable[[], None] | None = action

    def cancel(self) -> None:
        """Call the event off. Does nothing when it has happened already."""
        self.action = None


class World:
    """Virtual time and chance. Not thread-safe: everything simulated runs in the thread that calls :meth:`run`.

    ``seed`` decides every random draw: the same seed and the same calls give the same world, to the byte.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.rng = random.Random(seed)
        self._now_us = 0
        self._horizon_us = 0
        self._queue: list[tuple[int, int, Event]] = []
        self._scheduled = 0
        self._noticed = False
        self._signals = HeldSignals()
        self.give_way: Callable[[int, Callable[[], bool]], bool] | None = None
        """What :meth:`run` does instead while several callers take turns: see ``hil/virtual/turns.py``."""

    def begin_chapter(self, name: str) -> None:
        """From here on chance is decided by the seed and ``name`` alone, whatever was drawn before."""
        self.rng.seed(f"{self.seed} {name}")

    @property
    def now_us(self) -> int:
        """Microseconds since the world began."""
        return self._now_us

    def at(self, time_us: int, action: Callable[[], None]) -> Event:
        """Schedule ``action``; a time already past means now. Events of one instant happen in order of scheduling."""
        event = Event(max(time_us, self._now_us), action)
        self._scheduled += 1
        heappush(self._queue, (event.time_us, self._scheduled, event))
        return event

    def after(self, delay_us: int, action: Callable[[], None]) -> Event:
        """Schedule ``action`` in ``delay_us``."""
        return self.at(self._now_us + delay_us, action)

    def notice(self) -> None:
        """Something that can be seen from outside the world has changed: whoever waits looks again."""
        self._noticed = True

    def try_advance(self, time_us: int) -> bool:
        """Let time pass to ``time_us`` if nothing is scheduled before it, and say whether it did.

        A board that has computed up to ``time_us`` uses it to go on without a switch.
        """
        if time_us > self._horizon_us or self._noticed or self._signals.arrived:
            return False
        while self._queue and self._queue[0][2].action is None:
            heappop(self._queue)
        if self._queue and self._queue[0][0] <= time_us:
            return False
        self._now_us = max(self._now_us, time_us)
        return True

    @property
    def next_event_us(self) -> int | None:
        """When the next event is due; None when nothing is scheduled."""
        while self._queue and self._queue[0][2].action is None:
            heappop(self._queue)
        return self._queue[0][0] if self._queue else None

    def run(self, until_us: int, stop: Callable[[], bool] = lambda: False) -> bool:
        """Let events happen until ``stop()`` or until ``until_us``; returns whether ``stop()`` held.

        ``stop`` is evaluated first, after every event that called :meth:`notice`, and at the end. Between two events
        the handlers of signals are called, and may raise: Ctrl-C.
        """
        if self.give_way is not None:
            return self.give_way(until_us, stop)
        self._noticed = False
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
                if self._signals.arrived:
                    self._signals.deliver()
                if self._noticed:
                    self._noticed = False
                    if stop():
                        return True
        self._now_us = max(self._now_us, until_us)
        return stop()
