"""Concurrent tasks in one world, as greenlets: a task that waits yields, and the world runs while all of them wait.

The world has one thread. With tasks, deploying to eight boards takes the rig time of one: world time advances only once
every task is waiting. Tasks are resumed in a fixed order, so the result is deterministic.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from greenlet import getcurrent, greenlet

from hil.virtual.world import World


@dataclass
class _Wait:
    """What a suspended task waits for."""

    until_us: int
    stop: Callable[[], bool]


class CooperativeTasks:
    """Runs tasks that wait for ``world`` concurrently."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._scheduler = getcurrent()

    def run(self, tasks: Sequence[Callable[[], None]]) -> None:
        """Run ``tasks`` until all have finished. None of them may raise an ``Exception``.

        Any other exception of a task, such as ``KeyboardInterrupt``, is raised here after the other tasks were
        terminated where they wait.
        """
        greenlets = [greenlet(task, parent=self._scheduler) for task in tasks]
        waiting: dict[greenlet, _Wait] = {}
        try:
            for task in greenlets:
                self._resume(waiting, task)
            while waiting:
                self._world.run(min(wait.until_us for wait in waiting.values()), partial(_is_any_over, waiting))
                for task, wait in list(waiting.items()):
                    stopped = wait.stop()
                    if stopped or wait.until_us <= self._world.now_us:
                        self._resume(waiting, task, stopped)
        finally:
            for task in greenlets:
                if not task.dead:
                    task.throw()

    def _resume(self, waiting: dict[greenlet, _Wait], task: greenlet, *stopped: bool) -> None:
        """Run ``task`` until it waits again or finishes. ``stopped`` is the result of the wait that it resumes from."""
        outer, self._world.wait_in_task = self._world.wait_in_task, self._wait
        try:
            wait = task.switch(*stopped)
        finally:
            self._world.wait_in_task = outer
        if isinstance(wait, _Wait):
            waiting[task] = wait
        else:
            waiting.pop(task, None)

    def _wait(self, until_us: int, stop: Callable[[], bool]) -> bool:
        """Runs in a task: ``World.run`` by suspending the task."""
        if stop():
            return True
        return bool(self._scheduler.switch(_Wait(until_us, stop)))


def _is_any_over(waiting: Mapping[greenlet, _Wait]) -> bool:
    return any(wait.stop() for wait in waiting.values())
