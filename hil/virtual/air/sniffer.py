"""A sniffer in the simulated air: every IP packet that an interface sends, once, as an Ethernet frame.

The air has no ARP: every chip knows every other. A packet that an access point forwards is not heard again.
"""

from typing import NamedTuple

from hil.bench.sniffer import Frame
from hil.virtual.air.addressing import ANY, BROADCAST, is_multicast, parse
from hil.virtual.air.ethernet import Address, tcp_frame, udp_frame
from hil.virtual.air.packets import IpPacket, TcpSegment
from hil.virtual.world import US_PER_S

_MAC_OF_ALL = b"\xff" * 6


class _Heard(NamedTuple):
    time_us: int
    sender_mac: bytes
    receiver_mac: bytes
    packet: IpPacket
    broadcast: str


class AirSniffer:
    """Remembers what it hears as it is, which costs next to nothing, and makes frames of it when asked for them."""

    def __init__(self) -> None:
        self._heard: list[_Heard] = []

    def hear(self, time_us: int, sender_mac: bytes, receiver_mac: bytes, packet: IpPacket, broadcast: str) -> None:
        """An interface sent ``packet``; one call per receiver of what is for many, one after the other.

        ``broadcast`` is the address of everybody in the sender's network.
        """
        if not self._heard or self._heard[-1].packet is not packet or self._heard[-1].time_us != time_us:
            self._heard.append(_Heard(time_us, sender_mac, receiver_mac, packet, broadcast))

    def forget(self) -> None:
        """A test begins."""
        self._heard.clear()

    def frames(self) -> list[Frame]:
        frames = []
        macs: dict[str, bytes] = {}
        for number, heard in enumerate(self._heard):
            packet = heard.packet
            macs[packet.source[0]] = heard.sender_mac
            to = packet.destination[0]
            # Through the access point, but for whoever has the address.
            mac = _group_mac(to, heard.broadcast) or macs.get(to, heard.receiver_mac)
            frames.append(Frame(heard.time_us / US_PER_S, _frame(number, heard.sender_mac, mac, packet)))
        return frames


def _group_mac(address: str, broadcast: str) -> bytes:
    """The MAC of everybody, or of a multicast group (RFC 1112); empty for the address of one."""
    if is_multicast(address):
        return bytes.fromhex("01005e") + (parse(address) & 0x7FFFFF).to_bytes(3, "big")
    return _MAC_OF_ALL if address in (BROADCAST, broadcast) else b""


def _frame(number: int, sender_mac: bytes, receiver_mac: bytes, packet: IpPacket) -> bytes:
    source = Address(sender_mac, packet.source[0] or ANY, packet.source[1])
    destination = Address(receiver_mac, *packet.destination)
    if not isinstance(packet, TcpSegment):
        return udp_frame(number, source, destination, packet.data)
    return tcp_frame(
        number,
        source,
        destination,
        packet.data,
        sequence=packet.sequence,
        acknowledgement=packet.acknowledgement,
        window=packet.window,
        syn=packet.syn,
        fin=packet.fin,
        rst=packet.rst,
    )
