"""Composes timelines with the entries that a rig records."""

import re
from typing import Literal

from hil.events import (
    FAULT_BEGIN,
    FAULT_END,
    POWER_OFF,
    POWER_ON,
    SERIAL_GONE,
    SERIAL_OPENED,
    STOPPED,
    EntryKind,
    Event,
    EventPatterns,
    TimelineEntry,
)
from hil.invariants.invariant import Violation
from hil.invariants.registry import all_invariants
from hil.invariants.watch import find_violations

PATTERNS = EventPatterns(
    {
        "boot": re.compile(r"^boot id=(?P<id>\S+) cause=(?P<cause>\d+)"),
        "ap-up": re.compile("^ap-up"),
        "ap-down": re.compile("^ap-down"),
        "joined": re.compile("^joined"),
        "link-lost": re.compile("^link-lost"),
        "registered": re.compile(r"^registered epoch=(?P<epoch>\d+)"),
        "role": re.compile(r"^role (?P<role>\S+)(?: epoch=(?P<epoch>\d+))?"),
        "roles": re.compile(r"^roles epoch=(?P<epoch>\d+)"),
        "order": re.compile(r"^order epoch=(?P<epoch>\d+) nodes=(?P<nodes>\S*)"),
    }
)

INVARIANTS = all_invariants()


class Story:
    """The entries of a timeline; the id of board B is ``b``."""

    def __init__(self) -> None:
        self.entries: list[TimelineEntry] = []

    def prints(self, time_s: float, board: str, *lines: str) -> "Story":
        for line in lines:
            self._add(time_s, board, "serial", line, *PATTERNS.match(time_s, board, line))
        return self

    def power(self, time_s: float, board: str, *, on: bool, port: str = "") -> "Story":
        name, fields = POWER_ON if on else POWER_OFF, {"port": port} if port else {}
        return self._add(time_s, board, "power", "on" if on else "off", Event(time_s, board, name, fields, ""))

    def serial(self, time_s: float, board: str, *, opened: bool) -> "Story":
        name = SERIAL_OPENED if opened else SERIAL_GONE
        text = "connected" if opened else "disconnected"
        return self._add(time_s, board, "link", text, Event(time_s, board, name, {}, ""))

    def stop(self, time_s: float, board: str, kind: Literal["repl", "reset"]) -> "Story":
        return self._add(time_s, board, kind, "", Event(time_s, board, STOPPED, {}, ""))

    def fault(self, time_s: float, source: str, fault: str, *, begins: bool) -> "Story":
        name = FAULT_BEGIN if begins else FAULT_END
        text = f"{fault} {'begins' if begins else 'ends'}"
        return self._add(time_s, source, "fault", text, Event(time_s, source, name, {"fault": fault}, ""))

    def boots(self, time_s: float, *boards: str) -> "Story":
        """Each board gets power, and its firmware begins a second later."""
        for board in boards:
            self.power(time_s, board, on=True).comes_up(time_s + 1, board, cause=1)
        return self

    def comes_up(self, time_s: float, board: str, *, cause: int) -> "Story":
        return self.serial(time_s, board, opened=True).prints(time_s, board, f"boot id={board.lower()} cause={cause}")

    def goes_off(self, time_s: float, board: str) -> "Story":
        """The power switch closes the serial device first."""
        return self.serial(time_s, board, opened=False).power(time_s, board, on=False)

    def violations(self, end_s: float = 1000.0) -> list[Violation]:
        """The violations up to ``end_s``."""
        by_time = sorted(self.entries, key=lambda entry: entry.time_s)
        return find_violations([entry for entry in by_time if entry.time_s <= end_s], end_s, {}, INVARIANTS)

    def names(self, end_s: float = 1000.0) -> list[str]:
        """The invariants that are violated."""
        return [violation.invariant for violation in self.violations(end_s)]

    def _add(self, time_s: float, source: str, kind: EntryKind, text: str, *events: Event) -> "Story":
        self.entries.append(TimelineEntry(time_s, source, kind, text, events))
        return self


def shown(violation: Violation) -> list[str]:
    """The proof in short: time, board, text."""
    return [f"{entry.time_s:g} {entry.source} {entry.text}" for entry in violation.proof]
