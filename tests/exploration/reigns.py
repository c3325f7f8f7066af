"""The APs on the air, and the order that each board remembers when another AP takes over, from the boards' lines."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from hil import events
from hil.cluster import vocabulary
from hil.cluster.console_lines import ending_in
from hil.cluster.vocabulary import MASTER
from hil.events import Event, TimelineEntry

RESTARTS = frozenset({vocabulary.BOOT, events.POWER_ON, events.POWER_OFF, events.STOPPED})
"""Events after which a board has forgotten everything, and is not an AP."""


@dataclass(frozen=True)
class Place:
    """A place in an order, as one board knows it."""

    epoch: int
    rank: int | None
    """None if the board is not in that order."""
    entry: TimelineEntry
    """The line in which the board printed it."""


@dataclass
class Memory:
    """What one board knows since its start."""

    started_s: float
    address: str = ""
    has_link: bool = False
    """Whether it has joined an AP, or is one."""
    places: list[Place] = field(default_factory=list)

    def update(self, event: Event, entry: TimelineEntry) -> None:
        """Update it with an event of the board."""
        match event.name:
            case vocabulary.JOINED | vocabulary.AP_UP:
                self.address, self.has_link = event.fields[vocabulary.IP_FIELD], True
            case vocabulary.LINK_LOST | vocabulary.AP_DOWN:
                self.has_link = False
            case "roles":
                rank = _rank_in(event.fields["order"].split(","), self.address)
                self.places.append(Place(int(event.fields[vocabulary.EPOCH_FIELD]), rank, entry))
            case vocabulary.ROLE if self.places:
                known = self.places[-1].rank
                rank = _rank_of(event, known)
                if rank != known:
                    self.places.append(Place(int(event.fields[vocabulary.EPOCH_FIELD]), rank, entry))

    def place_before(self, epoch: int) -> Place | None:
        """The latest place below that epoch."""
        known = [place for place in self.places if place.epoch < epoch]
        return known[-1] if known else None


def _rank_in(order: Sequence[str], address: str) -> int | None:
    return order.index(address) if address in order else None


def _rank_of(event: Event, known: int | None) -> int | None:
    """The rank in a `role` line, or the previous one, ``known``, if the line has none."""
    role = event.fields[vocabulary.ROLE_FIELD]
    if role == MASTER:
        return 0
    if role.startswith("WORKER"):
        return int(role.removeprefix("WORKER"))
    return None if event.fields.get("reason") == "not-listed" else known


@dataclass
class Reign:
    """An AP from its `ap-up` on."""

    begin: TimelineEntry
    contact_s: float | None
    """Earliest time at which a board that remembers an order can have sent HELLO to it; None if there is none yet."""
    has_registered: bool = False
    """Whether it has printed an order that is not empty."""
    rival: TimelineEntry | None = None
    """Its first line about another AP."""
    order: Event | None = None
    """Its latest order."""


class Reigns:
    """All APs on the air, and what all boards remember."""

    def __init__(self) -> None:
        self.by_board: dict[str, Reign] = {}
        self.memories: dict[str, Memory] = {}

    def see(self, entry: TimelineEntry) -> None:
        """Update with the next entry of the timeline."""
        if entry.kind == "serial" and ending_in(entry.text) is not None:
            self._restart(entry.source, entry.time_s)
        for event in entry.events:
            if event.name in RESTARTS:
                self._restart(event.board, entry.time_s)
                continue
            if event.board in self.memories:
                self.memories[event.board].update(event, entry)
            match event.name:
                case vocabulary.AP_UP:
                    # A board that has not noticed the AP's absence still sends to it, and an AP may send to itself.
                    is_in_touch = any(memory.has_link and memory.places for memory in self.memories.values())
                    self.by_board[event.board] = Reign(entry, entry.time_s if is_in_touch else None)
                case vocabulary.AP_DOWN:
                    self.by_board.pop(event.board, None)
                case vocabulary.JOINED if event.board in self.memories and self.memories[event.board].places:
                    for reign in self.by_board.values():
                        if reign.contact_s is None:
                            reign.contact_s = entry.time_s
                case "rival" if event.board in self.by_board:
                    reign = self.by_board[event.board]
                    reign.rival = reign.rival or entry
                case vocabulary.ORDER if event.board in self.by_board:
                    reign = self.by_board[event.board]
                    reign.order = event
                    reign.has_registered = reign.has_registered or bool(event.fields[vocabulary.NODES_FIELD])

    def _restart(self, board: str, time_s: float) -> None:
        self.memories[board] = Memory(time_s)
        self.by_board.pop(board, None)
