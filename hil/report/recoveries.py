"""Recoveries and quarantine in reports. Each one is listed: silent retries would hide a bench that wears out."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    # tenacity, which a run without a rig must not pay for.
    from hil.board.recovery import RecoveryAttempt

T = TypeVar("T")

RECOVERY_PROPERTY = "recovery"
"""Name of the pytest user property for one rung of the recovery ladder, climbed while a test was prepared."""
QUARANTINE_PROPERTY = "quarantine"
"""Name of the pytest user property for a board that was quarantined while a test was prepared, with the reason."""


@dataclass(frozen=True, kw_only=True)
class Recovery:
    """One rung of the recovery ladder that was climbed for one board."""

    board: str
    rung: str
    helped: bool
    took_s: float = 0.0
    """Seconds of rig time."""


@dataclass(frozen=True, kw_only=True)
class QuarantinedBoard:
    """A board that was quarantined, and why."""

    board: str
    reason: str


def recovery_property(attempt: "RecoveryAttempt") -> tuple[str, str]:
    """``attempt`` as a pytest user property: it survives xdist and reaches JUnit XML."""
    return RECOVERY_PROPERTY, json.dumps(asdict(attempt))


def quarantine_property(board: str, reason: str) -> tuple[str, str]:
    """``board`` and why it was quarantined, as a pytest user property."""
    return QUARANTINE_PROPERTY, json.dumps({"board": board, "reason": reason})


def recoveries_in(properties: Iterable[tuple[str, Any]]) -> list[Recovery]:
    """The recoveries among the user properties of a test, oldest first."""
    return list(_records(properties, RECOVERY_PROPERTY, Recovery))


def quarantined_in(properties: Iterable[tuple[str, Any]]) -> list[QuarantinedBoard]:
    """The boards that were quarantined, from the user properties of a test."""
    return list(_records(properties, QUARANTINE_PROPERTY, QuarantinedBoard))


def _records(properties: Iterable[tuple[str, Any]], wanted: str, make: Callable[..., T]) -> Iterator[T]:
    for name, value in properties:
        if name == wanted:
            # A test may record a property of that name itself, with a value of any kind.
            with suppress(TypeError, ValueError):
                yield make(**json.loads(value))


def recovery_lines(recoveries: Iterable[Recovery], quarantined: Iterable[QuarantinedBoard]) -> list[str]:
    """One line per board that needed recovery in a run; boards by name.

    It shows how often the board needed it, which rung helped how often, and why it was quarantined.
    """
    helped: Mapping[str, Counter[str]] = defaultdict(Counter)
    failed: Counter[str] = Counter()
    climbed: Counter[str] = Counter()
    reasons: dict[str, str] = {}
    for lost in quarantined:
        # Once in each worker of xdist that has the board.
        reasons.setdefault(lost.board, lost.reason)
        failed[lost.board] += 1
    for recovery in recoveries:
        climbed[recovery.board] += 1
        if recovery.helped:
            helped[recovery.board][recovery.rung] += 1
    lines = []
    for board in sorted({*helped, *reasons, *climbed}):
        needed = helped[board].total() + failed[board]
        rungs = ", ".join(f"{rung} helped {_times(count)}" for rung, count in helped[board].items()) or "nothing helped"
        line = f"board {board} needed recovery {_times(needed)}: {rungs} ({_tries(climbed[board])})"
        if board in reasons:
            line += f"; quarantined: {reasons[board]}"
        lines.append(line)
    return lines


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _tries(count: int) -> str:
    return "1 try" if count == 1 else f"{count} tries"
