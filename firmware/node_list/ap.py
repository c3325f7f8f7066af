"""Access point of the app `node_list`: keeps the addresses of its clients and sends them to all every 3 s."""

from picolink import config, wifi
from picolink.board import Uptime, log_boot
from picolink.log import log
from picolink.node import UdpPort, serve
from picolink.registry import Registry
from picolink.timing import NODES_PERIOD_MS


class Announcer(Registry):
    """A registry that sends its list without being asked. All clients listen on the same port as the AP."""

    def __init__(self, now_ms: int, port: UdpPort, client_port: int) -> None:
        super().__init__(port.send, log)
        self._client_port = client_port
        self._announce_ms = now_ms

    def tick(self, now_ms: int) -> int:
        due_ms = super().tick(now_ms)
        if now_ms >= self._announce_ms:
            for ip in self.peers.ips():
                self.send_list((ip, self._client_port))
            self._announce_ms = now_ms + NODES_PERIOD_MS
        return min(due_ms, self._announce_ms)


def main() -> None:
    log_boot("node_list", "ap")
    settings = config.load()
    wifi.open_access_point(settings.ssid, settings.password, settings.channel)
    uptime = Uptime()
    port = UdpPort(settings.discovery_port)
    try:
        serve(port, Announcer(uptime.now_ms(), port, settings.discovery_port), uptime)
    finally:
        port.close()


main()
