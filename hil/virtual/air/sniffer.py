"""A sniffer in the simulated air: every IP packet that an interface sends, once, as an Ethernet frame.

The air has no ARP: every chip knows every other. A packet that an access point forwards is not heard again.
"""

import socket

import dpkt

from hil.sniffer import Frame
from hil.virtual.air.addressing import ANY, BROADCAST, Endpoint, is_multicast, parse
from hil.virtual.air.packets import IpPacket, TcpSegment, UdpDatagram
from hil.virtual.world import US_PER_S

_TTL = 255
"""lwIP's, for UDP and TCP alike (``UDP_TTL``, ``TCP_TTL`` in its opt.h); mDNS asks for the same."""
_MAC_OF_ALL = b"\xff" * 6
_SEQUENCES = 1 << 32
_WINDOW_MAX = 0xFFFF


class AirSniffer:
    """Remembers what it hears as it is, which costs next to nothing, and makes frames of it when asked for them."""

    def __init__(self) -> None:
        self._heard: list[tuple[int, bytes, bytes, IpPacket]] = []

    def hear(self, time_us: int, sender_mac: bytes, receiver_mac: bytes, packet: IpPacket) -> None:
        """An interface sent ``packet``; one call per receiver of what is for many, one after the other."""
        if not self._heard or self._heard[-1][3] is not packet or self._heard[-1][0] != time_us:
            self._heard.append((time_us, sender_mac, receiver_mac, packet))

    def forget(self) -> None:
        """A test begins."""
        self._heard.clear()

    def frames(self) -> list[Frame]:
        frames = []
        macs: dict[str, bytes] = {}
        for number, (time_us, sender_mac, receiver_mac, packet) in enumerate(self._heard):
            macs[packet.source[0]] = sender_mac
            # Through the access point, but for whoever has the address.
            destination_mac = _group_mac(packet.destination[0]) or macs.get(packet.destination[0], receiver_mac)
            ethernet = dpkt.ethernet.Ethernet(
                src=sender_mac, dst=destination_mac, type=dpkt.ethernet.ETH_TYPE_IP, data=_ip(packet, number)
            )
            frames.append(Frame(time_us / US_PER_S, bytes(ethernet)))
        return frames


def _group_mac(address: str) -> bytes:
    """The MAC of everybody, or of a multicast group (RFC 1112); empty for the address of one."""
    if is_multicast(address):
        return bytes.fromhex("01005e") + (parse(address) & 0x7FFFFF).to_bytes(3, "big")
    # The boards' networks are /24: see DEFAULT_ADDRESSING.
    return _MAC_OF_ALL if address == BROADCAST or address.endswith(".255") else b""


def _ip(packet: IpPacket, number: int) -> dpkt.ip.IP:
    is_tcp = isinstance(packet, TcpSegment)
    return dpkt.ip.IP(
        id=number % 0x10000,
        ttl=_TTL,
        p=dpkt.ip.IP_PROTO_TCP if is_tcp else dpkt.ip.IP_PROTO_UDP,
        src=_bytes(packet.source),
        dst=_bytes(packet.destination),
        data=_tcp(packet) if isinstance(packet, TcpSegment) else _udp(packet),
    )


def _udp(datagram: UdpDatagram) -> dpkt.udp.UDP:
    return dpkt.udp.UDP(
        sport=datagram.source[1],
        dport=datagram.destination[1],
        ulen=8 + len(datagram.data),
        data=datagram.data,
    )


def _tcp(segment: TcpSegment) -> dpkt.tcp.TCP:
    flags = (
        (dpkt.tcp.TH_SYN if segment.syn else 0)
        | (dpkt.tcp.TH_FIN if segment.fin else 0)
        | (dpkt.tcp.TH_RST if segment.rst else 0)
        | (dpkt.tcp.TH_ACK if segment.acknowledgement is not None else 0)
        | (dpkt.tcp.TH_PUSH if segment.data else 0)
    )
    return dpkt.tcp.TCP(
        sport=segment.source[1],
        dport=segment.destination[1],
        seq=segment.sequence % _SEQUENCES,
        ack=(segment.acknowledgement or 0) % _SEQUENCES,
        flags=flags,
        win=min(segment.window, _WINDOW_MAX),
        data=segment.data,
    )


def _bytes(endpoint: Endpoint) -> bytes:
    return socket.inet_aton(endpoint[0] or ANY)
