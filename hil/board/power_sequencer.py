"""Power sequencing: the boards of a rig are switched on one after another, because each draws a surge of current."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from hil.clock import Clock
from hil.errors import PowerError

TURN_WITHIN_S = 300.0
"""Seconds of rig time to wait for earlier boards. Only a guard against hanging: each has deadlines of its own."""


class PowerSequencer:
    """Keeps the power-ons of one rig apart: the surge of one board can brown out another on the same hub.

    Tasks that run side by side take turns, in the order in which they ask.
    """

    def __init__(self, clock: Clock, stagger_s: float) -> None:
        """``stagger_s``: seconds of rig time from one power-on to the next at least."""
        self._clock = clock
        self._stagger_s = stagger_s
        self._queue: deque[object] = deque()
        self._free_s = 0.0

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Within this block, one board may be switched on at once; no other task switches one on meanwhile.

        Raises ``PowerError`` when the turn does not come.
        """
        ticket = object()
        self._queue.append(ticket)
        try:
            # Wait on the clock, not on a lock: a task of the virtual bench that blocks would stop all others.
            if not self._clock.wait(lambda: self._queue[0] is ticket, TURN_WITHIN_S):
                raise PowerError(f"no turn to be switched on within {TURN_WITHIN_S:g} s: the boards before it hang")
            early_s = self._free_s - self._clock.now()
            if early_s > 0:
                self._clock.sleep(early_s)
            try:
                yield
            finally:
                self._free_s = self._clock.now() + self._stagger_s
        finally:
            self._queue.remove(ticket)
            self._clock.notify()
