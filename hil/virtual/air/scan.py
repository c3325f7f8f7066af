"""What a station hears when it scans for access points."""

from collections.abc import Callable
from dataclasses import dataclass

from hil.virtual.air.association import SECURITY_OPEN, BeaconSender
from hil.virtual.air.medium import Air
from hil.virtual.air.timing import SCAN

RSSI_DBM = (-62, -38)
"""Boards of one bench are within a few metres of each other."""

AUTH_MODE_OPEN = 0
AUTH_MODE_WPA2 = 5
"""What ``scan()`` shows for open and for WPA2 networks: bits of WEP and WPA2 in the cyw43 driver."""


@dataclass(frozen=True)
class ScanResult:
    """One access point that a scan heard."""

    ssid: str
    bssid: bytes
    channel: int
    rssi_dbm: int
    auth_mode: int
    times_seen: int = 1


class Scan:
    """A scan under way, by the chip with ``mac``; ``on_change`` is called when it is over."""

    def __init__(self, air: Air, mac: bytes, on_change: Callable[[], None]) -> None:
        self._air = air
        self._mac = mac
        self._on_change = on_change
        self.results: list[ScanResult] | None = None
        """None until the scan is over."""
        air.world.after(SCAN.draw_us(air.world.rng), self._finish)

    def _finish(self) -> None:
        self.results = [self._hear(access_point) for access_point in self._air.audible(self._mac)]
        self._on_change()

    def _hear(self, access_point: BeaconSender) -> ScanResult:
        settings = access_point.settings
        return ScanResult(
            ssid=settings.ssid,
            bssid=access_point.mac,
            channel=settings.channel,
            rssi_dbm=self._air.world.rng.randint(*RSSI_DBM),
            auth_mode=AUTH_MODE_OPEN if settings.security == SECURITY_OPEN else AUTH_MODE_WPA2,
        )
