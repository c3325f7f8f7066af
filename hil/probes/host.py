"""The host probe: a Wi-Fi card of the machine that runs the tests.

Linux only: sockets are bound to the interface, which needs root or CAP_NET_RAW on kernels before 5.7.
"""

import fcntl
import socket
import struct

from hil.clock import Clock
from hil.errors import ProbeError
from hil.probes.network_manager import NetworkManager
from hil.probes.sockets import SocketProbe

_SIOCGIFADDR = 0x8915
"""ioctl that returns an interface's IPv4 address. linux/sockios.h."""


class HostProbe(SocketProbe):
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

    def open_socket(self, kind: socket.SocketKind) -> socket.socket:
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
