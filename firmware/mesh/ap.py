"""Access point of the app `mesh`: tells its clients who is there; what they then say it does not hear."""

from picolink import config, wifi
from picolink.board import Uptime, say_boot
from picolink.log import say
from picolink.node import UdpPort, serve
from picolink.registry import Registry


def main() -> None:
    say_boot("mesh", "ap")
    settings = config.load()
    wifi.open_access_point(settings.ssid, settings.password, settings.channel)
    port = UdpPort(settings.discovery_port)
    try:
        serve(port, Registry(port.send, say), Uptime())
    finally:
        port.close()


main()
