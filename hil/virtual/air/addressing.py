"""IPv4 addresses as dotted text, and what an interface knows about its network."""

import socket
from dataclasses import dataclass
from functools import cached_property

ANY = "0.0.0.0"
BROADCAST = "255.255.255.255"

Endpoint = tuple[str, int]
"""Address and port."""


def parse(address: str) -> int:
    """The number behind dotted text. Raises ``ValueError`` for anything but four numbers below 256."""
    try:
        return int.from_bytes(socket.inet_pton(socket.AF_INET, address), "big")
    except OSError as error:
        raise ValueError(f"{address!r} is not an IPv4 address") from error


def dotted(number: int) -> str:
    """Dotted text of an address."""
    return f"{number >> 24}.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"


def is_multicast(address: str) -> bool:
    """Whether ``address`` is that of a group."""
    return parse(address) >> 28 == 0xE


@dataclass(frozen=True)
class Addressing:
    """The four addresses of an interface, as ``ifconfig()`` shows them."""

    address: str = ANY
    netmask: str = ANY
    gateway: str = ANY
    name_server: str = ANY

    @cached_property
    def text(self) -> str:
        """The four with a space between them: programs ask for them with every look at the link."""
        return f"{self.address} {self.netmask} {self.gateway} {self.name_server}"

    @cached_property
    def _mask(self) -> int:
        return parse(self.netmask)

    @cached_property
    def _network(self) -> int:
        return parse(self.address) & self._mask

    @cached_property
    def broadcast(self) -> str:
        """The broadcast address of the network."""
        return dotted(self._network | ~self._mask & 0xFFFFFFFF)

    def is_neighbour(self, address: str) -> bool:
        """Whether ``address`` is in the same network."""
        return parse(address) & self._mask == self._network

    def host(self, number: int) -> str:
        """Address of host ``number`` of the network."""
        return dotted(self._network | number)


UNCONFIGURED = Addressing()
"""An interface without an address."""
