"""One fault that was injected: it has begun, and ends with its ``with`` block, by ``end()``, or with the test."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from hil.errors import HilError
from hil.faults import FaultName


class Fault:
    """A fault on a rig. Begun when a test gets it."""

    def __init__(
        self, name: FaultName, undo: Callable[[], None], on_end: Callable[[], None], *, outlives_power: bool
    ) -> None:
        """``outlives_power``: whether it is still there once the board has been without power."""
        self.name = name
        self.outlives_power = outlives_power
        self.is_active = True
        self._undo = undo
        self._on_end = on_end

    def end(self) -> None:
        """End it now. Does nothing when it has ended. Raises ``BenchError``, and then is still active."""
        if self.is_active:
            self._undo()
            self.drop()

    def drop(self) -> None:
        """Something else has ended it, or is about to."""
        self.is_active = False
        self._on_end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self.end()
        except HilError as stuck:
            if error is None:
                raise
            # What the test found comes first; the fault is still active, and whoever ends all faults raises this again.
            error.add_note(f"the fault {self.name} could not be ended: {stuck}")
