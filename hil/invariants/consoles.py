"""No crash and no traceback on any console, whatever the firmware."""

import re
from collections.abc import Mapping

from hil.events import TimelineEntry
from hil.invariants.invariant import Invariant

MAX_SHOWN_LINES = 20
"""How many of a traceback's last lines belong to the proof; one of endless recursion has hundreds."""

_CRASH = re.compile(r"^\*\*\* (CRASH|PANIC)\b")
"""The virtual board's word for a trap, and that of the Pico's C code."""
_TRACEBACK = re.compile(r"Traceback \(most recent call last\):")
_NO_ROOM_FOR_TRACEBACK = re.compile(r"^MemoryError\b")
"""MicroPython has no traceback for an exception when not even that finds room in the heap."""
_SOFT_REBOOT = re.compile(r"MPY: soft reboot$")
_BANNER = re.compile(r"^MicroPython \S+ on .*; ")
"""What MicroPython says when main.py is over."""
_ENDS = (_CRASH, _TRACEBACK, _NO_ROOM_FOR_TRACEBACK, _SOFT_REBOOT, _BANNER)


def has_ended(entry: TimelineEntry) -> bool:
    """Whether the program of a board has ended, or may have: what it said before is then not its word any more."""
    return entry.kind == "serial" and any(pattern.search(entry.text) for pattern in _ENDS)


def reboots_softly(entry: TimelineEntry) -> bool:
    """Whether MicroPython says that it starts anew without a reset of the board."""
    return entry.kind == "serial" and _SOFT_REBOOT.search(entry.text) is not None


class Crash(Invariant):
    """No board crashes: neither a trap of the interpreter nor a panic of the C code below it."""

    name = "crash"

    def see(self, entry: TimelineEntry) -> None:
        if entry.kind == "serial" and _CRASH.search(entry.text):
            self.found(entry.time_s, f"{entry.source} crashed", [entry])


class Traceback(Invariant):
    """No board prints a traceback. What it says next, up to the line of the exception, belongs to the proof."""

    name = "traceback"

    def __init__(self, nodes: Mapping[str, str]) -> None:
        super().__init__(nodes)
        self._unfinished: dict[str, list[TimelineEntry]] = {}

    def see(self, entry: TimelineEntry) -> None:
        begun = self._unfinished.get(entry.source)
        if entry.kind != "serial":
            if begun and entry.kind in ("link", "power"):
                self._tell(entry.source)
        elif _TRACEBACK.search(entry.text):
            if begun:
                self._tell(entry.source)
            self._unfinished[entry.source] = [entry]
        elif begun:
            begun.append(entry)
            if not entry.text.startswith(" "):
                self._tell(entry.source)
        elif _NO_ROOM_FOR_TRACEBACK.search(entry.text):
            self._unfinished[entry.source] = [entry]
            self._tell(entry.source)

    def finish(self, _end_s: float) -> None:
        for board in list(self._unfinished):
            self._tell(board)

    def _tell(self, board: str) -> None:
        first, *others = self._unfinished.pop(board)
        shown = others[-MAX_SHOWN_LINES:]
        omitted = f", {len(others) - len(shown)} lines are left out" if len(others) > len(shown) else ""
        self.found(first.time_s, f"an exception on {board}{omitted}", [first, *shown])
