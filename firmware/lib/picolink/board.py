"""What only the board knows: its identity, its uptime, chance."""

import binascii
import machine
import os
import time

from picolink.log import say


def unique_id() -> str:
    """The board's identity, 16 hex digits. A node is its id; an address is only where it is now."""
    return binascii.hexlify(machine.unique_id()).decode()


def say_boot(app: str, role: str) -> None:
    """The first line of every app."""
    say(f"boot app={app} role={role} id={unique_id()} cause={machine.reset_cause()}")


def random_below(limit: int) -> int:
    """A random number from 0 to `limit` - 1; `limit` at most 2**24."""
    return int.from_bytes(os.urandom(3), "little") % limit


class Uptime:
    """Milliseconds since it was made. Never wraps, unlike ticks_ms, if asked at least once in six days."""

    def __init__(self) -> None:
        self._ticks = time.ticks_ms()
        self._total_ms = 0

    def now_ms(self) -> int:
        """Milliseconds since this object was made."""
        ticks = time.ticks_ms()
        self._total_ms += time.ticks_diff(ticks, self._ticks)
        self._ticks = ticks
        return self._total_ms
