"""Access point of the app `hello`: answers every HELLO."""

from picolink import config, wifi
from picolink.board import Uptime, log_boot
from picolink.log import log
from picolink.node import UdpPort, serve
from picolink.program import Program
from picolink.wire import Malformed, Message

IDLE_MS = 60000


class Responder(Program):
    """Answers HELLO with WELCOME and its own address."""

    def __init__(self, port: UdpPort, ip: str) -> None:
        self._port = port
        self._ip = ip

    def tick(self, now_ms: int) -> int:
        return now_ms + IDLE_MS

    def received(self, now_ms: int, message: Message, sender: tuple[str, int]) -> None:
        if message.word != "HELLO":
            raise Malformed("unknown")
        log(f"hello from={sender[0]}")
        self._port.send(f"WELCOME from AP @ {self._ip}", sender)


def main() -> None:
    log_boot("hello", "ap")
    settings = config.load()
    ip = wifi.open_access_point(settings.ssid, settings.password, settings.channel)
    port = UdpPort(settings.discovery_port)
    try:
        serve(port, Responder(port, ip), Uptime())
    finally:
        port.close()


main()
