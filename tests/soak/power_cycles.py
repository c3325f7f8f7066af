"""Power cycles in a row, of four boards on a bench that is opened anew now and then: what is left behind?"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from hil.board.board import Board
from hil.rig import Rig
from tests.serve.served import Served, Watcher
from tests.soak.bench import rig_of
from tests.soak.resources import Resources, resources_of


@dataclass(frozen=True)
class Reading:
    """What was held after so many power cycles of each board, with the bench closed."""

    cycles: int
    run: Resources
    """By this process."""
    server: Resources
    """By `hil serve`."""


def cycle_power(
    served: Served, cycles: int, every: int, told: Callable[[Reading], None] = lambda _reading: None
) -> list[Reading]:
    """Cycle the power of every board ``cycles`` times; the bench is closed, and looked at, after ``every`` of them.

    After each power-on every board must have its serial device and answer over the raw REPL that it has just begun.
    """
    readings = [_read(served, 0)]
    for done in range(every, cycles + 1, every):
        rig = Rig.open(rig_of(served))
        try:
            for _ in range(every):
                rig.clock.run_concurrently([partial(_cycle, board) for board in rig.boards.values()])
        finally:
            rig.close()
        readings.append(_read(served, done))
        told(readings[-1])
    return readings


def _cycle(board: Board) -> None:
    board.power.off()
    with board.repl() as repl:
        code = "'marker' in globals()"
        assert repl.eval(code) is False, f"{board.name}: it kept its memory, so its power was not cut"
        repl.exec("marker = 1")
        assert repl.eval(code) is True


def _read(served: Served, cycles: int) -> Reading:
    # Once it answers the watcher, whose connection is always there, the server has closed those of all others.
    with Watcher(served.control):
        return Reading(cycles, resources_of(os.getpid()), resources_of(served.process.pid))
