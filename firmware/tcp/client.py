"""Client of the app `tcp`: connects to the access point and prints its answer, or that there is none."""

import socket
import time

from picolink import config, stream
from picolink.board import Uptime, log_boot
from picolink.log import log
from picolink.timing import AP_SILENT_MS, VISIT_LIMIT_MS, VISIT_PERIOD_MS, VISIT_RETRY_MS
from picolink.wifi import Station
from picolink.wire import Malformed

ECONNRESET = 104
"""Refused: the AP is there, but its program does not run."""


def visit(ap: tuple[str, int], ip: str, uptime: Uptime) -> None:
    """Send a greeting to the AP, and print it and the answer. Raises OSError, Malformed."""
    lines = stream.LineStream(socket.socket(socket.AF_INET, socket.SOCK_STREAM), uptime, VISIT_LIMIT_MS)
    try:
        lines.connect(ap)
        text = f"Hello from {ip}"
        lines.write_line(text)
        log(f'sent peer={ap[0]} text="{text}"')
        log(f'reply peer={ap[0]} text="{lines.read_line()}"')
    finally:
        lines.close()


class Visitor:
    """Visits the AP periodically. Without Wi-Fi a visit fails."""

    def __init__(self, station: Station, ap: tuple[str, int], uptime: Uptime) -> None:
        self._station = station
        self._ap = ap
        self._uptime = uptime
        self._tries = 0  # since the last answer, tries without Wi-Fi included
        self._visit_ms = 0
        self._heard_ms = 0

    def tick(self) -> int:
        """Do what is due; returns after how many milliseconds to call again."""
        now_ms = self._uptime.now_ms()
        joined = self._station.ip
        due_ms = self._station.tick(now_ms)
        if self._station.ip != joined:
            self._visit_ms = self._heard_ms = now_ms
        if now_ms >= self._visit_ms:
            answered = self._try_to_visit()
            now_ms = self._uptime.now_ms()
            self._visit_ms = now_ms + (VISIT_PERIOD_MS if answered else VISIT_RETRY_MS)
            if self._station.ip and now_ms - self._heard_ms >= AP_SILENT_MS:
                self._station.rejoin(now_ms)
        return max(0, min(due_ms, self._visit_ms) - now_ms)

    def _try_to_visit(self) -> bool:
        self._tries += 1
        try:
            if not self._station.ip:
                log(f"no-reply tries={self._tries} reason=no-wifi")
                return False
            visit(self._ap, self._station.ip, self._uptime)
        except (OSError, Malformed) as error:
            log(f"no-reply tries={self._tries} reason={error}")
            if not isinstance(error, OSError) or error.errno == ECONNRESET:
                self._heard_ms = self._uptime.now_ms()
            return False
        self._tries = 0
        self._heard_ms = self._uptime.now_ms()
        return True


def main() -> None:
    log_boot("tcp", "client")
    settings = config.load()
    visitor = Visitor(Station(settings.ssid, settings.password), (settings.ap_ip, settings.tcp_port), Uptime())
    while True:
        time.sleep_ms(visitor.tick())


main()
