"""TCP sockets as MicroPython has them on lwIP: one object that is new, then listens or connects."""

from __future__ import annotations

from hil.virtual.air.addressing import ANY, Endpoint
from hil.virtual.air.packets import TcpSegment
from hil.virtual.air.tcp import TcpLayer
from hil.virtual.air.tcp_connection import TcpConnection, TcpState
from hil.virtual.call import BoardOSError
from hil.virtual.rp2_errno import Errno

DEFAULT_BACKLOG = 2
"""Of ``listen()`` without an argument. MicroPython."""


class TcpSocket:
    """One TCP socket. Raises ENOMEM when all are in use. An error of its connection is raised once, then EBADF."""

    def __init__(self, layer: TcpLayer, connection: TcpConnection | None = None) -> None:
        self._layer = layer
        self._local: Endpoint = (ANY, 0)
        self._backlog = 0
        self._half_open: list[TcpConnection] = []
        self._waiting: list[TcpConnection] = []
        self._connection = connection
        self._is_closed = False
        self.may_share_port = False
        """SO_REUSEADDR."""
        if connection is None:
            layer.add(self)

    @property
    def port(self) -> int:
        """The local port that was asked for, 0 while there is none."""
        return self._local[1]

    def bind(self, local: Endpoint) -> None:
        """Take ``local``. Raises EADDRINUSE."""
        self._require_open()
        address, port = local
        if port == 0:
            port = self._layer.free_port()
        self._layer.require_port(port, self)
        self._local = (address, port)

    # ---- listening

    def listen(self, backlog: int = DEFAULT_BACKLOG) -> None:
        """Take connections, at most ``backlog`` that nobody has accepted yet. Raises ENOMEM."""
        self._require_open()
        if self._connection is not None:
            raise BoardOSError(Errno.EINVAL)
        if not self.is_listening:
            self._layer.listen(self)
            if self.port == 0:
                self._local = (self._local[0], self._layer.free_port())
        self._backlog = max(1, backlog)

    def takes(self, destination: Endpoint) -> bool:
        """Whether a connection to ``destination`` is for this listener."""
        own_address, own_port = self._local
        return own_port == destination[1] and own_address in (ANY, destination[0])

    def connection_requested(self, request: TcpSegment) -> None:
        """A SYN has arrived. With no room it is ignored, and the peer asks again."""
        self._half_open = [each for each in self._half_open if each.state is not TcpState.CLOSED]
        if len(self._half_open) + len(self._alive()) < self._backlog and self._layer.has_room:
            self._half_open.append(self._layer.answer(request, self._established))

    def _established(self, connection: TcpConnection) -> None:
        self._half_open.remove(connection)
        self._waiting.append(connection)
        self._layer.ip.on_change()

    def _alive(self) -> list[TcpConnection]:
        self._waiting = [each for each in self._waiting if each.state is not TcpState.CLOSED]
        return self._waiting

    def accept(self) -> tuple[TcpSocket, Endpoint] | None:
        """The connection that waits longest, and its peer; None when there is none. Raises EINVAL, EBADF."""
        self._require_open()
        if not self.is_listening:
            raise BoardOSError(Errno.EINVAL)
        if not self._alive():
            return None
        connection = self._waiting.pop(0)
        return TcpSocket(self._layer, connection), connection.remote

    @property
    def is_listening(self) -> bool:
        """Whether it takes connections."""
        return self._layer.is_listening(self)

    # ---- connecting

    def connect(self, peer: Endpoint) -> None:
        """Start to connect. Raises EHOSTUNREACH without a route, EALREADY, EISCONN, EADDRINUSE."""
        self._require_open()
        if self._connection is not None:
            raise BoardOSError(Errno.EALREADY if self._connection.state is TcpState.SYN_SENT else Errno.EISCONN)
        if self.is_listening:
            raise BoardOSError(Errno.EALREADY)
        interface = self._layer.ip.require_route(peer[0])
        port = self.port or self._layer.free_port()
        self._connection = self._layer.connect(self, (interface.addressing.address, port), peer)

    def finish_connect(self) -> bool:
        """Whether the connection is open now; raises what ended the attempt."""
        return self._require_connection().state is not TcpState.SYN_SENT

    # ---- data

    def send(self, data: bytes) -> int | None:
        """Take as many bytes as there is room for; returns how many, None when there is no room at all."""
        connection = self._require_connection()
        if data and (connection.room == 0 or connection.state is TcpState.SYN_SENT):
            return None
        return connection.send(data)

    def receive(self, size: int) -> bytes | None:
        """Up to ``size`` bytes, empty at the end of the stream, None when nothing has arrived yet."""
        connection = self._require_connection()
        if connection.unread:
            return connection.read(size)
        return b"" if connection.peer_closed else None

    def _require_open(self) -> None:
        if self._is_closed:
            raise BoardOSError(Errno.EBADF)

    def _require_connection(self) -> TcpConnection:
        self._require_open()
        if self._connection is None:
            raise BoardOSError(Errno.ENOTCONN)
        if self._connection.state is TcpState.CLOSED:
            self._is_closed = True
            raise BoardOSError(self._connection.error or Errno.EBADF)
        return self._connection

    # ---- polling and closing

    @property
    def connection(self) -> TcpConnection | None:
        """The connection behind this socket, if it has one."""
        return self._connection

    @property
    def is_closed(self) -> bool:
        """Whether it was closed, or its error has been raised."""
        return self._is_closed

    @property
    def has_waiting(self) -> bool:
        """Whether a listener has a connection to accept."""
        return bool(self._alive())

    def close(self) -> None:
        """Close in order, in the background. Does nothing when closed."""
        self._is_closed = True
        self._layer.remove(self)
        for connection in [*self._half_open, *self._waiting]:
            connection.reset()
        if self._connection is not None and self._connection.state is not TcpState.CLOSED:
            self._connection.close()
