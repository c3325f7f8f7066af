"""From serial lines to named events, and the merged timeline of everything that happened on a rig."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from hil.errors import HilError

POWER_ON = "power-on"
"""Event of a board whose supply was switched on: ``port`` says where. Not from a line: the power switch says it."""
POWER_OFF = "power-off"
"""Event of a board whose supply was cut."""
POWER_RETRY = "power-retry"
"""Event of a board whose power port did not do what it was told, and was told again."""
FAULT_BEGIN = "fault-begin"
"""Event of a board, or of the ``air``, on which a fault was injected: the field ``fault`` says which."""
FAULT_END = "fault-end"
"""Event of where that fault ended."""

STOPPED = "program-stopped"
"""Event of a board whose program the framework stops, to use its REPL or to reset it."""
SERIAL_OPENED = "serial-opened"
"""Event of a board whose serial device appeared and was opened."""
SERIAL_GONE = "serial-gone"
"""Event of a board whose serial device went away or was closed."""

MEASURE_BEGIN = "measure-begin"
"""Event of no board: a block that a test measures is entered; the field ``measurement`` names it."""
MEASURE_END = "measure-end"
"""Event of no board: that block is left; the field ``state`` is :data:`NOT_COMPLETED` if by an error."""
NOT_COMPLETED = "not completed"

EntryKind = Literal[
    "serial", "power", "link", "probe", "deploy", "repl", "reset", "fault", "recovery", "measure", "note"
]
"""What a timeline entry is about: a line of a board, its supply, its serial device, and so on.

``power``, ``repl``, ``reset`` and ``fault`` are what the framework does to a board, whose name is then the source.
Their time is never later than they take effect: what a board does without such a cause, it does by itself.
"""


class UnknownEvent(HilError):
    """A test asked for an event that the manifest of the firmware in use does not define."""


@dataclass(frozen=True)
class Event:
    """Something a board said, by the name that its firmware's manifest gives it."""

    time_s: float
    """Rig time at which the line was complete."""
    board: str
    name: str
    fields: Mapping[str, str]
    """The named groups of the pattern that took part in the match."""
    line: str
    """The whole line."""


class EventPatterns:
    """The regular expressions of one manifest, by event name: the only place that knows print formats."""

    def __init__(self, patterns: Mapping[str, re.Pattern[str]]) -> None:
        """``patterns`` maps event names to what is searched for in single lines; its named groups become fields."""
        self._patterns = dict(patterns)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all events, in the manifest's order."""
        return tuple(self._patterns)

    def describe(self, name: str) -> str:
        """The regular expression behind an event, for error messages; empty for events that are no lines."""
        pattern = self._patterns.get(name)
        return pattern.pattern if pattern else ""

    def match(self, time_s: float, board: str, line: str) -> list[Event]:
        """All events that ``line`` means: one line may match several patterns, or none."""
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
    """Name of the board or of the part of the rig."""
    kind: EntryKind
    text: str
    events: tuple[Event, ...] = ()
    """What it means."""


class Timeline:
    """Everything that happened on a rig since it was opened: entries to read, events to reason about.

    Any thread may add; both lists only ever grow, so that a position in them is a mark.
    """

    def __init__(self) -> None:
        self._entries: list[TimelineEntry] = []
        self._events: list[Event] = []
        self._begun_s = 0.0

    def add(self, time_s: float, source: str, kind: EntryKind, text: str, events: Iterable[Event] = ()) -> None:
        """Record that something happened at ``time_s``, and which ``events`` that is."""
        entry = TimelineEntry(time_s, source, kind, text, tuple(events))
        self._entries.append(entry)
        self._events.extend(entry.events)

    def mark(self) -> int:
        """The present end of the timeline, to read later what came after it."""
        return len(self._entries)

    def entries(self, since: int = 0) -> list[TimelineEntry]:
        """The entries recorded after ``since`` (a :meth:`mark`) by time; those of one instant as they were recorded."""
        return sorted(self._entries[since:], key=lambda entry: entry.time_s)

    def event_mark(self) -> int:
        """The present number of events, to read later which came after."""
        return len(self._events)

    def events(self, since: int = 0) -> list[Event]:
        """The events recorded after ``since`` (an :meth:`event_mark`), in the order of recording."""
        return self._events[since:]

    def begin(self, time_s: float) -> None:
        """A test begins at ``time_s``: from now on texts count time from there."""
        self._begun_s = time_s

    @property
    def begun_s(self) -> float:
        """Rig time from which texts count."""
        return self._begun_s

    def time_text(self, time_s: float) -> str:
        """``time_s`` for people to read: seconds since the test began, so that it does not depend on earlier tests."""
        # Rounded to microseconds first: the difference of two floats is a little off, and must not tip a decimal.
        return f"{round(time_s - self._begun_s, 6):.3f}"

    def text(self, entries: Sequence[TimelineEntry]) -> str:
        """``entries`` for people to read, one line each: seconds since the test began, source, kind, text."""
        width = max((len(entry.source) for entry in entries), default=0)
        return "".join(
            f"{self.time_text(entry.time_s):>10} {entry.source:<{width}} {entry.kind:<6} {entry.text}\n"
            for entry in entries
        )
