"""TCP of one board: its connections and listeners, which of them takes a segment, and the ports they hold."""

from collections.abc import Callable
from typing import Protocol

from hil.virtual.air.addressing import Addressing, Endpoint
from hil.virtual.air.ip import IpLayer
from hil.virtual.air.limits import TCP_LISTEN_PCBS, TCP_PCBS
from hil.virtual.air.packets import TcpSegment
from hil.virtual.air.tcp_connection import TcpConnection
from hil.virtual.air.timing import TCP_TIME_WAIT_S
from hil.virtual.call import BoardOSError
from hil.virtual.rp2_errno import Errno
from hil.virtual.world import US_PER_S


class UnconnectedSocket(Protocol):
    """A socket as TCP knows it while it has no connection: new, bound to a port, or listening."""

    may_share_port: bool

    @property
    def port(self) -> int:
        """The local port, 0 while there is none."""

    def takes(self, destination: Endpoint) -> bool:
        """Whether a connection to ``destination`` is for this listener."""

    def connection_requested(self, request: TcpSegment) -> None:
        """A SYN for this listener has arrived."""

    def close(self) -> None:
        """Close the socket, which then leaves TCP by :meth:`TcpLayer.remove`."""


class TcpLayer:
    """The TCP endpoints (PCBs) of one board, in the pools that lwIP has."""

    def __init__(self, ip: IpLayer) -> None:
        self.ip = ip
        self._listeners: list[UnconnectedSocket] = []
        self._unconnected: list[UnconnectedSocket] = []
        """Those that do not listen; each holds a PCB of the pool of connections."""
        self._connections: dict[tuple[Endpoint, Endpoint], TcpConnection] = {}
        self._time_wait_until_us: dict[int, int] = {}

    # ---- sockets without a connection

    def add(self, socket: UnconnectedSocket) -> None:
        """A new socket. Raises ENOMEM when there is no room for one more."""
        if not self.has_room:
            raise BoardOSError(Errno.ENOMEM)
        self._unconnected.append(socket)

    def remove(self, socket: UnconnectedSocket) -> None:
        """``socket`` is closed, or has a connection in its place. Does nothing when it was removed before."""
        for pool in (self._unconnected, self._listeners):
            if socket in pool:
                pool.remove(socket)

    def listen(self, socket: UnconnectedSocket) -> None:
        """``socket`` listens from now on. Raises ENOMEM when there is no room for one more listener."""
        if len(self._listeners) >= TCP_LISTEN_PCBS:
            raise BoardOSError(Errno.ENOMEM)
        self.remove(socket)
        self._listeners.append(socket)

    def is_listening(self, socket: UnconnectedSocket) -> bool:
        """Whether ``socket`` listens."""
        return socket in self._listeners

    # ---- connections

    @property
    def has_room(self) -> bool:
        """Whether there is room for one more connection."""
        return len(self._unconnected) + len(self._connections) < TCP_PCBS

    def connect(self, socket: UnconnectedSocket, local: Endpoint, remote: Endpoint) -> TcpConnection:
        """Open a connection in place of ``socket``. Raises EADDRINUSE when there is one between the same endpoints."""
        if (local, remote) in self._connections:
            raise BoardOSError(Errno.EADDRINUSE)
        self.remove(socket)
        return self._add_connection(TcpConnection(self.ip, local, remote, self._closed))

    def answer(self, request: TcpSegment, on_established: Callable[[TcpConnection], None]) -> TcpConnection:
        """Take the connection that ``request``, a SYN, asks for."""
        local, remote = request.destination, request.source
        return self._add_connection(TcpConnection(self.ip, local, remote, self._closed, request, on_established))

    def _add_connection(self, connection: TcpConnection) -> TcpConnection:
        self._connections[(connection.local, connection.remote)] = connection
        return connection

    def _closed(self, connection: TcpConnection) -> None:
        del self._connections[(connection.local, connection.remote)]
        if connection.enters_time_wait:
            port = connection.local[1]
            self._time_wait_until_us[port] = self.ip.world.now_us + round(TCP_TIME_WAIT_S * US_PER_S)

    # ---- ports

    def free_port(self) -> int:
        """A port that no socket and no connection has."""
        taken = [socket.port for socket in self._sockets()]
        return self.ip.free_port(taken + [local[1] for local, _ in self._connections])

    def require_port(self, port: int, socket: UnconnectedSocket) -> None:
        """Raises EADDRINUSE when ``socket`` cannot have ``port``."""
        for other in self._sockets():
            may_share = other is socket or (socket.may_share_port and other.may_share_port)
            if other.port == port and not may_share:
                raise BoardOSError(Errno.EADDRINUSE)
        is_connected = any(local[1] == port for local, _ in self._connections)
        if not socket.may_share_port and (is_connected or self._is_in_time_wait(port)):
            raise BoardOSError(Errno.EADDRINUSE)

    def _is_in_time_wait(self, port: int) -> bool:
        return self.ip.world.now_us < self._time_wait_until_us.get(port, 0)

    def _sockets(self) -> list[UnconnectedSocket]:
        return [*self._listeners, *self._unconnected]

    # ---- arrivals

    def receive(self, own: Addressing, segment: TcpSegment) -> None:
        """Take a segment that has arrived at the interface with the addresses ``own``."""
        if segment.destination[0] != own.address:
            return
        connection = self._connections.get((segment.destination, segment.source))
        if connection is not None:
            connection.receive(segment)
            return
        if segment.syn and segment.acknowledgement is None:
            for listener in self._listeners:
                if listener.takes(segment.destination):
                    listener.connection_requested(segment)
                    return
        if not segment.rst:
            self.ip.send(_refusal(segment))

    # ---- ends

    def address_lost(self, address: str) -> None:
        """An interface has lost ``address``: connections from it are aborted."""
        for (local, _), connection in list(self._connections.items()):
            if local[0] == address:
                connection.abort()

    def close_all(self) -> None:
        """Close all sockets, as a soft reset does; peers of connections see them closed."""
        for socket in self._sockets():
            socket.close()
        for connection in list(self._connections.values()):
            connection.reset()

    def drop_all(self) -> None:
        """Forget all sockets, as a power cut does; nobody is told."""
        for connection in list(self._connections.values()):
            connection.drop()
        for socket in self._sockets():
            socket.close()
        self._time_wait_until_us.clear()


def _refusal(segment: TcpSegment) -> TcpSegment:
    """The RST that answers a segment nobody waits for."""
    return TcpSegment(
        source=segment.destination,
        destination=segment.source,
        sequence=segment.acknowledgement or 0,
        acknowledgement=segment.sequence + len(segment.data) + segment.syn + segment.fin,
        rst=True,
    )
