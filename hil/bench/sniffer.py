"""Sniffers: what was on the air under test, as frames that the tools of network people read."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame that was sent."""

    time_s: float
    """Rig time at which it was sent."""
    data: bytes
    """An Ethernet II frame, as a station in monitor mode would have it translated; without its checksum."""


class Sniffer(Protocol):
    """Hears everything that is sent in the Wi-Fi under test, whether or not it arrives."""

    def frames(self) -> list[Frame]:
        """What was sent since the present test began, oldest first."""
