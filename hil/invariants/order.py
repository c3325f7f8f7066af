"""Once a cluster has settled, its roles are MASTER, WORKER1, WORKER2 … without gap or repeat."""

from collections.abc import Mapping, Sequence

from hil.cluster import vocabulary
from hil.cluster.board_facts import Reported, WifiStatus
from hil.cluster.board_state import BoardState
from hil.cluster.vocabulary import Order, is_cluster_role, role_at
from hil.events import TimelineEntry
from hil.invariants.invariant import Invariant

SETTLED_S = 20.0
"""Seconds without a change in which a cluster settles: a silent worker is dropped after 15, and within a HELLO period
of 5 all nodes have learned of it."""

_CHANGING_KINDS = frozenset({"power", "link", "deploy", "repl", "reset", "fault"})
_CHANGING_EVENTS = frozenset(
    {
        *(vocabulary.BOOT, vocabulary.AP_UP, vocabulary.AP_DOWN, vocabulary.JOINED, vocabulary.LINK_LOST),
        *(vocabulary.REGISTERED, vocabulary.ROLE, vocabulary.ORDER),
    }
)


class RoleOrder(Invariant):
    """The roles of a settled cluster are MASTER, WORKER1, WORKER2 … without gap or repeat, in the order its AP keeps.

    A cluster has settled when for ``SETTLED_S`` no board was switched, stopped, reset or deployed to, no serial device
    came or went, no fault began or ended, no program ended, and no board printed `boot`, `ap-up`, `ap-down`, `joined`,
    `link-lost`, `registered`, `role` or `order`; and while no fault lasts. Then each board in the order of the one AP
    that keeps one holds the role of its place, and no other board holds any. Nothing is promised while no AP keeps an
    order, or several do, or another AP is on the air by its own report (`ap-up` to `ap-down`): the two may take longer
    to find out which of them stays, and a board that has opened an AP keeps the role that it last had as a client.

    Three things are not judged: the places of nodes that are not boards (a probe's guest); a board that has lost its
    Wi-Fi, which keeps its role; and one that has not reported its role since it could be heard again. Where no AP has
    ever reported an order (firmware without that event), all roles must differ, without gap from WORKER1 on.
    """

    name = "role-order"

    def __init__(self, nodes: Mapping[str, str]) -> None:
        super().__init__(nodes)
        self._changed_s: float | None = None

    def see(self, entry: TimelineEntry) -> None:
        if (
            entry.kind in _CHANGING_KINDS
            or any(event.name in _CHANGING_EVENTS for event in entry.events)
            # A line that reports the end of a program.
            or self.after.board(entry.source).run != self.before.board(entry.source).run
        ):
            self._judge_if_settled(entry.time_s)
            self._changed_s = entry.time_s

    def finish(self, end_s: float) -> None:
        self._judge_if_settled(end_s)

    def _judge_if_settled(self, now_s: float) -> None:
        if self._changed_s is None or now_s - self._changed_s < SETTLED_S:
            return
        boards = self.before.boards
        if any(state.faults for state in boards.values()):
            return
        roles = {name: role for name, role in self.before.proven_roles().items() if not _has_lost_wifi(boards[name])}
        orders = {name: state.order for name, state in boards.items() if state.order and state.proves(state.order)}
        if len(orders) == 1:
            [(keeper, order)] = orders.items()
            if any(_is_on_air(state) for name, state in boards.items() if name != keeper):
                return
            self._compare(keeper, order, roles)
        elif not self.before.order_by:
            self._report("an order without gap or repeat", _gaps_and_repeats(roles), roles)

    def _compare(self, keeper: str, order: Reported[Order], roles: Mapping[str, Reported[str]]) -> None:
        places = [self.before.board_of(node) for node in order.value.nodes]
        self._report(f"the order that {keeper} keeps", _differences(places, roles), roles, places, order.entry)

    def _report(
        self,
        what: str,
        wrong: Sequence[str],
        roles: Mapping[str, Reported[str]],
        places: Sequence[str | None] = (),
        *order: TimelineEntry,
    ) -> None:
        if wrong and self._changed_s is not None:
            text = f"the cluster has settled, but its roles are not {what}: {', '.join(wrong)}"
            proof = [role.entry for board, role in roles.items() if board in places or is_cluster_role(role.value)]
            self.found(self._changed_s + SETTLED_S, text, [*order, *proof])


def _has_lost_wifi(state: BoardState) -> bool:
    return state.wifi is not None and state.wifi.value.status is WifiStatus.LOST


def _is_on_air(state: BoardState) -> bool:
    return state.wifi is not None and state.proves(state.wifi) and state.wifi.value.status is WifiStatus.AP_UP


def _differences(places: Sequence[str | None], roles: Mapping[str, Reported[str]]) -> list[str]:
    """Which boards do not hold the role of their place in the order; None is a node that is not a board."""
    wrong = []
    for place, board in enumerate(places):
        if board is not None and board in roles and roles[board].value != role_at(place):
            wrong.append(f"{board} is {roles[board].value} at the place of {role_at(place)}")
    for board, role in roles.items():
        if is_cluster_role(role.value) and board not in places:
            wrong.append(f"{board} is {role.value} without a place")
    return wrong


def _gaps_and_repeats(roles: Mapping[str, Reported[str]]) -> list[str]:
    """Which roles several boards hold, and which none."""
    boards: dict[str, list[str]] = {}
    for board, role in roles.items():
        if is_cluster_role(role.value):
            boards.setdefault(role.value, []).append(board)
    wrong = [f"{' and '.join(several)} are {role}" for role, several in boards.items() if len(several) > 1]
    expected = [role_at(place) for place in range(1, 1 + len(boards.keys() - {role_at(0)}))]
    return wrong + [f"no board is {role}" for role in expected if role not in boards]
