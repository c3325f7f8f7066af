"""Runs a world in real time, together with programs outside it that are connected through file descriptors."""

from collections.abc import Callable
from selectors import EVENT_READ, BaseSelector, DefaultSelector

from hil.clock import Clock
from hil.virtual.world import US_PER_S, World

_SLICE_US = 20_000
"""World time after which the watched files are polled while the world catches up."""

_LARGEST_LAG_S = 1.0
"""Seconds of host time. A world that is further behind continues without catching up, as after a laptop was suspended:
the programs outside did not run during that time either."""

OnReady = Callable[[], None]


class RealTime:
    """Runs ``world`` at ``speed`` times the rate of ``clock``, and calls back when watched files are ready.

    The thread that calls :meth:`run` is the only one: input from outside reaches the world in a callback.
    """

    def __init__(self, world: World, clock: Clock, speed: float = 1.0) -> None:
        self._world = world
        self._clock = clock
        self._us_per_s = US_PER_S * speed
        self._ahead_us = world.now_us - self._clock_us
        self._selector: BaseSelector = DefaultSelector()
        self._on_pass: list[Callable[[], None]] = []

    def watch(self, file: int, on_ready: OnReady, events: int = EVENT_READ) -> None:
        """Call ``on_ready`` when a file descriptor is ready for ``events``. Calling it again replaces the watch."""
        if file in self._selector.get_map():
            self._selector.modify(file, events, on_ready)
        else:
            self._selector.register(file, events, on_ready)

    def unwatch(self, file: int) -> None:
        """End :meth:`watch`, before the file is closed. Does nothing if it is not watched."""
        if file in self._selector.get_map():
            self._selector.unregister(file)

    def after_each_pass(self, callback: Callable[[], None]) -> None:
        """Call ``callback`` each time the world has advanced."""
        self._on_pass.append(callback)

    def run(self, stop: Callable[[], bool]) -> None:
        """Run until ``stop()`` is true. It is evaluated after each pass, before waiting."""
        while True:
            is_behind = self._catch_up()
            for callback in self._on_pass:
                callback()
            if stop():
                return
            for key, _ in self._selector.select(0.0 if is_behind else self._idle_s()):
                # An earlier callback may have ended this watch.
                if self._selector.get_map().get(key.fileobj) == key:
                    on_ready: OnReady = key.data
                    on_ready()

    def close(self) -> None:
        """End all watches."""
        self._selector.close()

    @property
    def _clock_us(self) -> int:
        """The clock's time, converted to world time."""
        return round(self._clock.now() * self._us_per_s)

    @property
    def _due_us(self) -> int:
        """The world time that corresponds to the clock's time now."""
        return self._clock_us + self._ahead_us

    def _catch_up(self) -> bool:
        """Process events that are due, for one slice. Returns whether more are due."""
        due_us = self._due_us
        next_us = self._world.next_event_us
        if next_us is None or next_us >= due_us:
            self._world.run(due_us)
            return False
        if due_us - next_us > _LARGEST_LAG_S * self._us_per_s:
            self._ahead_us -= due_us - next_us
            due_us = next_us
        slice_end_us = min(due_us, next_us + _SLICE_US)
        self._world.run(slice_end_us)
        return slice_end_us < due_us

    def _idle_s(self) -> float | None:
        next_us = self._world.next_event_us
        return None if next_us is None else max(0.0, (next_us - self._due_us) / self._us_per_s)
