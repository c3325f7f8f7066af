"""Wi-Fi: opens the access point, or joins it as a station that never gives up."""

import network
import time

from picolink.board import random_below
from picolink.log import log

POWER_SAVE_OFF = 0xA11140
"""For WLAN.config(pm=…), after active(True). A radio in power save misses broadcasts and answers 200 ms late."""
AP_START_LIMIT_MS = 5000
JOIN_LIMIT_MS = 15000
"""A try to join is given up after this long."""
REJOIN_LIMIT_MS = 30000
"""For this long a lost link is left to the radio, which finds its AP again by itself."""
JOIN_POLL_MS = 100
LINK_CHECK_MS = 1000
BACKOFF_MS = 500
BACKOFF_MAX_MS = 2000
"""Wait between two tries: doubled each time up to the maximum, with a random quarter more or less."""


def open_access_point(ssid: str, password: str, channel: int | None) -> str:
    """Open the AP, and try until that succeeds; returns its address."""
    network.WLAN(network.STA_IF).active(False)
    access_point = network.WLAN(network.AP_IF)
    while True:
        try:
            # After a soft reset the previous program's AP may still be on the air, perhaps with other settings.
            access_point.active(False)
            access_point.config(ssid=ssid, password=password)
            if channel is not None:
                access_point.config(channel=channel)
            access_point.active(True)
            access_point.config(pm=POWER_SAVE_OFF)
            for _ in range(AP_START_LIMIT_MS // JOIN_POLL_MS):
                if access_point.status() == network.STAT_GOT_IP:
                    ip: str = access_point.ifconfig()[0]
                    log(f"ap-up ssid={ssid} ip={ip}")
                    return ip
                time.sleep_ms(JOIN_POLL_MS)
            log(f"error what=ap-start status={access_point.status()}")
        except OSError as error:
            log(f"error what=ap-start error={error}")
            time.sleep_ms(BACKOFF_MAX_MS)


def close_access_point() -> None:
    """Take the AP off the air. Its stations are notified."""
    network.WLAN(network.AP_IF).active(False)


def look_for_access_points(ssid: str) -> list[bytes] | None:
    """BSSIDs of the APs with that SSID in reach, except this board's own; None if the radio cannot scan now.

    Takes about two seconds. If this board is an AP, its stations have to wait meanwhile.
    """
    station = network.WLAN(network.STA_IF)
    try:
        station.active(True)
        found = station.scan()
    except OSError as error:
        log(f"error what=scan error={error}")
        return None
    return [entry[1] for entry in found if entry[0] == ssid.encode()]


class OpenAccessPoint:
    """The AP of this board, while it is open."""

    def __init__(self) -> None:
        self._wlan = network.WLAN(network.AP_IF)
        self.bssid: bytes = self._wlan.config("mac")

    def is_up(self) -> bool:
        """Whether it is on the air."""
        return self._wlan.status() == network.STAT_GOT_IP


class Station:
    """Joins the AP, and again whenever the link is lost. Never blocks: call tick() when it is due."""

    def __init__(self, ssid: str, password: str, automatic: bool = True) -> None:
        """`automatic`: whether it begins a try whenever it has not joined, or only one for each join()."""
        network.WLAN(network.AP_IF).active(False)
        self.ip = ""
        """Own address; empty while the AP is not joined."""
        self.tries = 0
        """Tries of the current or last attempt to join."""
        self.trying = False
        """Whether the try that join() began is under way."""
        self._automatic = automatic
        self._ssid = ssid
        self._password = password
        self._wlan = network.WLAN(network.STA_IF)
        self._joining = False
        self._started_ms: int | None = None
        self._limit_ms = 0
        self._retry_ms = 0
        self._check_ms = 0

    def tick(self, now_ms: int) -> int:
        """Do what is due; returns when to call again."""
        try:
            return self._tick(now_ms)
        except OSError as error:
            log(f"error what=wifi error={error}")
            return self._back_off(now_ms)

    def join(self, now_ms: int) -> None:
        """Begin a try, or only note it if the radio has just joined by itself."""
        if self.ip:
            return
        self.trying = True
        self._joining = self._wlan.isconnected()
        self._retry_ms = now_ms
        if self._started_ms is None:
            self._started_ms = now_ms

    def rejoin(self, now_ms: int) -> None:
        """Drop a link that is dead, whatever the radio reports, and join again."""
        log("link-lost reason=silent")
        self.ip = ""
        self.tries = 0
        self._joining = False
        self._started_ms = None
        self._retry_ms = now_ms
        self._wlan.disconnect()

    def _tick(self, now_ms: int) -> int:
        if self.ip:
            if now_ms < self._check_ms:
                return self._check_ms
            if self._wlan.isconnected():
                # A station that has come back keeps its address until it learns that another station has got it.
                self._note_address()
                self._check_ms = now_ms + LINK_CHECK_MS
                return self._check_ms
            log("link-lost")
            self.ip = ""
            self.tries = 0
            self._await_link(now_ms, REJOIN_LIMIT_MS)
        if not self._joining:
            if not self._automatic and not self.trying:
                return now_ms + LINK_CHECK_MS
            if now_ms < self._retry_ms:
                return self._retry_ms
            self._wlan.active(True)
            self._wlan.config(pm=POWER_SAVE_OFF)
            self._wlan.connect(self._ssid, self._password)
            self._await_link(now_ms, JOIN_LIMIT_MS)
        if self._wlan.isconnected():
            return self._joined(now_ms)
        status = self._wlan.status()
        if status < 0 or now_ms >= self._limit_ms:
            log(f"join-failed status={status} tries={self.tries}")
            return self._back_off(now_ms)
        return now_ms + JOIN_POLL_MS

    def _await_link(self, now_ms: int, limit_ms: int) -> None:
        self.tries += 1
        self._joining = True
        self._limit_ms = now_ms + limit_ms
        if self._started_ms is None:
            self._started_ms = now_ms

    def _note_address(self) -> None:
        ip = self._wlan.ifconfig()[0]
        if ip != self.ip:
            self.ip = ip
            log(f"joined ip={ip} ms=0 tries=0")

    def _joined(self, now_ms: int) -> int:
        self.ip = self._wlan.ifconfig()[0]
        elapsed_ms = now_ms - (self._started_ms or 0)
        log(f"joined ip={self.ip} ms={elapsed_ms} tries={self.tries}")
        self._joining = self.trying = False
        self._started_ms = None
        return now_ms + LINK_CHECK_MS

    def _back_off(self, now_ms: int) -> int:
        wait_ms = min(BACKOFF_MS << min(self.tries, 8), 2 * BACKOFF_MAX_MS) // 2
        self._joining = self.trying = False
        self._retry_ms = now_ms + wait_ms - wait_ms // 4 + random_below(wait_ms // 2)
        return self._retry_ms
