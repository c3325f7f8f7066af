"""Invariants of `roles` and `first_boot` about an AP that takes over: from another AP or, after a restart, from itself.

The invariants in `hil` hold for any firmware with roles. These follow from docs/firmware.md and from the constants in
the manifests of these two apps.
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

from hil.cluster import vocabulary
from hil.cluster.vocabulary import AP_UP, EPOCH_FIELD, NODES_FIELD, ORDER, Node
from hil.events import FAULT_BEGIN, FAULT_END, Event, TimelineEntry
from hil.invariants.invariant import Invariant
from tests.exploration.reigns import Place, Reign, Reigns

LINE_LATE_S = 0.05
"""Tolerance: the delay from an event to the end of its line differs by up to this much."""
RULING_STEPS = 2
STATIONS_STEPS = 5
"""Steps for which an AP that rules waits for a rival to close: without stations, and with stations."""


class Promise(Invariant):
    """An invariant of firmware whose constants are known."""

    def __init__(self, nodes: Mapping[str, str], timing: Mapping[str, float]) -> None:
        """``timing`` is from the app's manifest."""
        super().__init__(nodes)
        self.timing = timing
        self.reigns = Reigns()

    def see(self, entry: TimelineEntry) -> None:
        for event in entry.events:
            self.judge(event, entry)
        self.reigns.see(entry)

    @abstractmethod
    def judge(self, event: Event, entry: TimelineEntry) -> None:
        """Check ``event``. :attr:`reigns` does not include it yet."""

    def boards_in(self, order: Event) -> list[str]:
        """The boards that an `order` lists; nodes that are not boards are left out."""
        nodes = Node.parse_all(order.fields[NODES_FIELD])
        return [self.nodes[node.id] for node in nodes if node.id in self.nodes]


@dataclass(frozen=True)
class _Listed:
    """A board in the order of an AP."""

    place: Place | None
    """The place that it remembered when it was listed; None if none."""
    is_known: bool
    """Whether it remembered the same when the AP came up, so that all its HELLOs to that AP have carried it."""
    is_late: bool
    """Whether the AP had an order already."""

    @property
    def key(self) -> tuple[int, int]:
        """The sort key by which a new AP orders its nodes."""
        if self.place is None or self.place.rank is None:
            return 0, 0
        return -self.place.epoch, self.place.rank


class OrderKept(Promise):
    """An AP that takes over keeps the order that its nodes remember.

    Its first order follows the epochs and ranks in their HELLOs: the highest epoch first, then by rank, new nodes last.
    A later node is put before those that were behind it in the same epoch, but never first, because MASTER is not
    preempted. An old MASTER that is late has lost its place.

    A board whose memory has changed since the AP came up is not checked: its HELLO may be from before or after the
    change, and another AP may have given it its place.
    """

    name = "order-lost"

    def __init__(self, nodes: Mapping[str, str], timing: Mapping[str, float]) -> None:
        super().__init__(nodes, timing)
        self._listed: dict[str, dict[str, _Listed]] = {}

    def judge(self, event: Event, entry: TimelineEntry) -> None:
        if event.name == AP_UP:
            self._listed[event.board] = {}
        reign = self.reigns.by_board.get(event.board)
        if event.name != ORDER or reign is None:
            return
        boards, before, epoch = self.boards_in(event), self._listed[event.board], int(event.fields[EPOCH_FIELD])
        listed = {board: before.get(board) or self._list(board, reign, epoch, is_late=bool(before)) for board in boards}
        self._listed[event.board] = listed
        for (place, ahead), (_, behind) in combinations(enumerate(boards), 2):
            is_news = ahead not in before or behind not in before
            if is_news and _are_swapped(listed[ahead], listed[behind], ahead_is_first=place == 0):
                text = f"{event.board} lists {ahead} before {behind}, which were the other way round"
                remembered = [one.place.entry for one in (listed[ahead], listed[behind]) if one.place is not None]
                self.found(entry.time_s, text, [*remembered, reign.begin, entry])

    def _list(self, board: str, reign: Reign, epoch: int, *, is_late: bool) -> _Listed:
        memory = self.reigns.memories[board]
        place = memory.place_before(epoch)
        since_s = max(memory.started_s, place.entry.time_s if place is not None else 0.0)
        return _Listed(place, since_s <= reign.begin.time_s, is_late)


