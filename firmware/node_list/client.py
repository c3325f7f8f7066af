"""Client of the app `node_list`: sends HELLO, listens on the port to which the AP sends the list, and prints it."""

from picolink import config
from picolink.board import Uptime, random_below, log_boot, unique_id
from picolink.log import log
from picolink.node import UdpPort, serve
from picolink.program import Program
from picolink.registration import Registration
from picolink.wifi import Station
from picolink.wire import Malformed, Message


class Listener(Program):
    """Prints every list that the AP sends."""

    def __init__(self, registration: Registration) -> None:
        self._registration = registration

    def link(self, now_ms: int, ip: str) -> None:
        self._registration.link(now_ms, ip)

    def is_deaf(self, now_ms: int) -> bool:
        return self._registration.is_deaf(now_ms)

    def tick(self, now_ms: int) -> int:
        return self._registration.tick(now_ms)

    def received(self, now_ms: int, message: Message, sender: tuple[str, int]) -> None:
        if message.word != "NODES:":
            raise Malformed("unknown")
        self._registration.received(now_ms, message, sender)
        listed = ",".join(message.order)
        log(f"nodes list={listed}")


def main() -> None:
    log_boot("node_list", "client")
    settings = config.load()
    station = Station(settings.ssid, settings.password)
    # Not the peers' port: the AP sends NODES to the port on which it listens itself.
    port = UdpPort(settings.discovery_port)
    registration = Registration(unique_id(), (settings.ap_ip, settings.discovery_port), port.send, random_below)
    try:
        serve(port, Listener(registration), Uptime(), station)
    finally:
        registration.leave()
        port.close()


main()
