"""The hardware calls behind MicroPython's ``network`` module."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace

from hil.virtual.air.access_point import AccessPoint
from hil.virtual.air.addressing import Addressing, parse
from hil.virtual.air.radio import Radio
from hil.virtual.air.scan import RSSI_DBM, Scan, ScanResult
from hil.virtual.air.station import Station
from hil.virtual.call import PENDING, Block, BoardValueError, Handler

UNKNOWN_PARAMETER = "unknown config param"

SCAN_PAGE = 12
"""Access points in one answer: a name of 32 bytes may take 192 when it is escaped, an answer 4096."""


class WlanHal:
    """Answers the ``wlan.*`` calls of one board. Interface 0 is the station, any other the access point."""

    def __init__(self, radio: Radio) -> None:
        self._radio = radio
        self._heard: list[ScanResult] = []

    def handlers(self) -> Mapping[str, Handler]:
        """Handlers by the name of the call."""
        return {
            "wlan.active": self._active,
            "wlan.deinit": lambda _words, _payload: self._radio.deinit(),
            "wlan.connect": self._connect,
            "wlan.disconnect": self._disconnect,
            "wlan.scan": self._scan,
            "wlan.scanned": self._scanned,
            "wlan.status": lambda words, _payload: int(self._interface(words).status),
            "wlan.isconnected": lambda words, _payload: self._interface(words).is_connected,
            "wlan.stations": lambda _words, _payload: [mac.hex() for mac in self._radio.access_point.station_macs],
            "wlan.rssi": self._rssi,
            "wlan.get": self._get,
            "wlan.set": self._set,
            "wlan.ifconfig": self._ifconfig,
            "wlan.dhcp": lambda words, _payload: words[0] == "0" and self._radio.station.uses_dhcp,
            "wlan.hostname": self._hostname,
        }

    def _interface(self, words: Sequence[str]) -> Station | AccessPoint:
        return self._radio.station if words[0] == "0" else self._radio.access_point

    # ---- the link

    def _active(self, words: Sequence[str], _payload: bytes) -> object:
        interface = self._interface(words)
        if len(words) == 1:
            return interface.is_active
        if words[1] == "0":
            self._radio.deactivate(interface)
            return None
        self._radio.power_up()

        def attempt() -> object:
            if not self._radio.is_powered:
                return PENDING
            self._radio.activate(interface)
            return None

        return Block(attempt, None, lambda: None)

    def _connect(self, _words: Sequence[str], payload: bytes) -> object:
        ssid, key = json.loads(payload)
        self._radio.station.connect(ssid, key)
        return None

    def _disconnect(self, words: Sequence[str], _payload: bytes) -> object:
        if self._interface(words) is self._radio.station:
            self._radio.station.disconnect()
        return None

    def _scan(self, _words: Sequence[str], _payload: bytes) -> object:
        scan: Scan = self._radio.station.start_scan()

        def attempt() -> object:
            if scan.results is None:
                return PENDING
            self._heard = scan.results
            return self._scanned(["0"], b"")

        return Block(attempt, None, list)

    def _scanned(self, words: Sequence[str], _payload: bytes) -> list[tuple[object, ...]]:
        """What the last scan heard, from number ``words[0]`` on, as much as one answer takes."""
        first = int(words[0])
        return [
            (found.ssid, found.bssid.hex(), found.channel, found.rssi_dbm, found.auth_mode, found.times_seen)
            for found in self._heard[first : first + SCAN_PAGE]
        ]

    def _rssi(self, _words: Sequence[str], _payload: bytes) -> object:
        return self._radio.world.rng.randint(*RSSI_DBM) if self._radio.station.has_link else 0

    # ---- settings

    def _get(self, words: Sequence[str], _payload: bytes) -> object:
        interface, name = self._interface(words), words[1]
        settings = self._radio.access_point.settings
        if isinstance(interface, Station):
            serving = interface.access_point
            ssid, channel = interface.wanted_ssid, serving.settings.channel if serving is not None else 0
        else:
            ssid, channel = settings.ssid, settings.channel
        readable: Mapping[str, object] = {
            **self._radio.chip_settings,
            "ssid": ssid,
            "essid": ssid,
            "channel": channel,
            "security": settings.security,
            "mac": self._radio.mac,
            "hostname": self._radio.hostname,
        }
        if name not in readable:
            raise BoardValueError(UNKNOWN_PARAMETER)
        return readable[name]

    def _set(self, _words: Sequence[str], payload: bytes) -> object:
        # The driver keeps ssid, key, security and channel of the access point, whichever interface was asked.
        settings = before = self._radio.access_point.settings
        for name, value in json.loads(payload).items():
            if name in ("ssid", "essid"):
                settings = replace(settings, ssid=value)
            elif name in ("key", "password"):
                settings = replace(settings, key=value)
            elif name == "security":
                settings = replace(settings, security=value)
            elif name == "channel":
                settings = replace(settings, channel=value)
            elif name == "hostname":
                self._radio.set_hostname(value)
            elif name in self._radio.chip_settings:
                self._radio.chip_settings[name] = value
            elif name not in ("monitor", "trace"):
                raise BoardValueError(UNKNOWN_PARAMETER)
        if settings is not before:
            # Setting what was set already restarts an active access point, too.
            self._radio.access_point.configure(settings)
        return None

    def _ifconfig(self, words: Sequence[str], payload: bytes) -> object:
        interface = self._interface(words)
        if not payload:
            return interface.addressing.text
        wanted = json.loads(payload)
        if wanted == "dhcp":
            if isinstance(interface, Station):
                interface.set_addressing(None)
            return None
        try:
            for address in wanted:
                parse(address)
        except ValueError:
            raise BoardValueError("invalid arguments") from None
        interface.set_addressing(Addressing(*wanted))
        return None

    def _hostname(self, _words: Sequence[str], payload: bytes) -> object:
        if not payload:
            return self._radio.hostname
        self._radio.set_hostname(payload.decode())
        return None
