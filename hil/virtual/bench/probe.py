"""The probe of a virtual bench: a simulated radio without a board."""

from collections.abc import Iterator
from contextlib import contextmanager

from hil.clock import Clock
from hil.errors import ProbeError, WaitTimeout
from hil.probes import Datagram, TcpConnection
from hil.probes.failures import IDLE, why_not_sent
from hil.probes.joining import join_wifi
from hil.probes.udp import Inbox, UdpProbe
from hil.virtual.air.addressing import ANY
from hil.virtual.air.packets import UdpDatagram
from hil.virtual.air.radio import Radio
from hil.virtual.air.tcp_socket import TcpSocket
from hil.virtual.air.udp import UdpSocket
from hil.virtual.call import BoardOSError

_SEND_TIMEOUT_S = 10.0
"""Seconds that a TCP peer with a full receive window may take to read again."""


class VirtualProbe(UdpProbe):
    """A station with its own MAC address, for tests. It joins on first use. Implements ``Probe``.

    ``radio`` must notify ``clock`` of changes: its ``on_change`` is the world's ``notify``.
    """

    def __init__(self, radio: Radio, clock: Clock, ssid: str, key: str) -> None:
        super().__init__(clock)
        self._radio = radio
        self._ssid = ssid
        self._key = key

    @property
    def address(self) -> str:
        station = self._radio.station
        return station.addressing.address if station.is_connected else ""

    def join(self, within_s: float = 15.0) -> None:
        if self.has_joined:
            return
        deadline = self._clock.deadline(within_s)
        self._radio.power_up()
        self._clock.wait(lambda: self._radio.is_powered, deadline.remaining_s)
        join_wifi(self, self._ssid, self._clock, deadline)

    @property
    def has_joined(self) -> bool:
        """Whether the station has joined."""
        return self._radio.station.is_connected

    @property
    def status(self) -> int:
        """As ``WLAN.status()`` of a board."""
        return self._radio.station.status

    def begin_joining(self) -> None:
        """Start one try to join, unless one is going on."""
        station = self._radio.station
        self._radio.activate(station)
        if station.status <= IDLE:
            station.connect(self._ssid, self._key)

    def leave(self) -> None:
        self._radio.deactivate(self._radio.station)

    def close(self) -> None:
        self.leave()

    @contextmanager
    def open_port(self, port: int) -> Iterator["_VirtualPort"]:
        self.join()
        with _explained("open a UDP socket"):
            udp = self._radio.udp_socket()
        try:
            with _explained(f"bind UDP port {port}"):
                udp.bind((ANY, port))
            yield _VirtualPort(udp, self._clock)
        finally:
            udp.close()

    @contextmanager
    def connect(self, to: tuple[str, int], within_s: float = 5.0) -> Iterator[TcpConnection]:
        self.join()
        with _explained("open a TCP socket"):
            tcp = self._radio.tcp_socket()
        try:
            with _explained(f"connect to {to[0]}:{to[1]}"):
                tcp.connect(to)
                if not self._clock.wait(tcp.finish_connect, within_s):
                    raise WaitTimeout(f"{to[0]}:{to[1]} did not answer the probe's connect within {within_s:g} s")
            yield _VirtualTcpConnection(tcp, self._clock, to)
        finally:
            tcp.close()


class _VirtualPort(Inbox):
    """An open UDP port. Unlike a board's socket it has no queue limit: tests may read late."""

    def __init__(self, udp: UdpSocket, clock: Clock) -> None:
        super().__init__(clock, udp.port)
        self._udp = udp
        udp.take_over(self._arrived)

    def send(self, data: bytes, to: tuple[str, int]) -> None:
        with _explained(f"send to {to[0]}:{to[1]}"):
            self._udp.send_to(data, to)

    def _arrived(self, datagram: UdpDatagram) -> None:
        self.received.append(Datagram(self._clock.now(), datagram.data, datagram.source))


class _VirtualTcpConnection:
    """One TCP connection of the probe."""

    def __init__(self, tcp: TcpSocket, clock: Clock, peer: tuple[str, int]) -> None:
        self._tcp = tcp
        self._clock = clock
        self._peer = f"{peer[0]}:{peer[1]}"

    def send(self, data: bytes) -> None:
        with _explained(f"send to {self._peer}"):
            while data:
                self._clock.wait(self._can_send, _SEND_TIMEOUT_S)
                taken = self._tcp.send(data)
                if taken is None:
                    raise ProbeError(
                        f"{self._peer} has read nothing for {_SEND_TIMEOUT_S:g} s, and its receive window is full"
                    )
                data = data[taken:]

    def receive(self, size: int, within_s: float) -> bytes:
        arrived: list[bytes] = []

        def has_arrived() -> bool:
            data = self._tcp.receive(size)
            if data is not None:
                arrived.append(data)
            return data is not None

        with _explained(f"receive from {self._peer}"):
            if not self._clock.wait(has_arrived, within_s):
                raise WaitTimeout(f"{self._peer} sent nothing to the probe within {within_s:g} s")
        return arrived[0]

    def close(self) -> None:
        self._tcp.close()

    def _can_send(self) -> bool:
        connection = self._tcp.connection
        return connection is None or connection.room > 0 or connection.error is not None


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """Raise a ``BoardOSError`` as a ``ProbeError`` that states what failed and why."""
    try:
        yield
    except BoardOSError as error:
        raise ProbeError(f"the probe could not {what}: {why_not_sent(error.errno)}") from error
