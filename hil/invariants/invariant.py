"""The base class of invariants: one reads the timeline entry by entry, once, and reports where it did not hold."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from hil.cluster.cluster_state import ClusterState
from hil.events import TimelineEntry


@dataclass(frozen=True)
class Violation:
    """An instant at which an invariant did not hold."""

    invariant: str
    """Its name."""
    time_s: float
    """Rig time at which it began."""
    text: str
    proof: tuple[TimelineEntry, ...]
    """The entries that show it, of all boards involved, by time."""

    @property
    def boards(self) -> frozenset[str]:
        """The boards involved."""
        return frozenset(entry.source for entry in self.proof)


class Invariant(ABC):
    """One invariant over one span of the timeline: feed it by :meth:`see`, then call :meth:`finish`."""

    name: ClassVar[str]
    """Names its violations, in reports and in ``expect(…)``."""

    def __init__(self, nodes: Mapping[str, str]) -> None:
        """``nodes``: the board by its node id, as far as the rig knows; all boards are off when the span begins."""
        self.nodes = dict(nodes)
        self.violations: list[Violation] = []
        self.before = self.after = ClusterState(nodes)
        """The state of all boards before and after the entry that :meth:`see` is called with; equal at the end."""

    @abstractmethod
    def see(self, entry: TimelineEntry) -> None:
        """Called with each entry, by time. A line of a board that cannot be heard has no events."""

    def finish(self, end_s: float) -> None:  # noqa: B027  # most have nothing to do here
        """Called at the end of the span, ``end_s`` in rig time."""

    def found(self, time_s: float, text: str, proof: Iterable[TimelineEntry]) -> None:
        """Report that the invariant did not hold at ``time_s``."""
        # By identity: two equal lines in one instant are two.
        once = {id(entry): entry for entry in proof}.values()
        self.violations.append(Violation(self.name, time_s, text, tuple(sorted(once, key=lambda entry: entry.time_s))))
