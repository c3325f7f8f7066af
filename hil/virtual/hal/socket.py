"""The hardware calls behind MicroPython's ``socket`` and ``select`` modules."""

import socket
from collections.abc import Callable, Mapping, Sequence

from hil.virtual.air.addressing import Endpoint, parse
from hil.virtual.air.radio import Radio
from hil.virtual.air.tcp_connection import TcpState
from hil.virtual.air.tcp_socket import TcpSocket
from hil.virtual.air.udp import UdpSocket
from hil.virtual.call import MAILBOX_SIZE, PENDING, Block, BoardOSError, BoardValueError, Handler
from hil.virtual.rp2_errno import Errno

SOCK_STREAM, SOCK_DGRAM = 1, 2
POLLIN, POLLOUT, POLLERR, POLLHUP, POLLNVAL = 1, 4, 8, 16, 32
STDIN_HANDLE = -1

SENDER_SIZE = 6
"""Bytes in front of what ``recvfrom`` returns: address and port of the sender."""

_NO_PEER: Endpoint = ("0.0.0.0", 0)


class SocketHal:
    """Answers the ``sock.*`` calls and ``poll`` of one board.

    Timeouts are in milliseconds; 0 never waits, -1 waits for ever. Until the next hard reset a handle is never used
    twice: what is left of a program that was reset softly cannot reach the sockets of the next one.
    """

    def __init__(self, radio: Radio, stdin_ready: Callable[[], bool]) -> None:
        self._radio = radio
        self._stdin_ready = stdin_ready
        self._sockets: dict[int, UdpSocket | TcpSocket] = {}
        self._last_handle = 0

    def handlers(self) -> Mapping[str, Handler]:
        """Handlers by the name of the call."""
        return {
            "sock.open": self._open,
            "sock.close": self._close,
            "sock.share": self._share,
            "sock.bind": self._bind,
            "sock.listen": self._listen,
            "sock.accept": self._accept,
            "sock.connect": self._connect,
            "sock.send": self._send,
            "sock.sendto": self._send_to,
            "sock.recv": self._receive,
            "sock.recvfrom": self._receive_from,
            "sock.resolve": self._resolve,
            "poll": self._poll,
        }

    # ---- life of a socket

    def restart(self) -> None:
        """The board starts anew, and so do its handles: no program is left that knows one."""
        self._sockets.clear()
        self._last_handle = 0

    def _add(self, new: UdpSocket | TcpSocket) -> int:
        self._last_handle += 1
        self._sockets[self._last_handle] = new
        return self._last_handle

    def _any(self, words: Sequence[str]) -> UdpSocket | TcpSocket:
        try:
            return self._sockets[int(words[0])]
        except KeyError:
            raise BoardOSError(Errno.EBADF) from None

    def _tcp(self, words: Sequence[str]) -> TcpSocket:
        found = self._any(words)
        if isinstance(found, UdpSocket):
            raise BoardOSError(Errno.EOPNOTSUPP)
        return found

    def _open(self, words: Sequence[str], _payload: bytes) -> object:
        kind = int(words[0])
        if kind == SOCK_DGRAM:
            return self._add(self._radio.udp_socket())
        if kind == SOCK_STREAM:
            return self._add(self._radio.tcp_socket())
        raise BoardOSError(Errno.EINVAL)

    def _close(self, words: Sequence[str], _payload: bytes) -> object:
        closing = self._sockets.pop(int(words[0]), None)
        if closing is not None:
            closing.close()
        return None

    def _share(self, words: Sequence[str], _payload: bytes) -> object:
        self._any(words).may_share_port = words[1] != "0"
        return None

    def _bind(self, words: Sequence[str], _payload: bytes) -> object:
        self._any(words).bind(_endpoint(words))
        return None

    # ---- TCP

    def _listen(self, words: Sequence[str], _payload: bytes) -> object:
        self._tcp(words).listen(int(words[1]))
        return None

    def _accept(self, words: Sequence[str], _payload: bytes) -> object:
        listener = self._tcp(words)

        def attempt() -> object:
            accepted = listener.accept()
            return PENDING if accepted is None else (self._add(accepted[0]), *accepted[1])

        return _wait(attempt, int(words[1]))

    def _connect(self, words: Sequence[str], _payload: bytes) -> object:
        connecting = self._any(words)
        connecting.connect(_endpoint(words))
        if isinstance(connecting, UdpSocket):
            return None

        def attempt() -> object:
            return None if connecting.finish_connect() else PENDING

        return _wait(attempt, int(words[3]), on_timeout=Errno.EINPROGRESS, at_once=Errno.EINPROGRESS)

    # ---- data

    def _send(self, words: Sequence[str], payload: bytes) -> object:
        sending = self._any(words)
        if isinstance(sending, UdpSocket):
            return sending.send_to(payload)

        def attempt() -> object:
            taken = sending.send(payload)
            return PENDING if taken is None else taken

        return _wait(attempt, int(words[1]))

    def _send_to(self, words: Sequence[str], payload: bytes) -> object:
        sending = self._any(words)
        if isinstance(sending, UdpSocket):
            return sending.send_to(payload, _endpoint(words))
        return self._send((words[0], words[3]), payload)

    def _receive(self, words: Sequence[str], _payload: bytes) -> object:
        return self._receive_with(words, lambda data, _sender: data)

    def _receive_from(self, words: Sequence[str], _payload: bytes) -> object:
        return self._receive_with(words, lambda data, sender: _packed(sender) + data)

    def _receive_with(self, words: Sequence[str], answer: Callable[[bytes, Endpoint], bytes]) -> object:
        receiving = self._any(words)
        size = min(int(words[1]), MAILBOX_SIZE - SENDER_SIZE)

        def attempt() -> object:
            if isinstance(receiving, UdpSocket):
                arrived = receiving.receive(size)
                return PENDING if arrived is None else answer(*arrived)
            data = receiving.receive(size)
            connection = receiving.connection
            return PENDING if data is None else answer(data, connection.remote if connection else _NO_PEER)

        return _wait(attempt, int(words[2]))

    # ---- names

    def _resolve(self, _words: Sequence[str], payload: bytes) -> object:
        lookup = self._radio.look_up(payload.decode())

        def attempt() -> object:
            address = lookup.answered()
            return PENDING if address is None else address

        return Block(attempt, None, lambda: None)

    # ---- polling

    def _poll(self, words: Sequence[str], _payload: bytes) -> object:
        timeout_ms = int(words[0])
        watched = [tuple(map(int, word.split(":"))) for word in words[1:]]

        def attempt() -> object:
            ready = [(handle, events) for handle, mask in watched if (events := self._events(handle, mask))]
            return ready or PENDING

        timeout_us = None if timeout_ms < 0 else timeout_ms * 1000
        return Block(attempt, timeout_us, list)

    def _events(self, handle: int, mask: int) -> int:
        if handle == STDIN_HANDLE:
            return mask & POLLIN if self._stdin_ready() else 0
        polled = self._sockets.get(handle)
        if polled is None:
            return POLLNVAL
        if isinstance(polled, UdpSocket):
            return mask & ((POLLIN if polled.is_readable else 0) | POLLOUT)
        return _tcp_events(polled, mask)


