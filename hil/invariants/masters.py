"""At no instant do two boards hold MASTER."""

from collections.abc import Mapping
from dataclasses import dataclass

from hil import events
from hil.cluster.cluster import MASTER, NO_ROLE
from hil.events import TimelineEntry
from hil.invariants.consoles import has_ended
from hil.invariants.invariant import NOT_HEARD, Invariant


@dataclass(frozen=True)
class Said:
    """A role, and the entry that proves it."""

    role: str
    entry: TimelineEntry


class SaidRoles:
    """What each board is by its own word. A board of which that is not known is not among :attr:`by_board`."""

    def __init__(self) -> None:
        self.by_board: dict[str, Said] = {}

    def see(self, entry: TimelineEntry) -> None:
        """Take in the next entry."""
        if has_ended(entry):
            self.by_board.pop(entry.source, None)
        for event in entry.events:
            match event.name:
                case "role" if "role" in event.fields:
                    self.by_board[event.board] = Said(event.fields["role"], entry)
                case "boot" | events.POWER_ON | events.POWER_OFF | events.STOPPED:
                    self.by_board[event.board] = Said(NO_ROLE, entry)
                case events.SERIAL_GONE:
                    self.by_board.pop(event.board, None)
                case events.FAULT_BEGIN if event.fields["fault"] in NOT_HEARD:
                    self.by_board.pop(event.board, None)


class TwoMasters(Invariant):
    """At no instant do two boards hold MASTER.

    A board holds it from the line that says so to the next line with its role, or until it loses power, is stopped,
    starts anew, or cannot be heard any more. What is over in the instant in which it began proves nothing.
    """

    name = "two-masters"

    def __init__(self, nodes: Mapping[str, str]) -> None:
        super().__init__(nodes)
        self._roles = SaidRoles()
        self._since_s: float | None = None
        self._proof: dict[str, TimelineEntry] = {}

    def see(self, entry: TimelineEntry) -> None:
        self._roles.see(entry)
        masters = {board: said.entry for board, said in self._roles.by_board.items() if said.role == MASTER}
        if len(masters) > 1:
            if self._since_s is None:
                self._since_s = entry.time_s
            self._proof = masters | self._proof
        elif self._since_s is not None:
            if entry.time_s > self._since_s:
                self._tell(self._since_s, f"for {entry.time_s - self._since_s:.3f} s", entry)
            self._since_s, self._proof = None, {}

    def finish(self, _end_s: float) -> None:
        if self._since_s is not None:
            self._tell(self._since_s, "to the end")

    def _tell(self, since_s: float, how_long: str, *end: TimelineEntry) -> None:
        self.found(
            since_s, f"{' and '.join(self._proof)} held MASTER at once, {how_long}", [*self._proof.values(), *end]
        )
