"""The DHCP server of an access point, as MicroPython's: eight leases in RAM, and silence where others say no."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from hil.virtual.air.addressing import Addressing
from hil.virtual.air.limits import LEASE_FIRST, LEASES
from hil.virtual.air.packets import DhcpKind, DhcpMessage
from hil.virtual.air.timing import LEASE_S
from hil.virtual.world import US_PER_S, World


@dataclass(frozen=True, slots=True)
class Lease:
    """Who holds an address, and until when."""

    mac: bytes
    expiry_us: int


class DhcpServer:
    """Answers DISCOVER and REQUEST. A new one is made whenever the access point starts, with all addresses free."""

    def __init__(self, world: World, addressing: Addressing, print_line: Callable[[str], None]) -> None:
        self._world = world
        self._addressing = addressing
        self._print_line = print_line
        self._leases: list[Lease | None] = [None] * LEASES

    def answer(self, message: DhcpMessage) -> DhcpMessage | None:
        """The reply to a client's message, or None for silence."""
        if message.kind is DhcpKind.DISCOVER:
            return self._offer(message.client_mac)
        return self._acknowledge(message.client_mac, message.addressing.address)

    def _offer(self, mac: bytes) -> DhcpMessage | None:
        # Nothing is reserved by an offer: two clients at once are offered the same address.
        for index, lease in enumerate(self._leases):
            if lease is not None and lease.mac == mac:
                return self._reply(DhcpKind.OFFER, mac, index)
        for index in range(LEASES):
            if self._is_free(index):
                self._leases[index] = None
                return self._reply(DhcpKind.OFFER, mac, index)
        return None

    def _acknowledge(self, mac: bytes, address: str) -> DhcpMessage | None:
        for index, lease in enumerate(self._leases):
            if self._address(index) == address and (lease is None or lease.mac == mac):
                self._leases[index] = Lease(mac, self._world.now_us + LEASE_S * US_PER_S)
                self._print_line(f"DHCPS: client connected: MAC={mac.hex(':')} IP={address}")
                return self._reply(DhcpKind.ACK, mac, index)
        return None

    def _is_free(self, index: int) -> bool:
        lease = self._leases[index]
        return lease is None or lease.expiry_us < self._world.now_us

    def _address(self, index: int) -> str:
        return self._addressing.host(LEASE_FIRST + index)

    def _reply(self, kind: DhcpKind, mac: bytes, index: int) -> DhcpMessage:
        own_address = self._addressing.address
        granted = replace(self._addressing, address=self._address(index), gateway=own_address, name_server=own_address)
        return DhcpMessage(kind, mac, granted)
