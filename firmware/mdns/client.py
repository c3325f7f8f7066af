"""Client of the app `mdns`: finds the access point and all other clients by name. It knows no address."""

from picolink import config, wire
from picolink.address_book import AddressBook
from picolink.board import Uptime, log_boot, unique_id
from picolink.log import log
from picolink.mdns import resolve, take_hostname
from picolink.node import UdpPort, serve
from picolink.program import Program
from picolink.timing import AP_SILENT_MS, HELLO_PERIOD_MS, HELLO_RETRY_MS
from picolink.wifi import Station


class Resolver(Program):
    """Resolves the AP's name, sends HELLO with its own, and resolves the names that the AP lists."""

    def __init__(self, name: str, ap_name: str, ap_port: int, port: UdpPort, uptime: Uptime) -> None:
        self._name = name
        self._ap_name = ap_name
        self._ap_port = ap_port
        self._port = port
        self._book = AddressBook(resolve, uptime.now_ms, log)
        self._joined = False
        self._listed: list[str] = []
        self._hello_ms = 0
        self._heard_ms = 0

    def link(self, now_ms: int, ip: str) -> None:
        self._joined = bool(ip)
        self._hello_ms = self._heard_ms = now_ms
        # Every address may have changed.
        self._book.want([])

    def is_deaf(self, now_ms: int) -> bool:
        return now_ms - self._heard_ms >= AP_SILENT_MS

    def tick(self, now_ms: int) -> int:
        if not self._joined:
            return now_ms + HELLO_PERIOD_MS
        self._book.want([self._ap_name] + [name for name in self._listed if name != self._name])
        ap_ip = self._book.where(self._ap_name)
        if ap_ip and now_ms >= self._hello_ms:
            self._port.send(wire.hello(self._name, 0, None), (ap_ip, self._ap_port))
            self._hello_ms = now_ms + HELLO_RETRY_MS
        ask_ms = self._book.due_ms()
        if ask_ms is not None and now_ms >= ask_ms:
            self._book.ask_next()
            # Asking took time: read the clock again before anything else.
            return now_ms
        due_ms = ask_ms if ask_ms is not None else now_ms + HELLO_PERIOD_MS
        return min(due_ms, self._hello_ms) if ap_ip else due_ms

    def received(self, now_ms: int, message: wire.Message, sender: tuple[str, int]) -> None:
        if sender != (self._book.where(self._ap_name), self._ap_port):
            raise wire.Malformed("foreign")
        if message.word != "NAMES":
            raise wire.Malformed("unknown")
        self._heard_ms = now_ms
        if self._name in message.order:
            self._hello_ms = now_ms + HELLO_PERIOD_MS
        if message.order != self._listed:
            self._listed = message.order
            listed = ",".join(self._listed)
            log(f"names list={listed}")


def main() -> None:
    log_boot("mdns", "client")
    settings = config.load()
    name = settings.hostname or "pico-" + unique_id()[-6:]
    take_hostname(name)
    station = Station(settings.ssid, settings.password)
    port = UdpPort(settings.peer_port)
    uptime = Uptime()
    resolver = Resolver(name, settings.ap_name, settings.discovery_port, port, uptime)
    try:
        serve(port, resolver, uptime, station)
    finally:
        port.close()


main()
