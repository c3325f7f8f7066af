"""Consecutive power cycles of four boards, on a bench that is reopened now and then: do they leak resources?"""

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
    """The resources after a number of power cycles of each board, with the bench closed."""

    cycles: int
    run: Resources
    """Of this process."""
    server: Resources
    """Of `hil serve`."""


def cycle_power(
    served: Served, cycles: int, every: int, report: Callable[[Reading], None] = lambda _reading: None
) -> list[Reading]:
    """Cycle the power of every board ``cycles`` times. After each ``every`` the bench is closed and resources are read.

    After each power-on every board must have its serial device, and prove over the raw REPL that it has restarted.
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
        report(readings[-1])
    return readings


def _cycle(board: Board) -> None:
    board.power.off()
    with board.repl() as repl:
        code = "'marker' in globals()"
        assert repl.eval(code) is False, f"{board.name}: its memory was kept, so its power was not cut"
        repl.exec("marker = 1")
        assert repl.eval(code) is True


def _read(served: Served, cycles: int) -> Reading:
    # When the server answers the watcher, which is always connected, it has closed the connections of all others.
    with Watcher(served.control):
        return Reading(cycles, resources_of(os.getpid()), resources_of(served.process.pid))
