"""Client of the app `wireless_bus`: sends messages to all other clients directly, and prints theirs."""

from picolink import config
from picolink.board import Uptime, random_below, log_boot, unique_id
from picolink.bus import Bus
from picolink.log import log
from picolink.node import UdpPort, serve
from picolink.peers import Peer
from picolink.wifi import Station


class Talker(Bus):
    """Prints every message."""

    def on_saying(self, peer: Peer, seq: int) -> None:
        log(f"said peer={peer.ip} id={peer.id} seq={seq}")


def main() -> None:
    log_boot("wireless_bus", "client")
    settings = config.load()
    station = Station(settings.ssid, settings.password)
    port = UdpPort(settings.peer_port)
    ap = (settings.ap_ip, settings.discovery_port)
    talker = Talker(unique_id(), ap, settings.peer_port, port.send, random_below)
    try:
        serve(port, talker, Uptime(), station)
    finally:
        talker.leave()
        port.close()


main()