def _tcp_events(polled: TcpSocket, mask: int) -> int:
    """What MicroPython's modlwip.c reports for a stream socket in each of its states."""
    if polled.is_closed:
        return POLLNVAL
    if polled.is_listening:
        return mask & POLLIN if polled.has_waiting else 0
    connection = polled.connection
    if connection is None:
        return POLLHUP
    if connection.state is TcpState.CLOSED:
        return mask & POLLOUT | POLLHUP if connection.error == Errno.ECONNRESET else POLLERR
    if connection.state is TcpState.SYN_SENT:
        return 0
    if connection.peer_closed:
        return mask & (POLLIN | POLLOUT)
    return mask & ((POLLIN if connection.unread else 0) | (POLLOUT if connection.room else 0))


def _endpoint(words: Sequence[str]) -> Endpoint:
    """The address and port in the second and third word."""
    address, port = words[1], int(words[2])
    try:
        parse(address)
    except ValueError:
        raise BoardValueError("invalid arguments") from None
    return address, port


def _packed(sender: Endpoint) -> bytes:
    """An endpoint as the board takes it apart: four bytes of address, two of port."""
    return socket.inet_aton(sender[0]) + sender[1].to_bytes(2, "big")


def _wait(
    attempt: Callable[[], object], timeout_ms: int, *, on_timeout: int = Errno.ETIMEDOUT, at_once: int = Errno.EAGAIN
) -> object:
    """Block for ``timeout_ms``, then raise errno ``on_timeout``; with timeout 0 raise ``at_once`` without waiting."""
    if timeout_ms == 0:
        answer = attempt()
        if answer is PENDING:
            raise BoardOSError(at_once)
        return answer

    def time_out() -> object:
        raise BoardOSError(on_timeout)

    return Block(attempt, None if timeout_ms < 0 else timeout_ms * 1000, time_out)
