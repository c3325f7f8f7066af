"""The state of all boards of a rig: their node ids, the roles that they hold, and the order that an AP keeps."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from hil.cluster.board_facts import Reported
from hil.cluster.board_state import BoardState
from hil.cluster.vocabulary import MASTER, Node
from hil.events import TimelineEntry

_UNKNOWN = BoardState()


class ClusterState(NamedTuple):
    """What is known of a cluster after some entries; a pure fold: :meth:`after` gives the next state."""

    nodes: Mapping[str, str] = MappingProxyType({})
    """The board by its node id: what the rig knows to begin with, then what `boot` events report."""
    boards: Mapping[str, BoardState] = MappingProxyType({})
    """By the source of its entries: boards, and other parts of the rig on which a fault was injected, such as `air`."""
    order_by: str = ""
    """The board that reported the latest order; empty before the first."""
    epoch: int = 0
    """The epoch of the latest order, kept when its AP dies; 0 before the first."""

    @property
    def roles(self) -> dict[str, str]:
        """The role by board, in the order in which they reported them; only boards that hold one."""
        held = [(state.role, name) for name, state in self.boards.items() if state.role and state.holds_role]
        return {name: role.value for role, name in sorted(held, key=lambda one: one[0].entry.time_s)}

    @property
    def masters(self) -> tuple[str, ...]:
        """The boards that hold MASTER now."""
        return tuple(board for board, role in self.roles.items() if role == MASTER)

    @property
    def order(self) -> tuple[Node, ...]:
        """The latest order; empty when the AP that kept it has closed, was stopped or has lost its power."""
        order = self.board(self.order_by).order
        return () if order is None else order.value.nodes

    def proven_roles(self) -> dict[str, Reported[str]]:
        """The role that each board reported, ``NO_ROLE`` included; only boards for which that is certain."""
        roles = ((name, state.role, state) for name, state in self.boards.items())
        return {name: role for name, role, state in roles if role is not None and state.proves(role)}

    def board(self, name: str) -> BoardState:
        """The state of that board, or of any other source of entries."""
        return self.boards.get(name, _UNKNOWN)

    def board_of(self, node: Node) -> str | None:
        """The board that is ``node``; None for a guest."""
        return self.nodes.get(node.id)

    def after(self, entry: TimelineEntry) -> "ClusterState":
        """The state after ``entry``."""
        before = self.boards.get(entry.source, _UNKNOWN)
        after = before.after(entry)
        if after is before:
            return self
        nodes, order_by, epoch = self.nodes, self.order_by, self.epoch
        if after.node_id != before.node_id:
            nodes = {**nodes, after.node_id: entry.source}
        if after.order is not None and after.order is not before.order:
            order_by, epoch = entry.source, after.order.value.epoch
        return ClusterState(nodes, {**self.boards, entry.source: after}, order_by, epoch)
