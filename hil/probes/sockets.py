"""Probes that use sockets of the machine that runs the tests: UDP and TCP, whatever the way into the Wi-Fi."""

import socket
from abc import abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager

from hil.errors import ProbeError, WaitTimeout
from hil.probes import SEND_TIMEOUT_S, TcpConnection
from hil.probes.failures import why_not_sent
from hil.probes.host_port import HostPort
from hil.probes.udp import UdpProbe

_IP_MTU_DISCOVER = 10
_IP_PMTUDISC_DO = 2
"""Never fragment: a longer datagram is refused, as on a Pico. linux/in.h."""
_MULTICAST_TTL = 255
"""For mDNS queries. RFC 6762, section 11; the kernel's default is 1."""


class SocketProbe(UdpProbe):
    """Everything of a ``Probe`` but joining and leaving. A subclass opens the sockets."""

    @abstractmethod
    def open_socket(self, kind: socket.SocketKind) -> socket.socket:
        """A new IPv4 socket whose packets travel through the Wi-Fi under test. Raises ``OSError``."""

    @contextmanager
    def open_port(self, port: int) -> Iterator[HostPort]:
        self.join()
        with explained(f"open UDP port {port}"):
            udp = self.open_socket(socket.SOCK_DGRAM)
        with udp:
            with explained(f"bind UDP port {port}"):
                udp.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                udp.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, _IP_PMTUDISC_DO)
                udp.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, _MULTICAST_TTL)
                udp.bind(("", port))
            with HostPort(udp, self._clock) as opened:
                yield opened
                opened.check()

    @contextmanager
    def connect(self, to: tuple[str, int], within_s: float = 5.0) -> Iterator[TcpConnection]:
        self.join()
        what = f"connect to {to[0]}:{to[1]}"
        with explained(what):
            tcp = self.open_socket(socket.SOCK_STREAM)
        with tcp:
            tcp.settimeout(within_s)
            try:
                with explained(what):
                    tcp.connect(to)
            except TimeoutError:
                raise WaitTimeout(f"{to[0]}:{to[1]} did not answer the probe's connect within {within_s:g} s") from None
            yield _SocketConnection(tcp, f"{to[0]}:{to[1]}")


class _SocketConnection:
    """One TCP connection of this machine."""

    def __init__(self, tcp: socket.socket, peer: str) -> None:
        self._tcp = tcp
        self._peer = peer

    def send(self, data: bytes) -> None:
        self._tcp.settimeout(SEND_TIMEOUT_S)
        try:
            with explained(f"send to {self._peer}"):
                self._tcp.sendall(data)
        except TimeoutError:
            raise ProbeError(f"{self._peer} has read nothing for {SEND_TIMEOUT_S:g} s, and no more fits") from None

    def receive(self, size: int, within_s: float) -> bytes:
        self._tcp.settimeout(within_s)
        try:
            with explained(f"receive from {self._peer}"):
                return self._tcp.recv(size)
        except (TimeoutError, BlockingIOError):
            raise WaitTimeout(f"{self._peer} sent nothing to the probe within {within_s:g} s") from None

    def close(self) -> None:
        self._tcp.close()


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn an error of the kernel into a ``ProbeError``; timeouts pass through."""
    try:
        yield
    except (TimeoutError, BlockingIOError):
        raise
    except OSError as error:
        raise ProbeError(f"the probe could not {what}: {why_not_sent(error.errno or 0)} ({error})") from error
