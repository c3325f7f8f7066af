"""Client of the app `roles`: registers with the access point, and prints its own role and the order."""

from picolink import config
from picolink.board import Uptime, random_below, log_boot, unique_id
from picolink.log import log
from picolink.member import Member
from picolink.node import UdpPort, serve
from picolink.wifi import Station


def main() -> None:
    log_boot("roles", "client")
    settings = config.load()
    station = Station(settings.ssid, settings.password)
    port = UdpPort(settings.peer_port)
    member = Member(unique_id(), (settings.ap_ip, settings.discovery_port), port.send, log, random_below)
    try:
        serve(port, member, Uptime(), station)
    finally:
        member.leave()
        port.close()


main()
