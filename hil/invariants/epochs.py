"""Epochs only rise."""

from collections.abc import Mapping

from hil import events
from hil.cluster import vocabulary
from hil.cluster.board_state import BoardState
from hil.events import TimelineEntry
from hil.invariants.invariant import Invariant

_RESETS_MEMORY = frozenset({vocabulary.BOOT, vocabulary.AP_UP, events.POWER_ON, events.POWER_OFF, events.STOPPED})
"""Events after which a board knows only the epochs that the nodes it then hears knew at that moment."""


class EpochFall(Invariant):
    """The epoch in a board's events never falls within one boot, whatever the events; nor does it across APs.

    The latter for an order that lists a board: if that board had reported an epoch before the AP came up, and has not
    restarted since, the epoch of the order is not below it. Each of its HELLOs carried that epoch or a higher one, and
    the AP that hears it goes above it. An AP cannot know about nodes that are away: it may begin at 1 until one of
    them is listed.
    """

    name = "epoch-fall"

    def __init__(self, nodes: Mapping[str, str]) -> None:
        super().__init__(nodes)
        self._before_ap: dict[str, dict[str, BoardState]] = {}
        """What each board knew when an AP came up, by AP."""

    def see(self, entry: TimelineEntry) -> None:
        if self.after is self.before:
            return
        if any(event.name in _RESETS_MEMORY for event in entry.events):
            self._before_ap[entry.source] = dict(self.after.boards)
        was, now = self.before.board(entry.source), self.after.board(entry.source)
        if was.epoch is not None and now.epoch is not None and now.proves(was.epoch):
            old, new = was.epoch.value, now.epoch.value
            if new < old:
                text = f"the epoch of {entry.source} fell from {old} to {new}"
                self.found(entry.time_s, text, [was.epoch.entry, entry])
        if now.order is not None and now.order is not was.order:
            self._compare_with_nodes(now.order.value, entry)

    def _compare_with_nodes(self, order: vocabulary.Order, entry: TimelineEntry) -> None:
        known = self._before_ap.get(entry.source, {})
        for node in order.nodes:
            board = self.after.board_of(node)
            if board is None or board not in known:
                continue
            # An epoch of an earlier run is forgotten, in the snapshot and since then.
            epoch = known[board].epoch if self.after.board(board).proves(known[board].epoch) else None
            if epoch is not None and order.epoch < epoch.value:
                del known[board]
                text = f"{entry.source} keeps an order of epoch {order.epoch} with {board}, which knew {epoch.value}"
                self.found(entry.time_s, text, [epoch.entry, entry])
