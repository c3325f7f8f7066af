"""Association: what an access point, its stations and the air between them know of one another.

:class:`AccessPoint` and :class:`Station` stand beside each other above the air. Neither needs more of the other than is
said here, nor does the air.
"""

from abc import abstractmethod
from dataclasses import dataclass
from enum import Enum

from hil.virtual.air.interface import Interface
from hil.virtual.air.limits import KEY_MAX, KEY_MIN, SSID_MAX

SECURITY_OPEN = 0
SECURITY_WPA2 = 0x00400004
"""Values of ``security`` in the cyw43 driver."""


@dataclass(frozen=True)
class AccessPointSettings:
    """What ``config()`` sets on an access point; too long texts are cut."""

    ssid: str
    key: str = "picoW123"
    security: int = SECURITY_WPA2
    channel: int = 3

    def __post_init__(self) -> None:
        object.__setattr__(self, "ssid", self.ssid[:SSID_MAX])
        object.__setattr__(self, "key", self.key[:KEY_MAX])

    def accepts(self, key: str) -> bool:
        """Whether a station that was given ``key`` (empty for none) can join."""
        if self.security == SECURITY_OPEN:
            return not key
        return len(key) >= KEY_MIN and key == self.key


class Admission(Enum):
    """What an access point says to a station that wants to join."""

    ADMITTED = "admitted"
    WRONG_KEY = "wrong key"
    FULL = "full"


class BeaconSender(Interface):
    """An access point, as stations and the air know it."""

    settings: AccessPointSettings

    @abstractmethod
    def admit(self, station: "BeaconListener", key: str) -> Admission:
        """A station wants to join."""

    @abstractmethod
    def forget(self, station: "BeaconListener") -> None:
        """A station has left, or is gone for so long that it does not count any more."""

    @abstractmethod
    def fell_silent(self, station: "BeaconListener") -> None:
        """A station has lost power; nobody tells the access point, which goes on counting it for a while."""

    @abstractmethod
    def reach_changed(self) -> None:
        """Stations may have gone out of reach, or be back."""


class BeaconListener(Interface):
    """A station, as access points and the air know it."""

    wanted_ssid: str
    """The SSID it joins, is joined to, or looks for."""

    @abstractmethod
    def rejoin(self) -> None:
        """An access point of the wanted SSID is there again."""

    @abstractmethod
    def beacons_stopped(self, access_point: BeaconSender) -> None:
        """``access_point`` is off the air; noticed after some seconds of silence, if it did not say goodbye."""

    @abstractmethod
    def beacons_back(self, access_point: BeaconSender) -> bool:
        """``access_point`` is heard again; returns whether the station never noticed and is still associated."""
