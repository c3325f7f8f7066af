"""A world in step with the host's clock, and with the programs outside of it, which it hears through files."""

from collections.abc import Callable
from selectors import EVENT_READ, BaseSelector, DefaultSelector

from hil.clock import Clock
from hil.virtual.world import US_PER_S, World

_SLICE_US = 20_000
"""World time with events in it that passes between two looks at the watched files."""

_LARGEST_LAG_S = 1.0
"""Of the host's time. A world that is further behind goes on from where it is, as after the suspension of a laptop: the
programs outside did not live through that time either."""

OnReady = Callable[[], None]


class RealTime:
    """Runs ``world`` as fast as ``clock`` goes, or ``speed`` times as fast, and calls back for ready files.

    The world has one thread, the one that calls :meth:`run`: what reaches it from outside comes through a callback.
    """

    def __init__(self, world: World, clock: Clock, speed: float = 1.0) -> None:
        self._world = world
        self._clock = clock
        self._us_per_s = US_PER_S * speed
        self._ahead_us = world.now_us - self._clock_us
        self._selector: BaseSelector = DefaultSelector()
        self._on_pass: list[Callable[[], None]] = []

    def watch(self, file: int, on_ready: OnReady, events: int = EVENT_READ) -> None:
        """Call ``on_ready`` when a file descriptor is readable or, as ``events`` says, writable. Again: change it."""
        if file in self._selector.get_map():
            self._selector.modify(file, events, on_ready)
        else:
            self._selector.register(file, events, on_ready)

    def unwatch(self, file: int) -> None:
        """End :meth:`watch`; to be called before the file is closed. Does nothing when it is not watched."""
        if file in self._selector.get_map():
            self._selector.unregister(file)

    def after_each_pass(self, look: Callable[[], None]) -> None:
        """Call ``look`` whenever the world has gone on a little."""
        self._on_pass.append(look)

    def run(self, stop: Callable[[], bool]) -> None:
        """Run until ``stop()``, which is asked after everything that happened and before every wait."""
        while True:
            is_behind = self._catch_up()
            for look in self._on_pass:
                look()
            if stop():
                return
            for key, _ in self._selector.select(0.0 if is_behind else self._rest_s()):
                # A callback may have ended the watch of another file.
                if self._selector.get_map().get(key.fileobj) == key:
                    on_ready: OnReady = key.data
                    on_ready()

    def close(self) -> None:
        """Watch nothing any more."""
        self._selector.close()

    @property
    def _clock_us(self) -> int:
        """The clock in world time."""
        return round(self._clock.now() * self._us_per_s)

    @property
    def _due_us(self) -> int:
        """World time as it should be now."""
        return self._clock_us + self._ahead_us

    def _catch_up(self) -> bool:
        """Let the world go on, past nothing but what is due; says whether it is still behind."""
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

    def _rest_s(self) -> float | None:
        next_us = self._world.next_event_us
        return None if next_us is None else max(0.0, (next_us - self._due_us) / self._us_per_s)
