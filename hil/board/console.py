"""The console of one board: its serial output as lines and events with their times, to wait for and to search."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain
from typing import TypeVar, overload

from hil.board.line_text import is_utf8, printable, split_long
from hil.clock import Clock
from hil.errors import WaitTimeout
from hil.events import POWER_OFF, POWER_ON, SERIAL_GONE, SERIAL_OPENED, Event, EventPatterns, Timeline, UnknownEvent

TAIL_LINES = 15
"""How many lines of a board an error message shows."""


@dataclass(frozen=True)
class Line:
    """One line that a board printed, without its line end."""

    time_s: float
    """Rig time at which its end arrived: a test cannot know the line earlier."""
    text: str
    """Bytes that are not UTF-8, and control characters, appear as ``\\xNN``."""
    cut_off: bool = False
    """The line never ended: power or the serial device went away first. Such a line is never an event."""
    garbled: bool = False
    """It has bytes that are not UTF-8, which MicroPython never prints: corrupted on the way. It is never an event."""


@dataclass(frozen=True)
class Mark:
    """A point in a console, from which a search starts."""

    time_s: float
    """Rig time."""
    lines: int
    events: int


Diversion = Callable[[Line], str | None]
"""Called with each finished line before it is recorded. Returns None for a line of the firmware under test, and for any
other line the text to log."""

_Item = TypeVar("_Item", Line, Event)


class Console:
    """The console of one board: a ``LinkListener`` that keeps what was received, and that a test can wait on.

    The reader thread of a link may add to it while another thread reads: its lists only grow, except in :meth:`clear`.
    """

    def __init__(self, board: str, clock: Clock, timeline: Timeline) -> None:
        self.board = board
        self._clock = clock
        self._timeline = timeline
        self._patterns = EventPatterns({})
        self._lines: list[Line] = []
        self._events: list[Event] = []
        self._unfinished = b""
        self._diversion: Diversion = lambda _line: None
        self._power = "as found", clock.now()
        self._link = "not opened", clock.now()
        self._connections = 0
        self.connection = 0
        """The present connection to the serial device, numbered from 1; 0 while there is none."""
        self._start = Mark(clock.now(), 0, 0)

    @property
    def lines(self) -> list[Line]:
        """All finished lines since the test began, oldest first."""
        return list(self._lines)

    @property
    def unfinished(self) -> str:
        """The line that the board has not ended yet, such as a prompt."""
        return printable(self._unfinished)

    def events(self, name: str | None = None, since: Mark | None = None) -> list[Event]:
        """All events since the test began (or ``since``), oldest first; only those called ``name`` if it is given."""
        first = since.events if since else 0
        return [event for event in self._events[first:] if name is None or event.name == name]

    def use(self, patterns: EventPatterns) -> None:
        """From now on match lines against ``patterns``: those of the firmware that the board runs."""
        self._patterns = patterns

    def divert(self, diversion: Diversion) -> None:
        """From now on ``diversion`` sees each finished line first, and picks those of a protocol of its own.

        Such lines are only logged, as ``raw`` entries of the timeline: here they are neither lines nor events.
        """
        self._diversion = diversion

    def clear(self) -> None:
        """Forget all lines and events: a new test begins. The timeline keeps them."""
        self._lines, self._events = [], []
        self._start = self.mark()

    def mark(self) -> Mark:
        """The present moment, to wait for what comes after it."""
        return Mark(self._clock.now(), len(self._lines), len(self._events))

    @overload
    def expect(self, what: str, /, *, within: float, since: Mark | None = None, **fields: str) -> Event: ...
    @overload
    def expect(self, what: re.Pattern[str], /, *, within: float, since: Mark | None = None) -> re.Match[str]: ...
    def expect(
        self, what: str | re.Pattern[str], /, *, within: float, since: Mark | None = None, **fields: str
    ) -> Event | re.Match[str]:
        """Wait until the board has printed something, at most ``within`` seconds of rig time.

        ``what`` is the name of an event of the firmware's manifest, with ``fields`` that it must have, or a compiled
        regular expression, searched for in finished lines. Earlier output counts too: from ``since``, or else from the
        moment at which the board was last switched on.

        Raises ``WaitTimeout`` with the board's last lines, ``UnknownEvent`` for a name that no manifest defines.
        """
        start = since or self._start
        if isinstance(what, re.Pattern):
            wanted = f"a line matching {what.pattern!r}"
            line = self._find(
                wanted, self._lines, start.lines, within, lambda line: not line.cut_off and what.search(line.text)
            )
            if line is not None and (found := what.search(line.text)):
                return found
            raise self._timeout(wanted, within, start)
        self._check_known(what)
        wanted = " ".join([f"event '{what}'", *(f"{key}={value}" for key, value in fields.items())])
        event = self._find(wanted, self._events, start.events, within, lambda event: _is(event, what, fields))
        if event is not None:
            return event
        pattern = self._patterns.describe(what)
        raise self._timeout(f"{wanted} (a line matching {pattern!r})" if pattern else wanted, within, start)

    def _find(
        self, what: str, items: list[_Item], first: int, within: float, wanted: Callable[[_Item], object]
    ) -> _Item | None:
        position = first
        found: _Item | None = None

        def seen() -> bool:
            nonlocal position, found
            while found is None and position < len(items):
                if wanted(items[position]):
                    found = items[position]
                position += 1
            return found is not None

        self._clock.wait_for(f"{self.board}: {what}", seen, within)
        return found

    def tail(self) -> str:
        """The board's power, its link, and its last lines with their times, for error messages."""
        shown = [
            f"{self._timeline.time_text(line.time_s):>10}  {line.text}{' [cut off]' if line.cut_off else ''}"
            for line in self._lines[-TAIL_LINES:]
        ]
        if self._unfinished:
            shown.append(f"{'unfinished':>10}  {self.unfinished}")
        heading = "last lines:" if shown else "it printed nothing."
        power, link = (f"{state} since {self._shown(since_s)}" for state, since_s in (self._power, self._link))
        return "\n".join([f"{self.board}: supply {power}, serial device {link}; {heading}", *shown])

    def switched(self, time_s: float, is_on: bool, port: str = "") -> None:
        """The board's power switch has switched its supply, at ``port`` of the rig file."""
        state = "on" if is_on else "off"
        self._power = state, time_s
        fields = {"port": port} if port else {}
        event = Event(time_s, self.board, POWER_ON if is_on else POWER_OFF, fields, "")
        self._events.append(event)
        self._timeline.add(time_s, self.board, "power", state, [event])
        if is_on:
            self._start = Mark(time_s, len(self._lines), len(self._events) - 1)
        self._clock.notify()

    def received(self, time_s: float, data: bytes) -> None:
        """The board sent ``data``."""
        *ended, rest = (self._unfinished + data).split(b"\n")
        *cut, self._unfinished = split_long(rest)
        for line in [*chain.from_iterable(map(split_long, ended)), *cut]:
            content = line.removesuffix(b"\r")
            self._add_line(Line(time_s, printable(content), garbled=not is_utf8(content)))
        self._clock.notify()

    def connected(self, time_s: float, missed: str = "") -> None:
        """The serial device was opened; ``missed``: see :class:`~hil.links.LinkListener`."""
        self._link = "connected", time_s
        self._connections += 1
        self.connection = self._connections
        event = Event(time_s, self.board, SERIAL_OPENED, {}, "")
        text = f"connected; what the board said before may be missing: {missed}" if missed else "connected"
        self._timeline.add(time_s, self.board, "link", text, [event])
        self._clock.notify()

    def disconnected(self, time_s: float) -> None:
        """The serial device went away, or was closed: what follows belongs to another connection."""
        self._link = "gone", time_s
        self.connection = 0
        self.cut_line(time_s)
        self._timeline.add(time_s, self.board, "link", "disconnected", [Event(time_s, self.board, SERIAL_GONE, {}, "")])
        self._clock.notify()

    def cut_line(self, time_s: float) -> None:
        """What the board prints next does not continue its unfinished line, which is recorded as cut off."""
        if self._unfinished:
            self._add_line(Line(time_s, self.unfinished, cut_off=True))
            self._unfinished = b""

    def _add_line(self, line: Line) -> None:
        if (logged := self._diversion(line)) is not None:
            self._timeline.add(line.time_s, self.board, "raw", logged)
            return
        events = [] if line.cut_off or line.garbled else self._patterns.match(line.time_s, self.board, line.text)
        self._lines.append(line)
        self._events.extend(events)
        text = line.text + (" [cut off]" if line.cut_off else "")
        self._timeline.add(line.time_s, self.board, "serial", text, events)

    def _check_known(self, name: str) -> None:
        known = (*self._patterns.names, POWER_ON, POWER_OFF)
        if name not in known:
            text = f"{self.board}: no event is called '{name}'; the firmware in use defines {', '.join(known)}"
            raise UnknownEvent(f"{text}. To wait for a line by its text give re.compile(...)")

    def _timeout(self, wanted: str, within: float, start: Mark) -> WaitTimeout:
        since = self._shown(start.time_s)
        return WaitTimeout(
            f"{self.board}: no {wanted} within {within:g} s; looked at what came since {since}\n{self.tail()}"
        )

    def _shown(self, time_s: float) -> str:
        return f"{self._timeline.time_text(time_s)} s"


def _is(event: Event, name: str, fields: dict[str, str]) -> bool:
    return event.name == name and all(event.fields.get(key) == value for key, value in fields.items())
