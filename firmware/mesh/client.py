"""Client of the app `mesh`: keeps track of the other members, and prints them at every change."""

from picolink import config
from picolink.board import Uptime, random_below, log_boot, unique_id
from picolink.bus import Bus
from picolink.log import log
from picolink.node import UdpPort, serve
from picolink.wifi import Station


class Member(Bus):
    """Prints the members: all other clients that it hears itself."""

    def on_change(self) -> None:
        members = ",".join(self.peers.ips())
        log(f"members list={members}")


def main() -> None:
    log_boot("mesh", "client")
    settings = config.load()
    station = Station(settings.ssid, settings.password)
    port = UdpPort(settings.peer_port)
    ap = (settings.ap_ip, settings.discovery_port)
    member = Member(unique_id(), ap, settings.peer_port, port.send, random_below)
    try:
        serve(port, member, Uptime(), station)
    finally:
        member.leave()
        port.close()


main()
