"""Ethernet frames that carry IPv4: the format that the tools of network people read."""

import socket
from typing import NamedTuple

import dpkt

_TTL = 255
"""lwIP's, for UDP and TCP alike (``UDP_TTL``, ``TCP_TTL`` in its opt.h); mDNS asks for the same."""
_SEQUENCES = 1 << 32
_WINDOW_MAX = 0xFFFF


class Address(NamedTuple):
    """Where a packet comes from, or goes to."""

    mac: bytes
    ip: str
    port: int


def udp_frame(number: int, source: Address, destination: Address, data: bytes) -> bytes:
    """An Ethernet II frame with a UDP datagram, checksums included. ``number`` is what IP identifies the packet by."""
    udp = dpkt.udp.UDP(sport=source.port, dport=destination.port, ulen=8 + len(data), data=data)
    return _frame(number, source, destination, dpkt.ip.IP_PROTO_UDP, udp)


def tcp_frame(
    number: int,
    source: Address,
    destination: Address,
    data: bytes,
    *,
    sequence: int,
    acknowledgement: int | None,
    window: int,
    syn: bool,
    fin: bool,
    rst: bool,
) -> bytes:
    """An Ethernet II frame with a TCP segment, as :func:`udp_frame`. Sequence numbers wrap at 32 bits here."""
    flags = (
        (dpkt.tcp.TH_SYN if syn else 0)
        | (dpkt.tcp.TH_FIN if fin else 0)
        | (dpkt.tcp.TH_RST if rst else 0)
        | (dpkt.tcp.TH_ACK if acknowledgement is not None else 0)
        | (dpkt.tcp.TH_PUSH if data else 0)
    )
    tcp = dpkt.tcp.TCP(
        sport=source.port,
        dport=destination.port,
        seq=sequence % _SEQUENCES,
        ack=(acknowledgement or 0) % _SEQUENCES,
        flags=flags,
        win=min(window, _WINDOW_MAX),
        data=data,
    )
    return _frame(number, source, destination, dpkt.ip.IP_PROTO_TCP, tcp)


def _frame(number: int, source: Address, destination: Address, protocol: int, data: object) -> bytes:
    ip = dpkt.ip.IP(
        id=number % 0x10000,
        ttl=_TTL,
        p=protocol,
        src=socket.inet_aton(source.ip),
        dst=socket.inet_aton(destination.ip),
        data=data,
    )
    return bytes(dpkt.ethernet.Ethernet(src=source.mac, dst=destination.mac, type=dpkt.ethernet.ETH_TYPE_IP, data=ip))
