"""Access point of the app `roles`: keeps the clients in order, and grants MASTER to the first as a lease."""

from picolink import config, wifi
from picolink.ap_roles import Authority
from picolink.board import Uptime, say_boot
from picolink.log import say
from picolink.node import UdpPort, serve


def main() -> None:
    say_boot("roles", "ap")
    settings = config.load()
    ip = wifi.open_access_point(settings.ssid, settings.password, settings.channel)
    everyone = (ip[: ip.rfind(".")] + ".255", settings.peer_port)
    uptime = Uptime()
    port = UdpPort(settings.discovery_port)
    try:
        serve(port, Authority(uptime.now_ms(), everyone, port.send, say), uptime)
    finally:
        port.close()


main()
