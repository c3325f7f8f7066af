"""Quarantine: the boards that nothing brought back, for the rest of the run, and what a test can still have."""

from collections.abc import Mapping, Sequence

from hil.errors import BlockedByQuarantine


class Quarantine:
    """Which boards of a rig are in quarantine, and why."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}

    @property
    def reasons(self) -> Mapping[str, str]:
        """Why, by board, the first in quarantine first."""
        return self._reasons

    def __contains__(self, board: str) -> bool:
        return board in self._reasons

    def add(self, board: str, reason: str) -> None:
        """``board`` is in quarantine from now on. The first reason stays."""
        self._reasons.setdefault(board, reason)

    def choose(self, ap: str, clients: Sequence[str], wanted: int | None) -> tuple[str, ...]:
        """The boards a test gets: ``ap``, and the first ``wanted`` of ``clients`` that are healthy, or all of them.

        Raises ``BlockedByQuarantine`` when there are too few. Nothing stands in for the AP, nor for one of "all".
        """
        healthy = [name for name in clients if name not in self]
        if ap in self:
            raise BlockedByQuarantine(f"board {ap} is quarantined: {self._reasons[ap]}")
        if wanted is not None and len(healthy) >= wanted:
            return (ap, *healthy[:wanted])
        missing = [name for name in clients if name in self]
        if not missing:
            return (ap, *clients)
        text = "; ".join(f"board {name} is quarantined: {self._reasons[name]}" for name in missing)
        if wanted is None:
            hint = "It asks for all boards of the rig: mark it with needs(clients=N) if fewer do"
        else:
            hint = f"It needs {wanted} clients, {len(healthy)} are left"
        raise BlockedByQuarantine(f"{text}. {hint}")
