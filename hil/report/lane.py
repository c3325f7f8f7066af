"""One lane of the picture of a test: what a board was and did over time. Data, no drawing."""

from dataclasses import dataclass
from enum import IntEnum, auto
from typing import Literal


class Track(IntEnum):
    """The bands of one lane; those that begin at the same time are drawn in this order."""

    PROGRAM = auto()
    FAULT = auto()
    """Lies behind the marks."""
    POWER = auto()
    ROLE = auto()
    WIFI = auto()


MarkKind = Literal["event", "trouble", "fault", "bench", "probe-sends", "probe-hears"]
"""What a mark stands for; the order in which the report explains them."""


@dataclass(frozen=True)
class Band:
    """A state that lasted. Times are rig time, in seconds since the test began."""

    track: Track
    begin_s: float
    end_s: float
    label: str
    is_strong: bool = True
    """Whether this is a state that tests wait for, not one on the way to it: joined rather than joining."""
    is_restart: bool = False
    """Whether the program restarted here unexpectedly, which a gap in the bar shows."""


@dataclass(frozen=True)
class LaneMark:
    """Something that happened at one moment."""

    time_s: float
    kind: MarkKind
    label: str


@dataclass(frozen=True)
class Lane:
    """One board, the probe, or another part of the rig."""

    name: str
    bands: tuple[Band, ...]
    marks: tuple[LaneMark, ...]
