"""App `first_boot`, the same on every board: joins the access point that it finds, or becomes it."""

from picolink import config, wifi
from picolink.board import Uptime, random_below, log_boot, unique_id
from picolink.election import Reign, Seeker
from picolink.log import log
from picolink.member import Member
from picolink.node import UdpPort, serve
from picolink.succession import Follower, Leader


def main() -> None:
    log_boot("first_boot", "node")
    settings = config.load()
    uptime = Uptime()
    to_ap, to_clients = UdpPort(settings.peer_port), UdpPort(settings.discovery_port)
    ap = settings.ap_ip, settings.discovery_port
    member = Member(unique_id(), ap, to_ap.send, log, random_below)

    def look(looked):  # type: ignore[no-untyped-def]  # MicroPython has no type for a callable
        heard = wifi.look_for_access_points(settings.ssid)
        looked(uptime.now_ms(), heard)

    def follow() -> None:
        station = wifi.Station(settings.ssid, settings.password, automatic=False)
        member.use(to_ap.send)
        serve(to_ap, Follower(member, Seeker(uptime.now_ms(), random_below), station, look, log), uptime, station)
        to_ap.close()

    def lead() -> None:
        wifi.open_access_point(settings.ssid, settings.password, settings.channel)
        access_point = wifi.OpenAccessPoint()
        now_ms = uptime.now_ms()
        reign = Reign(now_ms, access_point.bssid, random_below)
        leader = Leader(now_ms, member, reign, access_point, ap, settings.peer_port, look, to_clients.send, log)
        serve(to_clients, leader, uptime)
        to_clients.close()
        wifi.close_access_point()

    try:
        while True:
            follow()
            lead()
    finally:
        member.leave()
        to_ap.close()
        to_clients.close()
        wifi.close_access_point()


main()
