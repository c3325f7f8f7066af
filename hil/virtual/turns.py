"""Several callers of one world at once: each waits as if it were alone, and the world runs while all of them wait.

The world has one thread. So that eight boards take the time of one to be given their files, whoever waits for the world
gives way to the others, and only when nobody has anything to do does time go on. The order is always the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from greenlet import getcurrent, greenlet

from hil.virtual.world import World


@dataclass
class _Waiting:
    """What one caller waits for."""

    until_us: int
    stop: Callable[[], bool]


class Turns:
    """Lets callers take turns."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._home = getcurrent()

    def run(self, tasks: Sequence[Callable[[], None]]) -> None:
        """Run ``tasks`` to their end; none of them may raise an ``Exception``.

        What else one raises, such as ``KeyboardInterrupt``, ends all of them at the place where they wait.
        """
        callers = [greenlet(task, parent=self._home) for task in tasks]
        waiting: dict[greenlet, _Waiting] = {}
        try:
            for caller in callers:
                self._go_on(waiting, caller)
            while waiting:
                self._world.run(min(place.until_us for place in waiting.values()), partial(_is_any_over, waiting))
                for caller, place in list(waiting.items()):
                    came_true = place.stop()
                    if came_true or place.until_us <= self._world.now_us:
                        self._go_on(waiting, caller, came_true)
        finally:
            for caller in callers:
                if not caller.dead:
                    caller.throw()

    def _go_on(self, waiting: dict[greenlet, _Waiting], caller: greenlet, *came_true: bool) -> None:
        """Let ``caller`` go on until it waits again, or has ended."""
        before, self._world.give_way = self._world.give_way, self._wait
        try:
            place = caller.switch(*came_true)
        finally:
            self._world.give_way = before
        if isinstance(place, _Waiting):
            waiting[caller] = place
        else:
            waiting.pop(caller, None)

    def _wait(self, until_us: int, stop: Callable[[], bool]) -> bool:
        """What ``World.run`` is for a caller in its turn."""
        if stop():
            return True
        return bool(self._home.switch(_Waiting(until_us, stop)))


def _is_any_over(waiting: Mapping[greenlet, _Waiting]) -> bool:
    return any(place.stop() for place in waiting.values())
