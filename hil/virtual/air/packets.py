"""What travels through the air: UDP datagrams, TCP segments, DHCP messages, and goodbyes."""

from dataclasses import dataclass
from enum import Enum

from hil.virtual.air.addressing import Addressing, Endpoint


@dataclass(frozen=True, slots=True)
class UdpDatagram:
    """One UDP datagram."""

    source: Endpoint
    destination: Endpoint
    data: bytes


@dataclass(frozen=True, slots=True)
class TcpSegment:
    """One TCP segment. Sequence numbers are not bounded to 32 bits: they never wrap."""

    source: Endpoint
    destination: Endpoint
    sequence: int
    acknowledgement: int | None = None
    window: int = 0
    data: bytes = b""
    syn: bool = False
    fin: bool = False
    rst: bool = False


class DhcpKind(Enum):
    """The messages of a lease."""

    DISCOVER = "discover"
    OFFER = "offer"
    REQUEST = "request"
    ACK = "ack"


@dataclass(frozen=True, slots=True)
class DhcpMessage:
    """One DHCP message; ``addressing`` is what is offered, requested or granted."""

    kind: DhcpKind
    client_mac: bytes
    addressing: Addressing


@dataclass(frozen=True, slots=True)
class Deauthentication:
    """An access point tells a station that it does not know it, or not any more."""


IpPacket = UdpDatagram | TcpSegment
"""What the IP layer of a board sends and takes."""

Packet = IpPacket | DhcpMessage | Deauthentication
"""What the air carries."""
