"""What disturbs the packets of an air: loss, latency, duplication and reordering, as many of them at once as begun."""

from collections.abc import Callable, Sequence

from hil.faults.packets import Copy, PacketFault
from hil.virtual.air.medium import Hop
from hil.virtual.air.packets import TcpSegment, UdpDatagram
from hil.virtual.world import World


class PacketDisturbance:
    """Decides what becomes of each packet, by the faults that are active. All chance is the world's.

    ``is_spared`` says which hops are left alone by faults that spare the probe.
    """

    def __init__(self, world: World, is_spared: Callable[[Hop], bool]) -> None:
        self._rng = world.rng
        self._is_spared = is_spared
        self._faults: list[PacketFault] = []

    def add(self, fault: PacketFault) -> None:
        """Let ``fault`` act on every packet from now on, after those added before."""
        self._faults.append(fault)

    def remove(self, fault: PacketFault) -> None:
        """End an :meth:`add`."""
        self._faults.remove(fault)

    @property
    def is_active(self) -> bool:
        """Whether there is any fault."""
        return bool(self._faults)

    def copies(self, hop: Hop) -> Sequence[Copy]:
        """What arrives of the packet of ``hop``."""
        copies: list[Copy] = [Copy()]
        spared = any(fault.spares_probe for fault in self._faults) and self._is_spared(hop)
        for fault in self._faults:
            if not (spared and fault.spares_probe):
                copies = [result for copy in copies for result in fault.copies(copy, self._rng)]
        return copies


def concerns(hop: Hop, mac: bytes, address: str) -> bool:
    """Whether the packet of ``hop`` comes from the chip with ``mac`` and ``address``, or is meant for it alone."""
    if mac in (hop.sender_mac, hop.receiver_mac):
        return True
    packet = hop.packet
    return isinstance(packet, UdpDatagram | TcpSegment) and address in (packet.source[0], packet.destination[0])
