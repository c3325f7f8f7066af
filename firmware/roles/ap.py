"""Access point of the app `roles`: keeps the clients in order, and grants MASTER to the first as a lease."""

from picolink import config, wifi
from picolink.ap_roles import Authority
from picolink.board import Uptime, log_boot
from picolink.log import log
from picolink.node import UdpPort, serve


def main() -> None:
    log_boot("roles", "ap")
    settings = config.load()
    ip = wifi.open_access_point(settings.ssid, settings.password, settings.channel)
    broadcast = (ip[: ip.rfind(".")] + ".255", settings.peer_port)
    uptime = Uptime()
    port = UdpPort(settings.discovery_port)
    try:
        serve(port, Authority(uptime.now_ms(), broadcast, port.send, log), uptime)
    finally:
        port.close()


main()
