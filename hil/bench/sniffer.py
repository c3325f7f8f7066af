"""Sniffers: frames that were on the air under test, in a form that Wireshark and tcpdump read."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame that was sent."""

    time_s: float
    """Rig time at which it was sent."""
    data: bytes
    """An Ethernet II frame without its checksum."""


class Sniffer(Protocol):
    """Receives everything that is sent in the Wi-Fi under test, whether or not it arrives."""

    def frames(self) -> list[Frame]:
        """The frames sent since the present test began, oldest first."""
