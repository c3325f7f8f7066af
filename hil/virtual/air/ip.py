"""The IP stack of one board: which interface a packet leaves by, and which socket takes one that has arrived."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from hil.virtual.air.addressing import BROADCAST, Endpoint
from hil.virtual.air.interface import Interface
from hil.virtual.air.limits import (
    EPHEMERAL_PORT_FIRST,
    EPHEMERAL_PORTS,
    TCP_LISTEN_PCBS,
    TCP_PCBS,
    UDP_PCBS,
    UDP_PCBS_MDNS,
)
from hil.virtual.air.packets import IpPacket, TcpSegment, UdpDatagram
from hil.virtual.air.rp2_errno import EHOSTUNREACH, ENOMEM
from hil.virtual.air.timing import TCP_TIME_WAIT_S
from hil.virtual.hal import BoardOSError
from hil.virtual.world import US_PER_S, World

if TYPE_CHECKING:
    from hil.virtual.air.tcp_connection import TcpConnection
    from hil.virtual.air.tcp_socket import TcpSocket
    from hil.virtual.air.udp import UdpSocket


class IpStack:
    """Routes, ports, and the pools of endpoints (PCBs) that lwIP allows."""

    def __init__(self, world: World, on_change: Callable[[], None]) -> None:
        self.world = world
        self.on_change = on_change
        self.udp_sockets: list[UdpSocket] = []
        self.listeners: list[TcpSocket] = []
        self.unconnected: list[TcpSocket] = []
        """TCP sockets that neither listen nor have connected yet; each holds a PCB of the pool of connections."""
        self.connections: dict[tuple[Endpoint, Endpoint], TcpConnection] = {}
        self._time_wait_until_us: dict[int, int] = {}
        self._interfaces: list[Interface] = []
        self._next_port = world.rng.randrange(EPHEMERAL_PORTS)

    # ---- interfaces and routes

    def add_interface(self, interface: Interface) -> None:
        """``interface`` was switched on last: it becomes the default route."""
        if interface not in self._interfaces:
            self._interfaces.insert(0, interface)
            interface.deliver = self.receive

    def remove_interface(self, interface: Interface) -> None:
        """``interface`` was switched off."""
        if interface in self._interfaces:
            self._interfaces.remove(interface)
            interface.deliver = None

    def route(self, address: str) -> Interface | None:
        """The interface by which packets to ``address`` leave, or None when there is none that is up."""
        if address != BROADCAST:
            for interface in self._interfaces:
                if interface.is_up and interface.addressing.is_neighbour(address):
                    return interface
        default = next(iter(self._interfaces), None)
        return default if default is not None and default.is_up else None

    def require_route(self, address: str) -> Interface:
        """As :meth:`route`. Raises EHOSTUNREACH when there is none."""
        interface = self.route(address)
        if interface is None:
            raise BoardOSError(EHOSTUNREACH)
        return interface

    # ---- pools

    def require_udp_pcb(self) -> None:
        """Raises ENOMEM when there is no room for one more UDP socket."""
        if len(self.udp_sockets) >= UDP_PCBS - UDP_PCBS_MDNS - len(self._interfaces):
            raise BoardOSError(ENOMEM)

    @property
    def has_tcp_pcb(self) -> bool:
        """Whether there is room for one more connection."""
        return len(self.unconnected) + len(self.connections) < TCP_PCBS

    def require_tcp_pcb(self) -> None:
        """Raises ENOMEM when there is no room for one more TCP socket."""
        if not self.has_tcp_pcb:
            raise BoardOSError(ENOMEM)

    def require_listen_pcb(self) -> None:
        """Raises ENOMEM when there is no room for one more listening socket."""
        if len(self.listeners) >= TCP_LISTEN_PCBS:
            raise BoardOSError(ENOMEM)

    def enter_time_wait(self, port: int) -> None:
        """A connection from ``port`` was closed from this end: late packets of it may still arrive."""
        self._time_wait_until_us[port] = self.world.now_us + round(TCP_TIME_WAIT_S * US_PER_S)

    def is_in_time_wait(self, port: int) -> bool:
        """Whether ``port`` can be bound with SO_REUSEADDR only."""
        return self.world.now_us < self._time_wait_until_us.get(port, 0)

    def free_port(self, taken: Iterable[int]) -> int:
        """A port above 49151 that is not among ``taken``."""
        in_use = set(taken)
        while True:
            self._next_port = (self._next_port + 1) % EPHEMERAL_PORTS
            port = EPHEMERAL_PORT_FIRST + self._next_port
            if port not in in_use:
                return port

    # ---- arrivals

    def receive(self, interface: Interface, packet: IpPacket) -> None:
        """Take a packet that has arrived at ``interface``."""
        if not interface.is_up:
            return
        if isinstance(packet, UdpDatagram):
            self._receive_udp(interface, packet)
        else:
            self._receive_tcp(interface, packet)

    def _receive_udp(self, interface: Interface, datagram: UdpDatagram) -> None:
        address, port = datagram.destination
        own = interface.addressing
        if address not in (own.address, BROADCAST, own.broadcast):
            return
        for socket in self.udp_sockets:
            if socket.takes(own.address, port, datagram.source):
                socket.arrive(datagram)
                return

    def _receive_tcp(self, interface: Interface, segment: TcpSegment) -> None:
        if segment.destination[0] != interface.addressing.address:
            return
        connection = self.connections.get((segment.destination, segment.source))
        if connection is not None:
            connection.receive(segment)
            return
        if segment.syn and segment.acknowledgement is None:
            for listener in self.listeners:
                if listener.takes(segment.destination):
                    listener.connection_requested(segment)
                    return
        if not segment.rst:
            self.send_segment(refusal(segment))

    def send_segment(self, segment: TcpSegment) -> None:
        """Send what can be sent; a segment without a route is lost, and retransmission takes care of it."""
        interface = self.route(segment.destination[0])
        if interface is not None:
            interface.transmit(segment)

    # ---- ends

    def address_lost(self, address: str) -> None:
        """An interface has lost ``address``: connections from it are aborted."""
        for (local, _), connection in list(self.connections.items()):
            if local[0] == address:
                connection.abort()

    def close_all(self) -> None:
        """Close all sockets, as a soft reset does; peers of connections see them closed."""
        for udp_socket in list(self.udp_sockets):
            udp_socket.close()
        for tcp_socket in [*self.listeners, *self.unconnected]:
            tcp_socket.close()
        for connection in list(self.connections.values()):
            connection.reset()

    def drop_all(self) -> None:
        """Forget all sockets, as a power cut does; nobody is told."""
        for connection in list(self.connections.values()):
            connection.drop()
        self.udp_sockets.clear()
        self.listeners.clear()
        self.unconnected.clear()
        self._time_wait_until_us.clear()


def refusal(segment: TcpSegment) -> TcpSegment:
    """The RST that answers a segment nobody waits for."""
    return TcpSegment(
        source=segment.destination,
        destination=segment.source,
        sequence=segment.acknowledgement or 0,
        acknowledgement=segment.sequence + len(segment.data) + segment.syn + segment.fin,
        rst=True,
    )
