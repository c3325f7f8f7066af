"""Client of the app `hello`: sends HELLO to the access point and prints the answer, or that there is none."""

from picolink import config, wire
from picolink.board import Uptime, log_boot, unique_id
from picolink.log import log
from picolink.node import UdpPort, serve
from picolink.program import Program
from picolink.timing import AP_SILENT_MS, HELLO_PERIOD_MS, HELLO_RETRY_MS
from picolink.wifi import Station

TRIES_PER_LINE = 8


class Greeter(Program):
    """Sends HELLO once a second until it is answered, then every HELLO_PERIOD_MS."""

    def __init__(self, port: UdpPort, ap: tuple[str, int]) -> None:
        self._port = port
        self._ap = ap
        self._text = wire.hello(unique_id(), 0, None)
        self._joined = False
        self._tries = 0  # since the last answer, tries without Wi-Fi included
        self._hello_ms = 0
        self._heard_ms = 0

    def link(self, now_ms: int, ip: str) -> None:
        self._joined = bool(ip)
        self._hello_ms = self._heard_ms = now_ms

    def is_deaf(self, now_ms: int) -> bool:
        return now_ms - self._heard_ms >= AP_SILENT_MS

    def tick(self, now_ms: int) -> int:
        if now_ms >= self._hello_ms:
            self._tries += 1
            if self._tries % TRIES_PER_LINE == 0:
                log(f"no-reply tries={self._tries}")
            if self._joined:
                self._port.send(self._text, self._ap)
            self._hello_ms = now_ms + HELLO_RETRY_MS
        return self._hello_ms

    def received(self, now_ms: int, message: wire.Message, sender: tuple[str, int]) -> None:
        if sender != self._ap:
            raise wire.Malformed("foreign")
        if message.word != "WELCOME":
            raise wire.Malformed("unknown")
        log(f'hello-reply from={sender[0]} tries={self._tries} text="{message.text}"')
        self._tries = 0
        self._heard_ms = now_ms
        self._hello_ms = now_ms + HELLO_PERIOD_MS


def main() -> None:
    log_boot("hello", "client")
    settings = config.load()
    station = Station(settings.ssid, settings.password)
    port = UdpPort(settings.peer_port)
    try:
        serve(port, Greeter(port, (settings.ap_ip, settings.discovery_port)), Uptime(), station)
    finally:
        port.close()


main()
