"""The host probe: a Wi-Fi card of the machine that runs the tests.

Linux only: sockets are bound to the interface, which needs root or CAP_NET_RAW on kernels before 5.7.
"""

import fcntl
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager

from hil.clock import Clock
from hil.errors import ProbeError, WaitTimeout
from hil.probes import SEND_TIMEOUT_S, TcpConnection
from hil.probes.failures import why_not_sent
from hil.probes.host_port import HostPort
from hil.probes.network_manager import NetworkManager
from hil.probes.udp import UdpProbe

_SIOCGIFADDR = 0x8915
"""ioctl that returns an interface's IPv4 address. linux/sockios.h."""
_IP_MTU_DISCOVER = 10
_IP_PMTUDISC_DO = 2
"""Never fragment: a longer datagram is refused, as on a Pico. linux/in.h."""
_MULTICAST_TTL = 255
"""For mDNS queries. RFC 6762, section 11; the kernel's default is 1."""


class HostProbe(UdpProbe):
    """Joins through NetworkManager when it is first used. Implements ``Probe`` on a bench of real boards."""

    def __init__(self, interface: str, clock: Clock, ssid: str, key: str) -> None:
        super().__init__(clock)
        self._interface = interface
        self._network = NetworkManager(interface, clock)
        self._ssid = ssid
        self._key = key
        self._has_joined = False

    @property
    def address(self) -> str:
        # The card may be in another Wi-Fi, and have an address there.
        return self._interface_address() if self._has_joined else ""

    def join(self, within_s: float = 15.0) -> None:
        if self.address:
            return
        self._has_joined = False
        deadline = self._clock.deadline(within_s)
        self._network.join(self._ssid, self._key, deadline)
        self._has_joined = True
        if not self._interface_address():
            raise ProbeError(
                f"{self._interface}, the probe, has joined Wi-Fi {self._ssid!r} but has no address; the access point's "
                "DHCP pool may be used up"
            )

    def leave(self) -> None:
        if self._has_joined:
            self.close()

    def close(self) -> None:
        self._has_joined = False
        self._network.leave()

    @contextmanager
    def open_port(self, port: int) -> Iterator[HostPort]:
        self.join()
        with explained(f"open UDP port {port}"):
            udp = self._socket(socket.SOCK_DGRAM)
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
            tcp = self._socket(socket.SOCK_STREAM)
        with tcp:
            tcp.settimeout(within_s)
            try:
                with explained(what):
                    tcp.connect(to)
            except TimeoutError:
                raise WaitTimeout(f"{to[0]}:{to[1]} did not answer the probe's connect within {within_s:g} s") from None
            yield _HostTcpConnection(tcp, f"{to[0]}:{to[1]}")

    def _socket(self, kind: socket.SocketKind) -> socket.socket:
        opened = socket.socket(socket.AF_INET, kind)
        try:
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, self._interface.encode() + b"\0")
        except BaseException:
            opened.close()
            raise
        return opened

    def _interface_address(self) -> str:
        request = struct.pack("256s", self._interface.encode())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            try:
                answer = fcntl.ioctl(any_socket, _SIOCGIFADDR, request)
            except OSError:
                # No address, or the card was unplugged: the next join reports which.
                return ""
        return socket.inet_ntoa(answer[20:24])


class _HostTcpConnection:
    """One TCP connection of the host."""

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
