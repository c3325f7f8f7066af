"""UDP of one board as MicroPython has it on lwIP: few sockets, a short queue, no loopback, no fragmentation."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from hil.probes.dns_message import MDNS_PORT
from hil.virtual.air.addressing import ANY, Addressing, Endpoint
from hil.virtual.air.ip import IpLayer
from hil.virtual.air.limits import UDP_PAYLOAD_MAX, UDP_PCBS, UDP_PCBS_MDNS, UDP_QUEUE
from hil.virtual.air.packets import UdpDatagram
from hil.virtual.call import BoardOSError
from hil.virtual.rp2_errno import Errno


class UdpLayer:
    """The UDP sockets of one board, and which of them takes a datagram that has arrived."""

    def __init__(self, ip: IpLayer) -> None:
        self.ip = ip
        self.sockets: list[UdpSocket] = []

    def add(self, socket: UdpSocket) -> None:
        """A new socket. Raises ENOMEM when there is no room for one more."""
        if len(self.sockets) >= UDP_PCBS - UDP_PCBS_MDNS - self.ip.interface_count:
            raise BoardOSError(Errno.ENOMEM)
        self.sockets.append(socket)

    def remove(self, socket: UdpSocket) -> None:
        """``socket`` is closed. Does nothing when it was removed before."""
        if socket in self.sockets:
            self.sockets.remove(socket)

    def free_port(self) -> int:
        """A port that no socket has."""
        return self.ip.free_port(socket.port for socket in self.sockets)

    def receive(self, own: Addressing, datagram: UdpDatagram) -> None:
        """Take a datagram that has arrived at the interface with the addresses ``own``."""
        for socket in self.sockets:
            if socket.takes(own.address, datagram):
                socket.arrive(datagram)
                return

    def close_all(self) -> None:
        """Close all sockets."""
        for socket in list(self.sockets):
            socket.close()


class UdpSocket:
    """One UDP socket. Raises ENOMEM when all are in use."""

    def __init__(self, layer: UdpLayer) -> None:
        layer.add(self)
        self._layer = layer
        self._local: Endpoint = (ANY, 0)
        self._peer: Endpoint | None = None
        self._queue: deque[UdpDatagram] = deque()
        self._taker: Callable[[UdpDatagram], None] | None = None
        self.may_share_port = False
        """SO_REUSEADDR."""

    @property
    def port(self) -> int:
        """The local port, 0 while there is none."""
        return self._local[1]

    @property
    def is_readable(self) -> bool:
        """Whether a datagram waits."""
        return bool(self._queue)

    # ---- addresses

    def bind(self, local: Endpoint) -> None:
        """Take ``local``; allowed again and after sending. Raises EADDRINUSE."""
        address, port = local
        if port == 0:
            port = self._layer.free_port()
        if port == MDNS_PORT:
            # The mDNS responder has it, and shares it with nobody.
            raise BoardOSError(Errno.EADDRINUSE)
        for other in self._layer.sockets:
            may_share = other is self or (self.may_share_port and other.may_share_port)
            if not may_share and other._overlaps(address, port):
                raise BoardOSError(Errno.EADDRINUSE)
        self._local = (address, port)

    def _overlaps(self, address: str, port: int) -> bool:
        own_address, own_port = self._local
        return own_port == port and (address in (own_address, ANY) or own_address == ANY)

    def connect(self, peer: Endpoint) -> None:
        """Send to, and take datagrams from, ``peer`` only."""
        self._peer = peer
        self._ensure_port()

    def _ensure_port(self) -> None:
        if self.port == 0:
            self._local = (self._local[0], self._layer.free_port())

    # ---- datagrams

    def send_to(self, data: bytes, peer: Endpoint | None = None) -> int:
        """Send one datagram to ``peer``, or to the connected one; returns its size.

        Raises ENOTCONN without a peer, EMSGSIZE over 1472 bytes, EHOSTUNREACH without a route.
        """
        destination = peer if peer is not None else self._peer
        if destination is None:
            raise BoardOSError(Errno.ENOTCONN)
        if len(data) > UDP_PAYLOAD_MAX:
            raise BoardOSError(Errno.EMSGSIZE)
        self._ensure_port()
        interface = self._layer.ip.require_route(destination[0])
        interface.transmit(UdpDatagram((interface.addressing.address, self.port), destination, data))
        return len(data)

    def takes(self, address: str, datagram: UdpDatagram) -> bool:
        """Whether ``datagram``, arrived at the interface with ``address``, is for this socket."""
        own_address, own_port = self._local
        return (
            own_port == datagram.destination[1]
            and own_address in (ANY, address)
            and self._peer in (None, datagram.source)
        )

    def take_over(self, taker: Callable[[UdpDatagram], None]) -> None:
        """Give datagrams to ``taker`` as they arrive, instead of queueing them for :meth:`receive`."""
        self._taker = taker

    def arrive(self, datagram: UdpDatagram) -> None:
        """Queue a datagram, or drop it when the queue is full."""
        if self._taker is not None:
            self._taker(datagram)
        elif len(self._queue) < UDP_QUEUE:
            self._queue.append(datagram)
        else:
            return
        self._layer.ip.on_change()

    def receive(self, size: int) -> tuple[bytes, Endpoint] | None:
        """The oldest datagram, cut to ``size`` bytes, and its sender; None when there is none."""
        if not self._queue:
            return None
        datagram = self._queue.popleft()
        return datagram.data[:size], datagram.source

    def close(self) -> None:
        """Close the socket. Does nothing when closed."""
        self._queue.clear()
        self._layer.remove(self)
