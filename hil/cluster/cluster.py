"""Order, roles and master of the boards of one Wi-Fi, as their own words tell them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from hil import events
from hil.board.board import Board
from hil.clock import Clock
from hil.errors import WaitTimeout
from hil.events import Event, Timeline

MASTER = "MASTER"
"""The role that one client holds, and at no instant two."""
NO_ROLE = "NONE"
"""What a client prints that holds no role."""
BOOT_WITHIN_S = 60.0
"""Seconds of rig time from power-on until the AP is up, or a client is registered: boot, radio, a few tries to join."""
CHANGE_WITHIN_S = 15.0
"""Seconds of rig time that a change of the cluster may take, unless told."""


@dataclass(frozen=True)
class RoleHeld:
    """The role that a board said it has."""

    role: str
    since_s: float
    """Rig time of the line."""


@dataclass(frozen=True)
class ClusterState:
    """What is known of a cluster after some events; a pure fold: :meth:`after` gives the next state."""

    roles: Mapping[str, RoleHeld] = field(default_factory=dict)
    """By board, in the order in which they got them; only boards that hold one."""
    ids: Mapping[str, str] = field(default_factory=dict)
    """Board by the id it booted with."""
    order: tuple[str, ...] = ()
    """Ids in the order that the AP keeps; empty when no AP is alive to keep one."""
    order_by: str = ""
    """The board that said the order."""
    epoch: int = 0
    """The epoch of the latest order, kept when its AP dies; 0 before the first."""

    @property
    def masters(self) -> tuple[str, ...]:
        """The boards that hold MASTER now."""
        return tuple(board for board, held in self.roles.items() if held.role == MASTER)

    def after(self, event: Event) -> "ClusterState":
        """The state that follows when ``event`` happens."""
        match event.name:
            case "boot" if "id" in event.fields:
                return replace(self._without(event.board), ids={**self.ids, event.fields["id"]: event.board})
            case "boot" | events.POWER_ON | events.POWER_OFF | events.STOPPED:
                return self._without(event.board)
            case "role" if "role" in event.fields:
                roles = {board: held for board, held in self.roles.items() if board != event.board}
                if event.fields["role"] != NO_ROLE:
                    roles[event.board] = RoleHeld(event.fields["role"], event.time_s)
                return replace(self, roles=roles)
            case "order" if "epoch" in event.fields:
                nodes = event.fields.get("nodes", "").split(",")
                ids = tuple(node.partition("@")[0] for node in nodes if node)
                return replace(self, order=ids, order_by=event.board, epoch=int(event.fields["epoch"]))
            case _:
                return self

    def _without(self, board: str) -> "ClusterState":
        """A board without power, stopped, or at its start, holds nothing and keeps nothing."""
        state = replace(self, roles={name: held for name, held in self.roles.items() if name != board})
        return replace(state, order=(), order_by="") if self.order_by == board else state


class Anything(Enum):
    """Says that a test does not care."""

    ANYTHING = auto()


class Cluster:
    """An AP and its clients, watched from construction on: construct it while they are off."""

    def __init__(self, ap: Board, clients: Sequence[Board], clock: Clock, timeline: Timeline) -> None:
        self.ap = ap
        self.clients = tuple(clients)
        self._clock = clock
        self._timeline = timeline
        self._boards = {board.name: board for board in (ap, *clients)}
        self._by_serial = {board.serial: board.name for board in self._boards.values()}
        self._position = timeline.event_mark()
        self._state = ClusterState()

    @property
    def state(self) -> ClusterState:
        """What is known now."""
        self._fold(self._timeline.events(self._position))
        return self._state

    @property
    def roles(self) -> dict[Board, str]:
        """The role of each board that holds one."""
        return {self._boards[name]: held.role for name, held in self.state.roles.items()}

    @property
    def master(self) -> Board | None:
        """The board that holds MASTER, or None. Two at once are for the invariants to tell: see ``hil.invariants``."""
        return next((self._boards[name] for name in self.state.masters), None)

    @property
    def order(self) -> list[Board]:
        """The clients in the order that the AP keeps; a node that is no board of this cluster is left out."""
        state = self.state
        names = [state.ids.get(node) or self._by_serial.get(node, "") for node in state.order]
        return [self._boards[name] for name in names if name]

    @property
    def epoch(self) -> int:
        """The epoch of the AP's latest order; 0 before the first."""
        return self.state.epoch

    def boot_in_order(self, within: float = BOOT_WITHIN_S) -> tuple[Board, ...]:
        """Switch on the AP, then each client once the one before is registered; returns the clients.

        ``within`` is in seconds of rig time, for each board. Raises ``WaitTimeout``.
        """
        self.ap.power.on()
        self.ap.console.expect("ap-up", within=within)
        for client in self.clients:
            client.power.on()
            client.console.expect("registered", within=within)
        return self.clients

    def wait(
        self,
        *,
        master: Board | Anything | None = Anything.ANYTHING,
        roles: Mapping[Board, str] | None = None,
        order: Sequence[Board] | None = None,
        within: float = CHANGE_WITHIN_S,
    ) -> None:
        """Wait until the cluster is as told, at most ``within`` seconds of rig time; what is left out may be anything.

        ``master=None`` waits until nobody holds MASTER. ``roles`` is complete: a board not in it holds no role.
        Raises ``WaitTimeout`` with what differs.
        """

        def as_told() -> bool:
            return (
                (isinstance(master, Anything) or self.master is master)
                and (roles is None or self.roles == roles)
                and (order is None or self.order == list(order))
            )

        wanted = [] if isinstance(master, Anything) else [f"master {master}"]
        wanted += [] if roles is None else [f"roles {_by_board(roles)}"]
        wanted += [] if order is None else [f"order {list(order)}"]
        started_s = self._clock.now()
        if self._clock.wait_for(f"cluster: {'; '.join(wanted)}", as_told, within):
            return
        told = []
        if not isinstance(master, Anything):
            told.append(f"  master: expected {master}, is {self.master}")
        if roles is not None:
            told.append(f"  roles: expected {_by_board(roles)}, are {_by_board(self.roles)}")
        if order is not None:
            told.append(f"  order: expected {list(order)}, is {self.order}")
        text = f"the cluster did not get there within {within:g} s, since {self._shown(started_s)}"
        raise WaitTimeout("\n".join([text, *told, *self._describe()]))

    def _fold(self, happened: Iterable[Event]) -> None:
        for event in happened:
            self._position += 1
            if event.board in self._boards:
                self._state = self._state.after(event)

    def _shown(self, time_s: float) -> str:
        return f"{self._timeline.time_text(time_s)} s"

    def _describe(self) -> list[str]:
        """Role and last line of each board, and the order, for an error message."""
        state = self.state
        said = f"as {state.order_by} said" if state.order_by else "no AP keeps one"
        lines = [f"Order: {self.order}, epoch {state.epoch} ({said}). Each board:"]
        for name, board in self._boards.items():
            held = state.roles.get(name)
            role = f"{held.role} since {self._shown(held.since_s)}" if held else "no role"
            last = board.console.lines[-1:]
            line = f"last line at {self._shown(last[0].time_s)}: {last[0].text}" if last else "it said nothing"
            lines.append(f"  {name}: {role}; {line}")
        return lines


def _by_board(roles: Mapping[Board, str]) -> str:
    return ", ".join(sorted(f"{board} {role}" for board, role in roles.items())) or "none"
