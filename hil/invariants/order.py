"""Once a cluster has settled, its roles are MASTER, WORKER1, WORKER2 … without gap or repeat."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hil import events
from hil.cluster.cluster import MASTER
from hil.events import Event, TimelineEntry
from hil.invariants.consoles import has_ended
from hil.invariants.invariant import NOT_HEARD, Invariant
from hil.invariants.masters import Said, SaidRoles

SETTLED_S = 20.0
"""Seconds without a change in which a cluster settles: a silent worker is dropped after 15, and within a HELLO period
of 5 everybody has been told of it."""

_ROLE = re.compile(r"MASTER|WORKER[1-9]\d*")
_CHANGING_KINDS = frozenset({"power", "link", "deploy", "repl", "reset", "fault"})
_CHANGING_EVENTS = frozenset({"boot", "ap-up", "ap-down", "joined", "link-lost", "registered", "role", "order"})


@dataclass(frozen=True)
class _Order:
    """Node ids in the order that an AP keeps, and the entry that proves it."""

    nodes: tuple[str, ...]
    entry: TimelineEntry


class RoleOrder(Invariant):
    """The roles of a settled cluster are MASTER, WORKER1, WORKER2 … without gap or repeat, in the order its AP keeps.

    A cluster has settled when for ``SETTLED_S`` no board was switched, stopped, reset or deployed to, no serial device
    came or went, no fault began or ended, no program ended, and no board said `boot`, `ap-up`, `ap-down`, `joined`,
    `link-lost`, `registered`, `role` or `order`; and while no fault lasts. Then each board in the order of the one AP
    that keeps one holds the role of its place, and no other board holds any. Nothing is promised while no AP keeps an
    order, or several do, or another is on the air by its own word (`ap-up` to `ap-down`): which of two stays they may
    take longer to find out, and who has opened an AP goes on believing what it last heard as a client.

    Left alone are the places of nodes that are no boards (a probe's guest), a board that has lost its Wi-Fi, for it
    goes on believing, and one that has not said its role since it could be heard again. Where no AP has ever said an
    order (firmware without that event), all roles must differ, without gap from WORKER1 on.
    """

    name = "role-order"

    def __init__(self, nodes: Mapping[str, str]) -> None:
        super().__init__(nodes)
        self._roles = SaidRoles()
        self._orders: dict[str, _Order] = {}
        self._order_was_said = False
        self._on_air: set[str] = set()
        self._without_wifi: set[str] = set()
        self._faults: list[tuple[str, str]] = []
        self._changed_s: float | None = None

    def see(self, entry: TimelineEntry) -> None:
        if not (
            entry.kind in _CHANGING_KINDS
            or any(event.name in _CHANGING_EVENTS for event in entry.events)
            or has_ended(entry)
        ):
            return
        self._judge_if_settled(entry.time_s)
        self._changed_s = entry.time_s
        self._roles.see(entry)
        if has_ended(entry):
            self._orders.pop(entry.source, None)
            self._on_air.discard(entry.source)
        for event in entry.events:
            self._take_in(event, entry)

    def finish(self, end_s: float) -> None:
        self._judge_if_settled(end_s)

    def _take_in(self, event: Event, entry: TimelineEntry) -> None:
        match event.name:
            case "boot" | events.POWER_ON | events.POWER_OFF | events.STOPPED:
                self._orders.pop(event.board, None)
                self._on_air.discard(event.board)
                self._without_wifi.discard(event.board)
                if "id" in event.fields:
                    self.nodes[event.fields["id"]] = event.board
            case events.SERIAL_GONE | "ap-down":
                self._orders.pop(event.board, None)
                self._on_air.discard(event.board)
            case "ap-up":
                self._on_air.add(event.board)
                self._without_wifi.discard(event.board)
            case "joined":
                self._without_wifi.discard(event.board)
            case "link-lost":
                self._without_wifi.add(event.board)
            case "order" if "nodes" in event.fields:
                nodes = tuple(node.partition("@")[0] for node in event.fields["nodes"].split(",") if node)
                self._orders[event.board] = _Order(nodes, entry)
                self._order_was_said = True
            case events.FAULT_BEGIN:
                self._faults.append((event.board, event.fields["fault"]))
                if event.fields["fault"] in NOT_HEARD:
                    self._orders.pop(event.board, None)
                    self._on_air.discard(event.board)
            case events.FAULT_END if (event.board, event.fields["fault"]) in self._faults:
                self._faults.remove((event.board, event.fields["fault"]))

    def _judge_if_settled(self, now_s: float) -> None:
        if self._changed_s is None or now_s - self._changed_s < SETTLED_S or self._faults:
            return
        said = {board: one for board, one in self._roles.by_board.items() if board not in self._without_wifi}
        if len(self._orders) == 1:
            [(keeper, order)] = self._orders.items()
            if self._on_air - {keeper}:
                return
            places = [self.nodes.get(node) for node in order.nodes]
            self._tell(f"the order that {keeper} keeps", _differences(places, said), said, places, order.entry)
        elif not self._order_was_said:
            self._tell("an order without gap or repeat", _gaps_and_repeats(said), said)

    def _tell(
        self,
        what: str,
        wrong: Sequence[str],
        said: Mapping[str, Said],
        places: Sequence[str | None] = (),
        *order: TimelineEntry,
    ) -> None:
        if wrong and self._changed_s is not None:
            text = f"the cluster has settled, but its roles are not {what}: {', '.join(wrong)}"
            proof = [one.entry for board, one in said.items() if board in places or _ROLE.fullmatch(one.role)]
            self.found(self._changed_s + SETTLED_S, text, [*order, *proof])


def _differences(places: Sequence[str | None], said: Mapping[str, Said]) -> list[str]:
    """Where boards are not what their places in the order make them; None for a node that is no board."""
    wrong = []
    for place, board in enumerate(places):
        role = f"WORKER{place}" if place else MASTER
        if board is not None and board in said and said[board].role != role:
            wrong.append(f"{board} is {said[board].role} at the place of {role}")
    for board, one in said.items():
        if _ROLE.fullmatch(one.role) and board not in places:
            wrong.append(f"{board} is {one.role} without a place")
    return wrong


def _gaps_and_repeats(said: Mapping[str, Said]) -> list[str]:
    """Which roles several boards hold, and which nobody."""
    boards: dict[str, list[str]] = {}
    for board, one in said.items():
        if _ROLE.fullmatch(one.role):
            boards.setdefault(one.role, []).append(board)
    wrong = [f"{' and '.join(several)} are {role}" for role, several in boards.items() if len(several) > 1]
    expected = [f"WORKER{place}" for place in range(1, 1 + len(boards.keys() - {MASTER}))]
    return wrong + [f"nobody is {role}" for role in expected if role not in boards]
