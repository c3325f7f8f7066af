"""A schedule: which faults happen on a rig, and when. It can be written as one line of text and parsed again.

    settled seed=7; +0.5 cut MASTER for 2; +1.25 loss 0.3 for 20; +0 partition A | B C D for 30

``+0.5`` is the time since the beginning of the previous step, in seconds; ``for 2`` is the duration of the fault. So
faults can overlap, and a step can be left out without changing the others.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Start(StrEnum):
    """The state of the rig when the first step begins."""

    SETTLED = "settled"
    """One cluster, booted board by board."""
    TOGETHER = "together"
    """All boards are switched on at this instant."""
    OFF = "off"
    """No board has power, except those that the steps switch on."""


class Action(StrEnum):
    """What a step does. It is undone at the end of its duration."""

    CUT = "cut"
    """Power off, and on again at the end. A board stays off for at least the minimum of its rig."""
    POWER = "power"
    """Power on permanently, for boards that have no power yet."""
    BROWN_OUT = "brown-out"
    RADIO_OFF = "radio-off"
    LOSS = "loss"
    LATENCY = "latency"
    DUPLICATION = "duplication"
    REORDERING = "reordering"
    PARTITION = "partition"


ON_A_BOARD = (Action.CUT, Action.POWER, Action.BROWN_OUT, Action.RADIO_OFF)
ON_PACKETS = (Action.LOSS, Action.LATENCY, Action.DUPLICATION, Action.REORDERING)

AP = "AP"
MASTER = "MASTER"
"""In place of a board's name: the board that is it when the step begins. If none is, nothing happens."""


@dataclass(frozen=True)
class Step:
    """One fault."""

    gap_s: float
    """Since the beginning of the previous step, or since the start."""
    action: Action
    lasting_s: float = 0.0
    board: str = ""
    """For an action on a board: its name, or :data:`AP`, or :data:`MASTER`."""
    amount: float = 0.0
    """For packet faults: the probability, or seconds of latency."""
    groups: tuple[tuple[str, ...], ...] = ()
    """For a partition: names of boards."""

    def __str__(self) -> str:
        what = self.board
        if self.action in ON_PACKETS:
            what = _number(self.amount)
        elif self.action is Action.PARTITION:
            what = " | ".join(" ".join(group) for group in self.groups)
        end = "" if self.action is Action.POWER else f" for {_number(self.lasting_s)}"
        return f"+{_number(self.gap_s)} {self.action} {what}{end}"


@dataclass(frozen=True)
class Schedule:
    """A start, the steps, and the seed of the world in which they happen."""

    start: Start
    seed: int
    steps: tuple[Step, ...] = ()

    def __str__(self) -> str:
        return "; ".join([f"{self.start} seed={self.seed}", *map(str, self.steps)])

    @classmethod
    def parse(cls, text: str, boards: Sequence[str]) -> "Schedule":
        """Parse the output of ``str()`` for a rig with these ``boards``. Raises ``ValueError``."""
        head, *steps = (part.strip() for part in text.split(";"))
        found = re.fullmatch(r"(\w+) seed=(\d+)", head)
        if found is None or found[1] not in list(Start):
            raise ValueError(f"{head!r} is not a start; write for example 'settled seed=1' ({', '.join(Start)})")
        return cls(Start(found[1]), int(found[2]), tuple(_step(part, boards) for part in steps if part))


_STEP = re.compile(r"\+(?P<gap>[\d.]+) (?P<action>\S+) (?P<what>.+?)(?: for (?P<lasting>[\d.]+))?")
_EXAMPLES = "'+0.5 cut B for 2', '+0 loss 0.3 for 10', '+1 partition A | B C for 30', '+0 power C'"


def _step(text: str, boards: Sequence[str]) -> Step:
    found = _STEP.fullmatch(text)
    try:
        if found is None:
            raise ValueError("not in the form of a step")
        action, what = Action(found["action"]), found["what"]
        if (found["lasting"] is None) is not (action is Action.POWER):
            raise ValueError("every action but 'power' takes a duration")
        gap_s, lasting_s = float(found["gap"]), float(found["lasting"] or 0)
        if action in ON_PACKETS:
            return Step(gap_s, action, lasting_s, amount=float(what))
        groups = tuple(tuple(group.split()) for group in what.split("|"))
        unknown = sorted({name for group in groups for name in group} - {*boards, AP, MASTER})
        if unknown:
            raise ValueError(f"the rig has no board {', '.join(unknown)}; it has {', '.join(boards)}")
        if action is Action.PARTITION:
            return Step(gap_s, action, lasting_s, groups=groups)
        return Step(gap_s, action, lasting_s, board=what)
    except ValueError as error:
        raise ValueError(f"step {text!r}: {error}; write for example {_EXAMPLES}") from error


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
