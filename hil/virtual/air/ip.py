"""The IP layer of one board: which interface a packet leaves by, and which packets that arrive are taken."""

from collections.abc import Callable, Iterable

from hil.probes.dns_message import MDNS_GROUP
from hil.virtual.air.addressing import BROADCAST, Addressing
from hil.virtual.air.interface import Interface
from hil.virtual.air.limits import EPHEMERAL_PORT_FIRST, EPHEMERAL_PORTS
from hil.virtual.air.packets import IpPacket
from hil.virtual.call import BoardOSError
from hil.virtual.rp2_errno import Errno
from hil.virtual.world import World


class IpLayer:
    """Interfaces and routes of one board, and what UDP and TCP share.

    ``deliver`` takes packets that have arrived, with the addresses of their interface. ``on_change`` is for the layers
    above: to be called when something has changed that a blocked call may wait for.
    """

    def __init__(
        self, world: World, deliver: Callable[[Addressing, IpPacket], None], on_change: Callable[[], None]
    ) -> None:
        self.world = world
        self.on_change = on_change
        self._deliver = deliver
        self._interfaces: list[Interface] = []
        self._next_port: int | None = None

    # ---- interfaces and routes

    def add_interface(self, interface: Interface) -> None:
        """``interface`` was switched on last: it becomes the default route."""
        if interface not in self._interfaces:
            self._interfaces.insert(0, interface)
            interface.deliver = self._receive

    def remove_interface(self, interface: Interface) -> None:
        """``interface`` was switched off."""
        if interface in self._interfaces:
            self._interfaces.remove(interface)
            interface.deliver = None

    @property
    def interface_count(self) -> int:
        """How many interfaces are switched on."""
        return len(self._interfaces)

    def route(self, address: str) -> Interface | None:
        """The interface by which packets to ``address`` leave, or None when there is none that is up."""
        if address != BROADCAST:
            for interface in self._interfaces:
                if interface.is_up and interface.addressing.is_neighbour(address):
                    return interface
        default = next(iter(self._interfaces), None)
        return default if default is not None and default.is_up else None

    def require_route(self, address: str) -> Interface:
        """As :meth:`route`. Raises EHOSTUNREACH when there is none."""
        interface = self.route(address)
        if interface is None:
            raise BoardOSError(Errno.EHOSTUNREACH)
        return interface

    # ---- packets

    def send(self, packet: IpPacket) -> None:
        """Send ``packet`` if there is a route; without one it is lost."""
        interface = self.route(packet.destination[0])
        if interface is not None:
            interface.transmit(packet)

    def _receive(self, interface: Interface, packet: IpPacket) -> None:
        own = interface.addressing
        # Of the multicast groups a board is in that of its mDNS responder only.
        if interface.is_up and packet.destination[0] in (own.address, own.broadcast, BROADCAST, MDNS_GROUP):
            self._deliver(own, packet)

    # ---- ports

    def restart(self) -> None:
        """The board starts anew: so does its numbering of ports, anywhere."""
        self._next_port = None

    def free_port(self, taken: Iterable[int]) -> int:
        """A port above 49151 that is not among ``taken``."""
        in_use = set(taken)
        if self._next_port is None:
            self._next_port = self.world.rng.randrange(EPHEMERAL_PORTS)
        while True:
            self._next_port = (self._next_port + 1) % EPHEMERAL_PORTS
            port = EPHEMERAL_PORT_FIRST + self._next_port
            if port not in in_use:
                return port
