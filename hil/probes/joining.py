"""Joining the Wi-Fi under test, for probes that drive a Pico's radio themselves: tries until one works."""

from typing import Protocol

from hil.clock import Clock, Deadline
from hil.errors import ProbeError
from hil.probes.failures import BAD_AUTH, IDLE, JOINING, why_not_joined


class JoiningStation(Protocol):
    """A station with the ``WLAN`` interface of a Pico."""

    @property
    def has_joined(self) -> bool:
        """Whether it has an address in the Wi-Fi."""

    @property
    def status(self) -> int:
        """``WLAN.status()``; below ``IDLE`` are failures. The clock is notified of changes."""

    def begin_joining(self) -> None:
        """Start one try, unless one is going on. Raises ``ProbeError``."""


def join_wifi(station: JoiningStation, ssid: str, clock: Clock, deadline: Deadline) -> None:
    """Let ``station`` try to join until it has, its key is refused, or the deadline expires. Raises ``ProbeError``."""
    failure = IDLE
    while not deadline.expired:
        station.begin_joining()
        clock.wait(lambda: station.has_joined or station.status < IDLE, deadline.remaining_s)
        if station.has_joined:
            return
        # A try that the deadline cut short tells less than the one before it.
        failure = station.status if station.status != JOINING else failure
        if failure == BAD_AUTH:
            break
    why = why_not_joined(failure)
    raise ProbeError(f"the probe could not join Wi-Fi {ssid!r} within {deadline.timeout_s:g} s: {why}")
