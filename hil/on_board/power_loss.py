"""Whether a board has lost its power: marks in two memories that only a power loss clears together.

A variable is lost in a soft reset too. The clock survives that: ports/rp2/main.c starts it once, at the year 2021,
before the loop of soft resets.
"""

import machine

YEAR = 2031
hil_marker: bool


def mark() -> None:
    """Leave both marks."""
    global hil_marker
    hil_marker = True
    machine.RTC().datetime((YEAR, 2, 3, 0, 4, 5, 6, 0))


def is_marked() -> bool:
    """Whether one of the marks is still there."""
    return "hil_marker" in globals() or machine.RTC().datetime()[0] == YEAR
