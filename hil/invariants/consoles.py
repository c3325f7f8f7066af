"""No crash and no traceback on any console, whatever the firmware."""

from collections.abc import Mapping

from hil.cluster.console_lines import Ending, ending_in
from hil.events import TimelineEntry
from hil.invariants.invariant import Invariant

MAX_SHOWN_LINES = 20
"""How many of a traceback's last lines belong to the proof; one of endless recursion has hundreds."""


class Crash(Invariant):
    """No board crashes: neither a trap of the interpreter nor a panic of the C code below it."""

    name = "crash"

    def see(self, entry: TimelineEntry) -> None:
        if entry.kind == "serial" and ending_in(entry.text) is Ending.CRASH:
            self.found(entry.time_s, f"{entry.source} crashed", [entry])


class Traceback(Invariant):
    """No board prints a traceback. The lines that follow, up to that of the exception, belong to the proof."""

    name = "traceback"

    def __init__(self, nodes: Mapping[str, str]) -> None:
        super().__init__(nodes)
        self._unfinished: dict[str, list[TimelineEntry]] = {}

    def see(self, entry: TimelineEntry) -> None:
        begun = self._unfinished.get(entry.source)
        if entry.kind != "serial":
            if begun and entry.kind in ("link", "power"):
                self._report(entry.source)
            return
        ending = ending_in(entry.text)
        if ending is Ending.TRACEBACK:
            if begun:
                self._report(entry.source)
            self._unfinished[entry.source] = [entry]
        elif begun:
            begun.append(entry)
            if not entry.text.startswith(" "):
                self._report(entry.source)
        elif ending is Ending.MEMORY_ERROR:
            self._unfinished[entry.source] = [entry]
            self._report(entry.source)

    def finish(self, _end_s: float) -> None:
        for board in list(self._unfinished):
            self._report(board)

    def _report(self, board: str) -> None:
        first, *others = self._unfinished.pop(board)
        shown = others[-MAX_SHOWN_LINES:]
        omitted = f", {len(others) - len(shown)} lines are left out" if len(others) > len(shown) else ""
        self.found(first.time_s, f"an exception on {board}{omitted}", [first, *shown])
