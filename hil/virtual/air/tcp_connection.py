"""One end of a TCP connection: handshake, windows, retransmission, and the ways in which it ends."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from hil.virtual.air.addressing import Endpoint
from hil.virtual.air.ip import IpLayer
from hil.virtual.air.limits import TCP_MSS, TCP_SEND_BUFFER
from hil.virtual.air.packets import TcpSegment
from hil.virtual.air.tcp_receiver import TcpReceiver
from hil.virtual.air.tcp_timer import RetransmissionTimer
from hil.virtual.air.timing import TCP_CLOSE_S
from hil.virtual.rp2_errno import Errno
from hil.virtual.world import US_PER_S, ScheduledEvent


class TcpState(Enum):
    """How far a connection has come."""

    SYN_SENT = "syn sent"
    SYN_RECEIVED = "syn received"
    ESTABLISHED = "established"
    CLOSED = "closed"


class TcpConnection:
    """A connection, alive in the simulated world until both ends are done, even if no socket holds it.

    ``request`` is the SYN that a listener took; without it the connection is opened from this end.
    ``on_established`` is called once the handshake of a taken connection is complete, ``on_closed`` at the end.
    """

    def __init__(
        self,
        ip: IpLayer,
        local: Endpoint,
        remote: Endpoint,
        on_closed: Callable[[TcpConnection], None],
        request: TcpSegment | None = None,
        on_established: Callable[[TcpConnection], None] | None = None,
    ) -> None:
        self._ip = ip
        self.local = local
        self.remote = remote
        self._on_closed = on_closed
        self._on_established = on_established
        self.error: int | None = None
        """Why the connection ended, as an errno; None while it lives and after an orderly end."""
        self.enters_time_wait = False
        """Whether it ended in order and this end closed first: late packets of it may still arrive."""
        self._receiver = TcpReceiver()
        self._outgoing = bytearray()
        self._unacknowledged = self._next = self._highest = ip.world.rng.getrandbits(31)
        self._peer_window = 0
        self._fin_sequence: int | None = None
        self._closes_first = False
        self._timer = RetransmissionTimer(ip.world, self._repeat, self.abort)
        self._close_timer: ScheduledEvent | None = None
        if request is None:
            self.state = TcpState.SYN_SENT
        else:
            self.state = TcpState.SYN_RECEIVED
            self._receiver.expected = request.sequence + 1
            self._peer_window = request.window
        self._send_syn()

    # ---- for sockets

    @property
    def unread(self) -> int:
        """Bytes that have arrived and wait to be read."""
        return len(self._receiver.buffer)

    @property
    def peer_closed(self) -> bool:
        """Whether the peer has said that nothing follows what has arrived."""
        return self._receiver.peer_closed

    @property
    def room(self) -> int:
        """Bytes that :meth:`send` would take."""
        return TCP_SEND_BUFFER - len(self._outgoing)

    def send(self, data: bytes) -> int:
        """Take as many bytes of ``data`` as there is room for; returns how many."""
        taken = data[: self.room]
        self._outgoing += taken
        self._send_outgoing()
        return len(taken)

    def read(self, size: int) -> bytes:
        """Up to ``size`` of the bytes that have arrived."""
        data = self._receiver.read(size)
        if self.state is TcpState.ESTABLISHED and self._receiver.owes_update:
            self._acknowledge()
        return data

    def close(self) -> None:
        """Close in order, in the background; unread data means a reset, as lwIP does it."""
        if self.state is not TcpState.ESTABLISHED or self.unread:
            self.reset()
            return
        self._closes_first = not self.peer_closed
        self._fin_sequence = self._unacknowledged + len(self._outgoing)
        self._close_timer = self._ip.world.after(round(TCP_CLOSE_S * US_PER_S), self.reset)
        self._send_outgoing()

    def reset(self) -> None:
        """End at once and tell the peer."""
        if self.state is not TcpState.CLOSED:
            self._transmit(self._next, rst=True)
            self.drop()

    def abort(self) -> None:
        """End at once with errno 103, telling nobody: the address is gone, or the peer."""
        self._end(Errno.ECONNABORTED)

    def drop(self) -> None:
        """Forget the connection; nobody is told."""
        self.state = TcpState.CLOSED
        self._timer.stop()
        if self._close_timer is not None:
            self._close_timer.cancel()
        self._on_closed(self)

    def _end(self, error: int) -> None:
        self.error = error
        self._receiver.buffer.clear()
        self.drop()
        self._ip.on_change()

    # ---- segments that arrive

    def receive(self, segment: TcpSegment) -> None:
        """Take a segment of this connection."""
        if segment.rst:
            if self.state is not TcpState.SYN_SENT or segment.acknowledgement == self._next:
                self._end(Errno.ECONNRESET)
        elif self.state is TcpState.SYN_SENT:
            self._receive_syn_acknowledgement(segment)
        elif segment.syn:
            # The peer repeats its SYN: our answer was lost.
            is_new = self.state is TcpState.SYN_RECEIVED
            self._transmit(self._unacknowledged if is_new else self._next, syn=is_new)
        else:
            self._receive_established(segment)

    def _receive_syn_acknowledgement(self, segment: TcpSegment) -> None:
        if segment.syn and segment.acknowledgement == self._next:
            self._receiver.expected = segment.sequence + 1
            self._peer_window = segment.window
            self._become_established()
            self._acknowledge()
            self._send_outgoing()
            self._ip.on_change()
        elif segment.acknowledgement is not None:
            # The peer still has a connection from before we lost power: reset that one.
            self._transmit(segment.acknowledgement, rst=True)

    def _receive_established(self, segment: TcpSegment) -> None:
        if self.state is TcpState.SYN_RECEIVED:
            if segment.acknowledgement != self._next:
                return
            self._become_established()
            if self._on_established is not None:
                self._on_established(self)
        self._take_acknowledgement(segment)
        self._take_data(segment)
        if self.peer_closed and self._fin_sequence is not None and self._unacknowledged > self._fin_sequence:
            self.enters_time_wait = self._closes_first
            self.drop()

    def _become_established(self) -> None:
        self.state = TcpState.ESTABLISHED
        self._unacknowledged = self._next
        self._timer.handshake_done()

    def _take_acknowledgement(self, segment: TcpSegment) -> None:
        acknowledged = segment.acknowledgement
        if acknowledged is None or not self._unacknowledged <= acknowledged <= self._highest:
            return
        self._peer_window = segment.window
        if acknowledged > self._unacknowledged:
            had_room = self.room
            del self._outgoing[: acknowledged - self._unacknowledged]
            self._unacknowledged = acknowledged
            self._next = max(self._next, acknowledged)
            self._timer.heard()
            self._timer.stop()
            if self.room > had_room:
                self._ip.on_change()
        elif self._peer_window == 0:
            self._timer.heard()
        self._send_outgoing()

    def _take_data(self, segment: TcpSegment) -> None:
        if not segment.data and not segment.fin:
            return
        if self._receiver.take(segment, has_reader=self._fin_sequence is None):
            self._ip.on_change()
        self._acknowledge()

    # ---- segments that leave

    def _send_syn(self) -> None:
        self._next = self._highest = self._unacknowledged + 1
        self._transmit(self._unacknowledged, syn=True)
        self._timer.start()

    def _send_outgoing(self) -> None:
        if self.state is not TcpState.ESTABLISHED:
            return
        allowed = self._unacknowledged + min(len(self._outgoing), self._peer_window)
        while self._next < allowed:
            start = self._next - self._unacknowledged
            data = bytes(self._outgoing[start : start + min(TCP_MSS, allowed - self._next)])
            self._transmit(self._next, data)
            self._next += len(data)
        if self._next == self._fin_sequence:
            self._transmit(self._next, fin=True)
            self._next += 1
        self._highest = max(self._highest, self._next)
        if self._highest > self._unacknowledged or self._outgoing:
            self._timer.start()

    def _acknowledge(self) -> None:
        self._transmit(self._next)

    def _transmit(
        self, sequence: int, data: bytes = b"", *, syn: bool = False, fin: bool = False, rst: bool = False
    ) -> None:
        acknowledgement = None if self.state is TcpState.SYN_SENT else self._receiver.expected
        window = self._receiver.tell_window()
        self._ip.send(TcpSegment(self.local, self.remote, sequence, acknowledgement, window, data, syn, fin, rst))

    # ---- retransmission

    def _repeat(self) -> None:
        if self.state is not TcpState.ESTABLISHED:
            self._send_syn()
        elif self._outgoing and self._peer_window == 0:
            # The peer may have told of its room in a segment that was lost: one byte makes it say so again.
            self._transmit(self._unacknowledged, bytes(self._outgoing[:1]))
            self._highest = max(self._highest, self._unacknowledged + 1)
            self._timer.start()
        else:
            self._next = self._unacknowledged
            self._send_outgoing()