def _are_swapped(ahead: _Listed, behind: _Listed, *, ahead_is_first: bool) -> bool:
    """Whether an AP has wrongly put ``ahead`` before ``behind``."""
    if not (ahead.is_known and behind.is_known) or ahead.key <= behind.key:
        return False
    if not (ahead.is_late or behind.is_late):
        return True
    if behind.is_late and (ahead_is_first or behind.key[1] == 0):
        return False
    return ahead.key[0] == behind.key[0]


class CollectsFirst(Promise):
    """An AP that takes over registers no node, and so grants no lease, until it has collected HELLOs for `collect_s`.

    The time counts from when it came up or, if that is later, from the first HELLO of a node that remembers an order:
    such nodes return within seconds of each other, and must not lose their places to the fastest one.
    """

    name = "not-collected"

    def judge(self, event: Event, entry: TimelineEntry) -> None:
        reign = self.reigns.by_board.get(event.board)
        if event.name != ORDER or not event.fields[NODES_FIELD] or reign is None or reign.has_registered:
            return
        collected_s = entry.time_s - self._collects_from_s(event, reign)
        if collected_s < self.timing["collect_s"] - LINE_LATE_S:
            text = f"{event.board} collected for {collected_s:.3f} s before its first order"
            self.found(entry.time_s, text, [reign.begin, entry])

    def _collects_from_s(self, order: Event, reign: Reign) -> float:
        memories, epoch = self.reigns.memories, int(order.fields[EPOCH_FIELD])
        is_remembered = any(memories[board].place_before(epoch) is not None for board in self.boards_in(order))
        return reign.contact_s if is_remembered and reign.contact_s is not None else reign.begin.time_s


class YieldsInTurn(Promise):
    """Of two APs that meet, the one with stations stays: it waits for the other, which has less to lose, to close."""

    name = "yielded-too-soon"

    def __init__(self, nodes: Mapping[str, str], timing: Mapping[str, float]) -> None:
        super().__init__(nodes, timing)
        self._faults = 0
        self._undisturbed_since_s = 0.0

    def judge(self, event: Event, entry: TimelineEntry) -> None:
        match event.name:
            case vocabulary.AP_DOWN if event.fields["reason"] == "rival":
                reign = self.reigns.by_board[event.board]
                if reign.has_registered and reign.rival is not None:
                    self._judge(event.board, reign, reign.rival, entry)
            case fault if fault in (FAULT_BEGIN, FAULT_END):
                self._faults += 1 if fault == FAULT_BEGIN else -1
                self._undisturbed_since_s = entry.time_s

    def _judge(self, board: str, reign: Reign, rival: TimelineEntry, entry: TimelineEntry) -> None:
        stations = self._stations(board, reign)
        steps = STATIONS_STEPS if stations and self._hears_them(entry.time_s) else RULING_STEPS
        waited_s = entry.time_s - rival.time_s
        if waited_s < steps * self.timing["rival_step_s"] - LINE_LATE_S:
            text = f"{board}, which ruled, closed {waited_s:.3f} s after it had heard of a rival"
            self.found(entry.time_s, f"{text}; its stations: {', '.join(stations) or 'none'}", [rival, entry])

    def _stations(self, board: str, reign: Reign) -> list[str]:
        """The nodes of its order that have joined and use that order."""
        if reign.order is None:
            return []
        epoch = int(reign.order.fields[EPOCH_FIELD])
        memories = {other: self.reigns.memories[other] for other in self.boards_in(reign.order) if other != board}
        return [
            other
            for other, memory in memories.items()
            if memory.has_link and memory.places and memory.places[-1].epoch == epoch
        ]

    def _hears_them(self, now_s: float) -> bool:
        """Whether its stations are certain: after a fault an AP may have forgotten some that have not noticed yet."""
        return not self._faults and now_s - self._undisturbed_since_s > self.timing["ap_silent_s"]
