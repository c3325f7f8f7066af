"""The boards of one Wi-Fi, an AP and its clients: which role each holds, in which order, and waiting for a change."""

from collections.abc import Mapping, Sequence
from enum import Enum, auto

from hil.board.board import Board
from hil.clock import Clock
from hil.cluster.cluster_state import ClusterState
from hil.cluster.vocabulary import AP_UP, NO_ROLE, REGISTERED
from hil.errors import WaitTimeout
from hil.events import Timeline

REGISTERED_WITHIN_S = 60.0
"""Seconds of rig time from power-on until the AP is up, or a client is registered: boot, radio, a few tries to join."""
CHANGE_WITHIN_S = 15.0
"""Seconds of rig time that a change of the cluster may take by default."""


class Anything(Enum):
    """The type of :data:`Anything.ANYTHING`, which stands for any state in :meth:`Cluster.wait`."""

    ANYTHING = auto()


class Cluster:
    """An AP and its clients, followed from construction on: construct it while they are off."""

    def __init__(self, ap: Board, clients: Sequence[Board], clock: Clock, timeline: Timeline) -> None:
        self.ap = ap
        self.clients = tuple(clients)
        self._clock = clock
        self._timeline = timeline
        self._boards = {board.name: board for board in (ap, *clients)}
        self._position = timeline.mark()
        self._state = ClusterState({board.serial: board.name for board in self._boards.values()})

    @property
    def state(self) -> ClusterState:
        """What is known now."""
        for entry in self._timeline.entries(self._position):
            self._position += 1
            if entry.source in self._boards:
                self._state = self._state.after(entry)
        return self._state

    @property
    def roles(self) -> dict[Board, str]:
        """The role of each board that holds one."""
        return {self._boards[name]: role for name, role in self.state.roles.items()}

    @property
    def master(self) -> Board | None:
        """The board that holds MASTER, or None; the first if there are two, which the invariants report."""
        return next((self._boards[name] for name in self.state.masters), None)

    @property
    def order(self) -> list[Board]:
        """The clients in the order that the AP keeps; a node that is not a board of this cluster is left out."""
        state = self.state
        names = [state.board_of(node) for node in state.order]
        return [self._boards[name] for name in names if name is not None]

    @property
    def epoch(self) -> int:
        """The epoch of the AP's latest order; 0 before the first."""
        return self.state.epoch

    def boot_in_order(self, within: float = REGISTERED_WITHIN_S) -> tuple[Board, ...]:
        """Switch on the AP, then each client once the previous one is registered; returns the clients.

        ``within`` is in seconds of rig time, for each board. Raises ``WaitTimeout``.
        """
        self.ap.power.on()
        self.ap.console.expect(AP_UP, within=within)
        for client in self.clients:
            client.power.on()
            client.console.expect(REGISTERED, within=within)
        return self.clients

    def wait(
        self,
        *,
        master: Board | Anything | None = Anything.ANYTHING,
        roles: Mapping[Board, str] | None = None,
        order: Sequence[Board] | None = None,
        within: float = CHANGE_WITHIN_S,
    ) -> None:
        """Wait until the cluster is in the given state, at most ``within`` seconds of rig time.

        An argument that is left out matches any state. ``master=None`` waits until no board holds MASTER. ``roles`` is
        complete: a board that is not in it holds no role. Raises ``WaitTimeout``, which names what differs.
        """

        def is_there() -> bool:
            return (
                (isinstance(master, Anything) or self.master is master)
                and (roles is None or self.roles == roles)
                and (order is None or self.order == list(order))
            )

        wanted = [] if isinstance(master, Anything) else [f"master {master}"]
        wanted += [] if roles is None else [f"roles {_by_board(roles)}"]
        wanted += [] if order is None else [f"order {list(order)}"]
        started_s = self._clock.now()
        if self._clock.wait_for(f"cluster: {'; '.join(wanted)}", is_there, within):
            return
        differences = []
        if not isinstance(master, Anything):
            differences.append(f"  master: expected {master}, is {self.master}")
        if roles is not None:
            differences.append(f"  roles: expected {_by_board(roles)}, are {_by_board(self.roles)}")
        if order is not None:
            differences.append(f"  order: expected {list(order)}, is {self.order}")
        text = f"the cluster did not reach this state within {within:g} s, since {self._shown(started_s)}"
        raise WaitTimeout("\n".join([text, *differences, *self._describe()]))

    def _shown(self, time_s: float) -> str:
        return f"{self._timeline.time_text(time_s)} s"

    def _describe(self) -> list[str]:
        """Role and last line of each board, and the order, for an error message."""
        state = self.state
        keeper = f"reported by {state.order_by}" if state.board(state.order_by).order is not None else "no AP keeps one"
        lines = [f"Order: {self.order}, epoch {state.epoch} ({keeper}). Each board:"]
        for name, board in self._boards.items():
            held, role = state.board(name).role, "no role"
            if held is not None and held.value != NO_ROLE:
                role = f"{held.value} since {self._shown(held.entry.time_s)}"
            last = board.console.lines[-1:]
            line = f"last line at {self._shown(last[0].time_s)}: {last[0].text}" if last else "it printed nothing"
            lines.append(f"  {name}: {role}; {line}")
        return lines


def _by_board(roles: Mapping[Board, str]) -> str:
    return ", ".join(sorted(f"{board} {role}" for board, role in roles.items())) or "none"
