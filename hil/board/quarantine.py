"""Quarantine: boards that could not be recovered are not used for the rest of the run."""

from collections.abc import Mapping, Sequence

from hil.errors import BlockedByQuarantine


class Quarantine:
    """Which boards of a rig are in quarantine, and why."""

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}

    @property
    def reasons(self) -> Mapping[str, str]:
        """The reason for each board in quarantine, in the order of quarantining."""
        return self._reasons

    def __contains__(self, board: str) -> bool:
        return board in self._reasons

    def add(self, board: str, reason: str) -> None:
        """Quarantine ``board``. If it is in quarantine already, the first reason stays."""
        self._reasons.setdefault(board, reason)

    def choose(self, ap: str, clients: Sequence[str], wanted: int | None) -> tuple[str, ...]:
        """The boards that a test gets: ``ap`` and the first ``wanted`` healthy boards of ``clients``, or all of them.

        Raises ``BlockedByQuarantine`` when there are too few. No board replaces the AP, nor one of "all".
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
