"""What the hardware provides: identity, uptime, random numbers."""

import binascii
import machine
import os
import time

from picolink.log import log


def unique_id() -> str:
    """The board's id, 16 hex digits. It identifies a node, whose address may change."""
    return binascii.hexlify(machine.unique_id()).decode()


def log_boot(app: str, role: str) -> None:
    """Print the first line of every app."""
    log(f"boot app={app} role={role} id={unique_id()} cause={machine.reset_cause()}")


def random_below(limit: int) -> int:
    """A random number from 0 to `limit` - 1; `limit` at most 2**24."""
    return int.from_bytes(os.urandom(3), "little") % limit


class Uptime:
    """Milliseconds since its creation. Unlike ticks_ms it does not wrap, if read at least once in six days."""

    def __init__(self) -> None:
        self._ticks = time.ticks_ms()
        self._total_ms = 0

    def now_ms(self) -> int:
        """Milliseconds since this object was created."""
        ticks = time.ticks_ms()
        self._total_ms += time.ticks_diff(ticks, self._ticks)
        self._ticks = ticks
        return self._total_ms
