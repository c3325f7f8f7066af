"""At no instant do two boards hold MASTER."""

from collections.abc import Mapping

from hil.cluster.vocabulary import MASTER
from hil.events import TimelineEntry
from hil.invariants.invariant import Invariant


class TwoMasters(Invariant):
    """At no instant do two boards hold MASTER.

    A board holds it from the line that reports it to the next line with its role, or until it loses power, is stopped,
    restarts, or cannot be heard any more. What is over in the instant in which it began proves nothing.
    """

    name = "two-masters"

    def __init__(self, nodes: Mapping[str, str]) -> None:
        super().__init__(nodes)
        self._since_s: float | None = None
        self._proof: dict[str, TimelineEntry] = {}

    def see(self, entry: TimelineEntry) -> None:
        if self.after is self.before:
            return
        was, now = self.before.board(entry.source), self.after.board(entry.source)
        if now.role is was.role and now.run == was.run:
            return
        masters = {board: role.entry for board, role in self.after.proven_roles().items() if role.value == MASTER}
        if len(masters) > 1:
            if self._since_s is None:
                self._since_s = entry.time_s
            self._proof = masters | self._proof
        elif self._since_s is not None:
            if entry.time_s > self._since_s:
                self._report(self._since_s, f"for {entry.time_s - self._since_s:.3f} s", entry)
            self._since_s, self._proof = None, {}

    def finish(self, _end_s: float) -> None:
        if self._since_s is not None:
            self._report(self._since_s, "to the end")

    def _report(self, since_s: float, how_long: str, *end: TimelineEntry) -> None:
        self.found(
            since_s, f"{' and '.join(self._proof)} held MASTER at once, {how_long}", [*self._proof.values(), *end]
        )
