"""Recoveries and quarantine in reports: every retry is told, for retries hide a bench that wears out."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    # tenacity, which a run without a rig must not pay for.
    from hil.board.recovery import RecoveryAttempt

RECOVERY_PROPERTY = "recovery"
"""Name of the pytest user property that carries one rung of the recovery ladder, climbed while a test was prepared."""
QUARANTINE_PROPERTY = "quarantine"
"""Name of the pytest user property that says that a board was quarantined while a test was prepared, and why."""
KERNEL_LOG_PROPERTY = "kernel-log"
"""Name of the pytest user property that says that the kernel's log could not be watched, and why: once per run."""

_Properties = Iterable[tuple[str, Any]]


def recovery_property(attempt: "RecoveryAttempt") -> tuple[str, str]:
    """``attempt`` as a pytest user property: it survives xdist and reaches JUnit XML."""
    return RECOVERY_PROPERTY, json.dumps(asdict(attempt))


def quarantine_property(board: str, reason: str) -> tuple[str, str]:
    """That ``board`` was quarantined, as a pytest user property."""
    return QUARANTINE_PROPERTY, json.dumps({"board": board, "reason": reason})


def recovery_lines(properties: _Properties) -> list[str]:
    """One line per board that needed recovery, from the user properties of all tests; boards by name.

    Says how often it needed it, which rung helped how often, and for what it was quarantined.
    """
    needed: Counter[str] = Counter()
    helped: Mapping[str, Counter[str]] = defaultdict(Counter)
    failed: Counter[str] = Counter()
    climbed: Counter[str] = Counter()
    quarantined: dict[str, str] = {}
    for name, value in properties:
        if name == QUARANTINE_PROPERTY:
            told = json.loads(value)
            # Once in each worker of xdist that has the board.
            quarantined.setdefault(told["board"], told["reason"])
            failed[told["board"]] += 1
        elif name == RECOVERY_PROPERTY:
            attempt = json.loads(value)
            climbed[attempt["board"]] += 1
            if attempt["helped"]:
                helped[attempt["board"]][attempt["rung"]] += 1
    boards = sorted({*helped, *quarantined, *climbed})
    lines = []
    for board in boards:
        needed[board] = helped[board].total() + failed[board]
        rungs = ", ".join(f"{rung} helped {_times(count)}" for rung, count in helped[board].items()) or "nothing helped"
        line = f"board {board} needed recovery {_times(needed[board])}: {rungs} ({_tries(climbed[board])})"
        if board in quarantined:
            line += f"; quarantined: {quarantined[board]}"
        lines.append(line)
    return lines


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _tries(count: int) -> str:
    return "1 try" if count == 1 else f"{count} tries"
