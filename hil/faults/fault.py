"""The handle of a fault that was injected."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from hil.errors import FaultError, HilError
from hil.faults import End


class Fault:
    """A fault that has begun. It ends with its ``with`` block, by :meth:`end`, or after the test."""

    def __init__(self, name: str, end: End | None, on_end: Callable[[], None], *, outlives_power: bool) -> None:
        """``end``: None for a fault that is over already. ``on_end`` is called once it has ended.

        ``outlives_power``: whether it is still there once the board has been without power.
        """
        self.name = name
        self.outlives_power = outlives_power
        self.is_active = end is not None
        self._end = end
        self._on_end = on_end

    def end(self) -> None:
        """End it now. Does nothing if it has ended. Raises ``BenchError``; the fault then stays active."""
        if self.is_active and self._end is not None:
            self._end()
            self.drop()

    def drop(self) -> None:
        """Count it as ended: something else has ended it, or is about to."""
        self.is_active = False
        self._on_end()

    def __enter__(self) -> Self:
        if self._end is None:
            raise FaultError(
                f"the fault {self.name} is over when faults.{self.name}(…) returns, so no block can run under it; "
                "call it without `with`"
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            self.end()
        except HilError as stuck:
            if error is None:
                raise
            # The test's own failure comes first. The fault is still active, so ending all faults raises this again.
            error.add_note(f"the fault {self.name} could not be ended: {stuck}")
