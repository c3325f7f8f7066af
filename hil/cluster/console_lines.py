"""Lines that MicroPython itself prints when a program ends, whatever the firmware."""

import re
from enum import Enum, auto
from functools import lru_cache


class Ending(Enum):
    """What a line reports. After each of them the program has ended, or may have."""

    CRASH = auto()
    """The virtual board's report of a trap, or the Pico SDK's of a panic in C code."""
    TRACEBACK = auto()
    """The program may have caught the exception, printed it and continued."""
    MEMORY_ERROR = auto()
    """An exception for whose traceback the heap had no room."""
    SOFT_REBOOT = auto()
    """MicroPython restarts its interpreter without a reset of the board."""
    BANNER = auto()
    """main.py is over, and the REPL begins."""


# MicroPython prints these in shared/runtime/pyexec.c, py/obj*.c and ports/rp2/main.c; the Pico SDK in its panic().
_TRACEBACK = "Traceback (most recent call last):"
_SOFT_REBOOT = "MPY: soft reboot"
_AT_THE_BEGINNING = (
    (Ending.CRASH, re.compile(r"\*\*\* (?:CRASH|PANIC)\b")),
    (Ending.MEMORY_ERROR, re.compile(r"MemoryError\b")),
    (Ending.BANNER, re.compile(r"MicroPython \S+ on .*; ")),
)


@lru_cache(maxsize=1)
def ending_in(line: str) -> Ending | None:
    """What ``line`` reports of the end of a program; None for any other line."""
    # One regular expression for all would be ten times as slow, and every line of every board is checked. The cache
    # is for the invariants, which ask one after the other for the same line.
    if line.startswith(("***", "M")):
        for ending, pattern in _AT_THE_BEGINNING:
            if pattern.match(line):
                return ending
    if _TRACEBACK in line:
        return Ending.TRACEBACK
    return Ending.SOFT_REBOOT if line.endswith(_SOFT_REBOOT) else None
