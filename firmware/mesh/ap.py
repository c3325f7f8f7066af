"""Access point of the app `mesh`: sends its clients the list of all. It takes no part in their messages."""

from picolink import config, wifi
from picolink.board import Uptime, log_boot
from picolink.log import log
from picolink.node import UdpPort, serve
from picolink.registry import Registry


def main() -> None:
    log_boot("mesh", "ap")
    settings = config.load()
    wifi.open_access_point(settings.ssid, settings.password, settings.channel)
    port = UdpPort(settings.discovery_port)
    try:
        serve(port, Registry(port.send, log), Uptime())
    finally:
        port.close()


main()
