"""Rig time of a virtual bench: waiting runs the world."""

from collections.abc import Callable, Sequence

from hil.clock import Clock
from hil.virtual.cooperative_tasks import CooperativeTasks
from hil.virtual.world import US_PER_S, World


class VirtualClock(Clock):
    """Rig time is world time. It stands still while the test computes, and jumps ahead while the test waits."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    def now(self) -> float:
        return self._world.now_us / US_PER_S

    def wait(self, condition: Callable[[], bool], timeout_s: float) -> bool:
        until_us = self._world.now_us + max(0, round(timeout_s * US_PER_S))
        return self._world.run(until_us, condition)

    def _run_all(self, tasks: Sequence[Callable[[], None]]) -> None:
        CooperativeTasks(self._world).run(tasks)

    def notify(self) -> None:
        self._world.notify()
