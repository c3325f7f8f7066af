"""Lines that MicroPython itself prints when a program ends, whatever the firmware."""

import re
from enum import Enum


class Ending(Enum):
    """What a line reports. After each of them the program has ended, or may have."""

    CRASH = "crash"
    """The virtual board's report of a trap, or the Pico SDK's of a panic in C code."""
    TRACEBACK = "exception"
    """The program may have caught the exception, printed it and gone on."""
    MEMORY_ERROR = "memory_error"
    """An exception for whose traceback the heap had no room."""
    SOFT_REBOOT = "soft_reboot"
    """MicroPython restarts its interpreter without a reset of the board."""
    BANNER = "banner"
    """main.py is over, and the REPL begins."""


# MicroPython prints these in shared/runtime/pyexec.c, py/obj*.c and ports/rp2/main.c; the Pico SDK in its panic().
_ENDING = re.compile(
    r"^\*\*\* (?P<crash>CRASH|PANIC)\b"
    r"|(?P<exception>Traceback \(most recent call last\):)"
    r"|(?P<memory_error>^MemoryError\b)"
    r"|(?P<soft_reboot>MPY: soft reboot$)"
    r"|(?P<banner>^MicroPython \S+ on .*; )"
)


def ending_in(line: str) -> Ending | None:
    """What ``line`` reports of the end of a program; None for any other line."""
    found = _ENDING.search(line)
    return Ending(found.lastgroup) if found is not None else None
