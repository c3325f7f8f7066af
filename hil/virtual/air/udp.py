"""UDP sockets as MicroPython has them on lwIP: a short queue, no loopback, no fragmentation."""

from collections import deque
from collections.abc import Callable

from hil.virtual.air.addressing import ANY, Endpoint
from hil.virtual.air.ip import IpStack
from hil.virtual.air.limits import UDP_PAYLOAD_MAX, UDP_QUEUE
from hil.virtual.air.packets import UdpDatagram
from hil.virtual.air.rp2_errno import EADDRINUSE, EMSGSIZE, ENOTCONN
from hil.virtual.hal import BoardOSError


class UdpSocket:
    """One UDP socket. Raises ENOMEM when all are in use."""

    def __init__(self, stack: IpStack) -> None:
        stack.require_udp_pcb()
        stack.udp_sockets.append(self)
        self._stack = stack
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

    def bind(self, local: Endpoint) -> None:
        """Take ``local``; allowed again and after sending. Raises EADDRINUSE."""
        address, port = local
        if port == 0:
            port = self._free_port()
        for other in self._stack.udp_sockets:
            may_share = other is self or (self.may_share_port and other.may_share_port)
            if not may_share and other._overlaps(address, port):
                raise BoardOSError(EADDRINUSE)
        self._local = (address, port)

    def _overlaps(self, address: str, port: int) -> bool:
        own_address, own_port = self._local
        return own_port == port and (address in (own_address, ANY) or own_address == ANY)

    def _free_port(self) -> int:
        return self._stack.free_port(socket.port for socket in self._stack.udp_sockets)

    def connect(self, peer: Endpoint) -> None:
        """Send to, and take datagrams from, ``peer`` only."""
        self._peer = peer
        self._ensure_port()

    def _ensure_port(self) -> None:
        if self.port == 0:
            self._local = (self._local[0], self._free_port())

    def send_to(self, data: bytes, peer: Endpoint | None = None) -> int:
        """Send one datagram to ``peer``, or to the connected one; returns its size.

        Raises ENOTCONN without a peer, EMSGSIZE over 1472 bytes, EHOSTUNREACH without a route.
        """
        destination = peer if peer is not None else self._peer
        if destination is None:
            raise BoardOSError(ENOTCONN)
        if len(data) > UDP_PAYLOAD_MAX:
            raise BoardOSError(EMSGSIZE)
        self._ensure_port()
        interface = self._stack.require_route(destination[0])
        interface.transmit(UdpDatagram((interface.addressing.address, self.port), destination, data))
        return len(data)

    def takes(self, address: str, port: int, source: Endpoint) -> bool:
        """Whether a datagram from ``source`` to ``port``, at an interface with ``address``, is for this socket."""
        return (
            self._local[1] == port and self._local[0] in (ANY, address) and (self._peer is None or self._peer == source)
        )

    def take_over(self, taker: Callable[[UdpDatagram], None]) -> None:
        """Give datagrams to ``taker`` as they arrive, instead of queueing them for :meth:`receive`."""
        self._taker = taker

    def arrive(self, datagram: UdpDatagram) -> None:
        """Queue a datagram, or drop it when the queue is full."""
        if self._taker is not None:
            self._taker(datagram)
            self._stack.on_change()
        elif len(self._queue) < UDP_QUEUE:
            self._queue.append(datagram)
            self._stack.on_change()

    def receive(self, size: int) -> tuple[bytes, Endpoint] | None:
        """The oldest datagram, cut to ``size`` bytes, and its sender; None when there is none."""
        if not self._queue:
            return None
        datagram = self._queue.popleft()
        return datagram.data[:size], datagram.source

    def close(self) -> None:
        """Close the socket. Does nothing when closed."""
        self._queue.clear()
        if self in self._stack.udp_sockets:
            self._stack.udp_sockets.remove(self)
