"""Epochs only rise."""

from collections.abc import Mapping
from dataclasses import dataclass

from hil import events
from hil.events import Event, TimelineEntry
from hil.invariants.consoles import has_ended
from hil.invariants.invariant import NOT_HEARD, Invariant


@dataclass(frozen=True)
class _Epoch:
    """An epoch, and the entry in which a board said it."""

    number: int
    entry: TimelineEntry


class EpochFall(Invariant):
    """The epoch in a board's events never falls within one boot, whatever the events; nor does it across APs.

    The latter for an order that lists a board: when that board had said an epoch before the AP came up, and has not
    started anew since, the order's epoch is not below it. For each of its HELLOs carried that epoch or a higher one,
    and the AP that hears it goes above it. Of nodes that are away an AP cannot know: it may begin at 1 until one of
    them is listed.
    """

    name = "epoch-fall"

    def __init__(self, nodes: Mapping[str, str]) -> None:
        super().__init__(nodes)
        self._latest: dict[str, _Epoch] = {}
        self._before_ap: dict[str, dict[str, _Epoch]] = {}

    def see(self, entry: TimelineEntry) -> None:
        if has_ended(entry):
            self._forget(entry.source)
        for event in entry.events:
            match event.name:
                case "boot" | events.POWER_ON | events.POWER_OFF | events.STOPPED:
                    self._forget(event.board)
                    self._before_ap[event.board] = dict(self._latest)
                    if "id" in event.fields:
                        self.nodes[event.fields["id"]] = event.board
                case "ap-up":
                    self._before_ap[event.board] = dict(self._latest)
                case events.SERIAL_GONE:
                    self._forget(event.board)
                case events.FAULT_BEGIN if event.fields["fault"] in NOT_HEARD:
                    self._forget(event.board)
            if event.fields.get("epoch", "").isdecimal():
                self._compare(event, entry)

    def _forget(self, board: str) -> None:
        """``board`` may have started anew."""
        self._latest.pop(board, None)
        for known in self._before_ap.values():
            known.pop(board, None)

    def _compare(self, event: Event, entry: TimelineEntry) -> None:
        now = _Epoch(int(event.fields["epoch"]), entry)
        before = self._latest.get(event.board)
        self._latest[event.board] = now
        if before is not None and now.number < before.number:
            text = f"the epoch of {event.board} fell from {before.number} to {now.number}"
            self.found(entry.time_s, text, [before.entry, entry])
        if event.name == "order":
            known = self._before_ap.get(event.board, {})
            for node in event.fields.get("nodes", "").split(","):
                board = self.nodes.get(node.partition("@")[0], "")
                if board in known and now.number < known[board].number:
                    old = known.pop(board)
                    text = f"{event.board} keeps an order of epoch {now.number} with {board}, which knew {old.number}"
                    self.found(entry.time_s, text, [old.entry, entry])
