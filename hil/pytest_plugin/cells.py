"""Which process works on which cell: each worker of xdist has its own, and no two share a board.

The controller assigns the cells. A rig of real boards has no more workers than cells. A virtual rig takes any number,
because each worker has its own world.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from hil.errors import ConfigError

if TYPE_CHECKING:
    # A pytest run without a rig, or without xdist, must not pay for them.
    from xdist.remote import Producer
    from xdist.scheduler import LoadScheduling
    from xdist.workermanage import WorkerController

    from hil.config.rig import RigConfig
    from hil.report.result_collector import ResultCollector
    from hil.report.results import Attempt

_CELL = "hil_cell"
"""Key of a worker's input: the index of its cell."""
_CELLS_AT_WORK = "hil_cells"
"""Key of a worker's input: how many of the cells have a worker, counted from the first."""


def named_cells(cells: Sequence["RigConfig"], name: str | None) -> Sequence["RigConfig"]:
    """The cells that a run may use: all, or that of ``--hil-cell``. Raises ``ConfigError`` if it does not exist."""
    if name is None:
        return cells
    named = [cell for cell in cells if cell.cell == name]
    if not named:
        known = ", ".join(str(cell.cell) for cell in cells) if cells[0].cell is not None else "none has a name"
        raise ConfigError(f"--hil-cell {name}: rig {cells[0].name} has no such cell; its cells: {known}")
    return named


def cells_of_process(
    cells: Sequence["RigConfig"], config: pytest.Config
) -> tuple["RigConfig", tuple["RigConfig", ...]]:
    """From the ``cells`` that a run may use: the one of this process, and those of all processes of the run."""
    worker = getattr(config, "workerinput", {})
    if _CELL in worker:
        return cells[worker[_CELL]], tuple(cells[: worker[_CELLS_AT_WORK]])
    return cells[0], tuple(cells) if distributes(config) else (cells[0],)


def distributes(config: pytest.Config) -> bool:
    """Whether this process is xdist's controller: others run the tests."""
    if hasattr(config, "workerinput") or config.getoption("collectonly"):
        return False
    # xdist sets "dist" from the number of workers, but not before that is known, and `-n auto` asks us for it.
    return config.getoption("dist", "no") != "no" or bool(config.getoption("numprocesses", None))


def workers_for(cells: Sequence["RigConfig"]) -> int | None:
    """How many workers ``-n auto`` means: one per cell of real boards. None where the number of CPUs decides."""
    return None if cells[0].is_virtual else len(cells)


class CellAssignment:
    """Hooks of xdist's controller: assign cells to workers, and tests to complete cells where others lost boards."""

    def __init__(self, cells: Sequence["RigConfig"], collector: "ResultCollector") -> None:
        """``cells`` are those that may be used. From ``collector`` come the boards that workers lost."""
        self._cells = cells
        self._at_work = 0
        self._cell_of: dict[Any, int] = {}
        self._short: set[Any] = set()
        collector.subscribe(self._attempt_over)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_setupnodes(self, specs: Sequence[object]) -> None:
        """Before any worker is started: refuse more workers than cells, when the boards are real."""
        most = workers_for(self._cells)
        if most is not None and len(specs) > most:
            rig = self._cells[0]
            names = f" ({', '.join(str(cell.cell) for cell in self._cells)})" if rig.cell is not None else ""
            has = f"{most} cell{'s' * (most > 1)}{names}"
            text = f"rig {rig.name} has {has} for {len(specs)} workers, and no two can share a board"
            raise pytest.UsageError(
                f"{text}; give -n {most}, or -n auto. docs/rig.md (Cells) explains how a rig gets more"
            )
        self._at_work = min(len(specs), len(self._cells))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: "WorkerController") -> None:
        """Give a worker the cell with the fewest of them: the one of a worker that died, when this one replaces it."""
        taken = list(self._cell_of.values())
        self._cell_of[node] = index = min(range(self._at_work), key=taken.count)
        node.workerinput.update({_CELL: index, _CELLS_AT_WORK: self._at_work})

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: "WorkerController") -> None:
        """A worker has ended, and its cell is free; the kernel has freed the locks on its boards."""
        # xdist calls this twice for a worker that ended with an internal error.
        self._cell_of.pop(node, None)
        self._short.discard(node)

    def _attempt_over(self, _nodeid: str, attempt: "Attempt", worker: object) -> None:
        if attempt.quarantined:
            self._short.add(worker)

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: "Producer") -> "LoadScheduling | None":
        """With several cells, hand out tests one by one."""
        if self._at_work < 2 or config.getoption("dist") != "load":
            return None
        return _scheduling(config, log, self._short.__contains__)


def _scheduling(
    config: pytest.Config, log: "Producer", is_short: "Callable[[WorkerController], bool]"
) -> "LoadScheduling":
    from xdist.scheduler import LoadScheduling

    class CellScheduling(LoadScheduling):  # type: ignore[misc]  # xdist has no types
        """One test at a time; none to a cell that has lost a board, as long as another cell is complete.

        Otherwise a cell whose AP is dead would finish every test at once, and so get most of them.
        """

        def check_schedule(self, node: "WorkerController", duration: float = 0) -> None:
            others = (other for other in self.nodes if other is not node and not other.shutting_down)
            if self.pending and is_short(node) and not all(is_short(other) for other in others):
                return
            super().check_schedule(node, duration)

    scheduling = CellScheduling(config, log)
    scheduling.maxschedchunk = 1
    return scheduling
