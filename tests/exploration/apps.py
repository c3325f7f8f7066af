"""What exploration requires of each app: when its cluster is complete, how soon, and what is permitted meanwhile."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from hil.board.board import Board
from hil.cluster.cluster import Cluster
from hil.cluster.vocabulary import (
    AP_DOWN,
    AP_UP,
    BOOT,
    EPOCH_FIELD,
    IP_FIELD,
    JOINED,
    MASTER,
    NODES_FIELD,
    REGISTERED,
    ROLE,
    Node,
    role_at,
)
from hil.events import POWER_OFF
from hil.rig import Rig
from tests.exploration.promises import CollectsFirst, OrderKept, Promise, YieldsInTurn


@dataclass(frozen=True)
class Permission:
    """A violation that is unavoidable: from the begin of a fault until ``after_s`` after its end."""

    invariant: str
    fault: str
    after_s: float
    reason: str


class AppUnderFaults(ABC):
    """One app on a rig with faults."""

    name: ClassVar[str]
    has_master: ClassVar[bool] = True
    complete_within_s: ClassVar[float]
    """From the end of the last fault, with all boards on, until the cluster must be complete."""
    permissions: ClassVar[Sequence[Permission]] = ()
    promises: ClassVar[Sequence[type[Promise]]] = ()
    """What must hold at every instant, besides the invariants."""

    def __init__(self, rig: Rig) -> None:
        """Create it while all boards are off."""
        self.rig = rig
        self.boards = tuple(rig.boards.values())
        self.cluster = Cluster(rig.ap, rig.clients, rig.clock, rig.timeline)

    @abstractmethod
    def is_complete(self) -> bool:
        """Whether every board with power has the link and the role that it should have, and knows the order."""

    @abstractmethod
    def describe(self) -> str:
        """The state of the cluster, to explain why it is not complete."""

    def boot_in_order(self) -> None:
        """Switch on board after board. Raises ``WaitTimeout``."""
        self.cluster.boot_in_order()

    @property
    def access_point(self) -> Board | None:
        """The board that is the AP now."""
        return self.rig.ap

    @property
    def master(self) -> Board | None:
        """The board that is MASTER now."""
        return self.cluster.master


def _address(board: Board) -> str:
    """The address of a board, as it last printed it."""
    said = [event for event in board.console.events() if event.name in (JOINED, AP_UP)]
    return said[-1].fields[IP_FIELD] if said else ""


def _believed(board: Board) -> tuple[str, str]:
    """Epoch and order, as a board last printed them."""
    said = board.events("roles")
    return (said[-1].fields[EPOCH_FIELD], said[-1].fields["order"]) if said else ("", "")


class _WithRoles(AppUnderFaults):
    """Apps in which an AP keeps an order of members."""

    @property
    @abstractmethod
    def members(self) -> Sequence[Board]:
        """The boards that must be in the order."""

    def is_complete(self) -> bool:
        order = self.cluster.order
        roles = {board: role_at(place) for place, board in enumerate(order)}
        if len(order) != len(self.members) or set(order) != set(self.members) or self.cluster.roles != roles:
            return False
        expected = str(self.cluster.epoch), ",".join(map(_address, order))
        return all(_believed(board) == expected for board in order)

    def describe(self) -> str:
        cluster = self.cluster
        roles = ", ".join(f"{board} {role}" for board, role in cluster.roles.items())
        beliefs = "; ".join(f"{board} at {_address(board)}: {' '.join(_believed(board))}" for board in self.members)
        return f"order {cluster.order} of epoch {cluster.epoch}, roles: {roles}; their own view: {beliefs}"


class Roles(_WithRoles):
    """App roles: its AP is always the same board."""

    name = "roles"
    complete_within_s = 60.0
    promises = (OrderKept, CollectsFirst)

    @property
    def members(self) -> Sequence[Board]:
        return self.cluster.clients


class FirstBoot(_WithRoles):
    """App first_boot: every board may be the AP, and is a member."""

    name = "first_boot"
    complete_within_s = 120.0
    permissions = (
        Permission(
            "two-masters",
            "partition",
            90.0,
            "parts out of each other's reach have their own AP and MASTER, until a while after they meet",
        ),
    )
    promises = (OrderKept, CollectsFirst, YieldsInTurn)

    @property
    def members(self) -> Sequence[Board]:
        return self.boards

    def is_complete(self) -> bool:
        return len(self._access_points()) == 1 and super().is_complete()

    def describe(self) -> str:
        return f"APs: {self._access_points()}, {super().describe()}"

    def boot_in_order(self) -> None:
        first, *others = self.boards
        first.power.on()
        first.console.expect(ROLE, within=60, role=MASTER)
        for board in others:
            board.power.on()
            board.console.expect(REGISTERED, within=60)

    @property
    def access_point(self) -> Board | None:
        return next(iter(self._access_points()), None)

    def _access_points(self) -> list[Board]:
        found = []
        for board in self.boards:
            names = (BOOT, AP_UP, AP_DOWN, POWER_OFF)
            said = [event.name for event in board.console.events() if event.name in names]
            if said[-1:] == [AP_UP]:
                found.append(board)
        return found


class Mesh(AppUnderFaults):
    """App mesh: no roles; the AP lists all clients, and each client knows all others."""

    name = "mesh"
    has_master = False
    complete_within_s = 60.0

    def boot_in_order(self) -> None:
        self.cluster.ap.power.on()
        self.cluster.ap.console.expect(AP_UP, within=60)
        for client in self.cluster.clients:
            client.power.on()
            client.console.expect(JOINED, within=60)

    def is_complete(self) -> bool:
        addresses = {client: _address(client) for client in self.cluster.clients}
        if len(set(addresses.values())) < len(addresses) or self._listed() != set(addresses.values()):
            return False
        return all(
            self._members(client) == {ip for other, ip in addresses.items() if other is not client}
            for client in self.cluster.clients
        )

    def describe(self) -> str:
        known_by_client = [
            f"{client} at {_address(client)} knows {self._members(client)}" for client in self.cluster.clients
        ]
        return f"the AP lists {self._listed()}; {'; '.join(known_by_client)}"

    def _listed(self) -> set[str]:
        said = self._since_boot(self.cluster.ap, "listed")
        return {node.ip for node in Node.parse_all(said)}

    def _members(self, client: Board) -> set[str]:
        return set(filter(None, self._since_boot(client, "members", "list").split(",")))

    def _since_boot(self, board: Board, name: str, field: str = NODES_FIELD) -> str:
        text = ""
        for event in board.console.events():
            if event.name in (BOOT, POWER_OFF):
                text = ""
            elif event.name == name:
                text = event.fields[field]
        return text


APPS: tuple[type[AppUnderFaults], ...] = (Roles, Mesh, FirstBoot)
"""All apps that are explored."""


def app_called(name: str) -> type[AppUnderFaults]:
    """The app of that name. Raises ``KeyError`` with the known names."""
    for kind in APPS:
        if kind.name == name:
            return kind
    raise KeyError(f"{name} is not explored; known: {', '.join(kind.name for kind in APPS)}")
