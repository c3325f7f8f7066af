"""Named events from serial lines, and the timeline: the merged record of everything that happened on a rig.

The events named here are recorded by the framework. Those of firmware are in :mod:`hil.cluster.vocabulary`.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hil.errors import HilError

POWER_ON = "power-on"
"""Event of a board whose supply was switched on; the field ``port`` is its power port. The power switch records it."""
POWER_OFF = "power-off"
"""Event of a board whose supply was cut."""
POWER_RETRY = "power-retry"
"""Event of a board whose power port did not switch, and was switched again."""
FAULT_BEGIN = "fault-begin"
"""Event of a board, or of the ``air``, on which a fault was injected; the field ``fault`` names it."""
FAULT_END = "fault-end"
"""Event of the board, or of the ``air``, on which that fault ended."""

STOPPED = "program-stopped"
"""Event of a board whose program the framework stops, to use the REPL or to reset the board."""
SERIAL_OPENED = "serial-opened"
"""Event of a board whose serial device appeared and was opened."""
SERIAL_GONE = "serial-gone"
"""Event of a board whose serial device went away or was closed."""

MEASURE_BEGIN = "measure-begin"
"""Event without a board: the test enters a block that it measures; the field ``measurement`` names it."""
MEASURE_END = "measure-end"
"""Event without a board: the test leaves that block; the field ``state`` is :data:`NOT_COMPLETED` after an error."""
NOT_COMPLETED = "not completed"

EntryKind = Literal[
    "serial", "raw", "power", "link", "probe", "deploy", "repl", "reset", "fault", "recovery", "measure", "note"
]
"""What a timeline entry is about: a line of a board, its supply, its serial device, and so on.

``raw`` is a line of a board that does not come from firmware under test, such as the protocol of a probe's board.

``power``, ``repl``, ``reset`` and ``fault`` are actions of the framework on a board, whose name is then the source.
They are recorded no later than they take effect. What a board does without such a cause, it does by itself.
"""


class UnknownEvent(HilError):
    """A test asked for an event that the manifest of the firmware in use does not define."""


@dataclass(frozen=True)
class Event:
    """Something that happened, by its name: usually a line of a board, named by the manifest of its firmware."""

    time_s: float
    """Rig time at which the line was complete."""
    board: str
    name: str
    fields: Mapping[str, str]
    """The named groups of the pattern that took part in the match."""
    line: str
    """The complete line; empty if the event is not from a line."""


class EventPatterns:
    """The regular expressions of one manifest, by event name. Nothing else knows what firmware prints."""

    def __init__(self, patterns: Mapping[str, re.Pattern[str]]) -> None:
        """``patterns`` are searched for in single lines; their named groups become fields."""
        self._patterns = dict(patterns)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all events, in the manifest's order."""
        return tuple(self._patterns)

    def describe(self, name: str) -> str:
        """The regular expression of an event, for error messages; empty for events that are not from lines."""
        pattern = self._patterns.get(name)
        return pattern.pattern if pattern else ""

    def match(self, time_s: float, board: str, line: str) -> list[Event]:
        """All events in ``line``: it may match several patterns, or none."""
        events = []
        for name, pattern in self._patterns.items():
            if found := pattern.search(line):
                fields = {key: value for key, value in found.groupdict().items() if value is not None}
                events.append(Event(time_s, board, name, fields, line))
        return events


@dataclass(frozen=True)
class TimelineEntry:
    """One thing that happened on the rig."""

    time_s: float
    """Rig time."""
    source: str
    """Name of the board, or of another part of the rig such as ``air``."""
    kind: EntryKind
    text: str
    events: tuple[Event, ...] = ()
    """The events that it is, or that its line matches."""


class Timeline:
    """Everything that happened on a rig since it was opened, as entries and as events.

    Any thread may add. Both lists only ever grow, so that a position in them is a mark.
    """

    def __init__(self) -> None:
        self._entries: list[TimelineEntry] = []
        self._events: list[Event] = []
        self._begun_s = 0.0

    def add(self, time_s: float, source: str, kind: EntryKind, text: str, events: Iterable[Event] = ()) -> None:
        """Record that something happened at ``time_s`` (rig time), with the ``events`` in it."""
        entry = TimelineEntry(time_s, source, kind, text, tuple(events))
        self._entries.append(entry)
        self._events.extend(entry.events)

    def mark(self) -> int:
        """The present end of the timeline, to read later what follows."""
        return len(self._entries)

    def entries(self, since: int = 0) -> list[TimelineEntry]:
        """The entries recorded after ``since`` (a :meth:`mark`), by time; those of one instant as recorded."""
        return sorted(self._entries[since:], key=lambda entry: entry.time_s)

    def events(self, since: int = 0) -> list[Event]:
        """The events recorded so far without the first ``since``, in the order of recording."""
        return self._events[since:]

    def begin(self, time_s: float) -> None:
        """A test begins at ``time_s``: from now on, texts show time since then."""
        self._begun_s = time_s

    @property
    def begun_s(self) -> float:
        """Rig time at which the latest test began."""
        return self._begun_s

    def time_text(self, time_s: float) -> str:
        """``time_s`` as text: seconds since the test began, so that it does not depend on earlier tests."""
        # Rounded to microseconds first: the error of a difference of floats must not change the last decimal.
        return f"{round(time_s - self._begun_s, 6):.3f}"

    def text(self, entries: Sequence[TimelineEntry]) -> str:
        """``entries`` as text, one line each: seconds since the test began, source, kind, text."""
        width = max((len(entry.source) for entry in entries), default=0)
        return "".join(
            f"{self.time_text(entry.time_s):>10} {entry.source:<{width}} {entry.kind:<6} {entry.text}\n"
            for entry in entries
        )
