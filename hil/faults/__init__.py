"""Faults: what a test makes go wrong on a rig. One class per kind of fault, a subclass of :class:`FaultDriver`.

Some faults every rig can have, by a board's power and its REPL. For the others the bench has to do something; they
derive from :class:`BenchFault`, and a bench does those that it offers.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from hil.clock import Clock

if TYPE_CHECKING:
    from hil.board.board import Board

AIR = "air"
"""The source on the timeline of a fault that concerns no single board."""

End = Callable[[], None]
"""Ends a fault that has begun. Raises ``BenchError`` if that fails; the fault then stays active."""


@dataclass(frozen=True)
class FaultContext:
    """What a fault can use besides the boards that it was given."""

    ap: "Board"
    """The rig's AP."""
    clock: Clock
    """Rig time, the only one to wait in."""
    bench: "BenchFaults | None"
    """None on a bench that has no faults of its own."""


class FaultDriver(ABC):
    """One fault with its parameters: ``faults.NAME(…)`` constructs it with the same arguments, and begins it.

    The registry gives it its name. The string of an instance is what the timeline shows of its parameters.
    """

    outlives_power: ClassVar[bool] = False
    """Whether it is still there once every board has been without power, as between two tests."""

    begins_when_done: ClassVar[bool] = False
    """Whether the timeline shows its begin when :meth:`begin` returns, as of a fault that is prepared over the REPL.
    Otherwise before the call, so that its effects come after it."""

    @classmethod
    def is_offered(cls, bench: "Collection[type[BenchFault]]") -> bool:
        """Whether a rig can have this fault, given the classes that its bench offers."""
        return not issubclass(cls, BenchFault) or issubclass(cls, tuple(bench))

    def source(self, _context: FaultContext) -> str:
        """Its source on the timeline: the name of the board that it concerns, or :data:`AIR`."""
        return AIR

    @abstractmethod
    def begin(self, context: FaultContext) -> End | None:
        """Begin, and return how to end. None if the fault is over already, such as a restart. Raises ``HilError``."""

    def __str__(self) -> str:
        return ""


@dataclass(frozen=True)
class BoardFault(FaultDriver):
    """A fault of one board."""

    board: "Board"

    def source(self, _context: FaultContext) -> str:
        return self.board.name


class BenchFault(FaultDriver):
    """A fault that the bench itself injects."""

    outlives_power = True

    def begin(self, context: FaultContext) -> End | None:
        return self.begin_on_bench(context)

    def begin_on_bench(self, context: FaultContext) -> End:
        """Have the bench begin it; for a :meth:`begin` that does more."""
        bench = context.bench
        assert bench is not None
        bench.begin(self)
        return lambda: bench.end(self)


class BenchFaults(Protocol):
    """The faults that a bench can inject by itself."""

    @property
    def offered(self) -> frozenset[type[BenchFault]]:
        """The classes that it can inject, each with its subclasses."""

    def begin(self, fault: BenchFault) -> None:
        """Begin ``fault``, which must be offered, at this instant."""

    def end(self, fault: BenchFault) -> None:
        """End a fault that was begun."""


def check_probability(probability: float) -> None:
    """Raise ``ValueError`` unless ``probability`` is from 0 to 1."""
    if not 0 <= probability <= 1:
        raise ValueError(f"probability {probability:g}: must be from 0 to 1, 0.1 for 10 %")
