"""What disturbs the packets of an air: loss, latency, duplication and reordering, as many of them at once as begun."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from hil.faults import Duplication, Latency, Loss, PacketFault, Reordering
from hil.virtual.air.medium import Copy, Hop
from hil.virtual.air.packets import TcpSegment, UdpDatagram
from hil.virtual.world import US_PER_S, World

HELD_BACK_US = (5_000, 100_000)
"""How much later a packet arrives that is held back, or the second copy of one: uniform between the two."""


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
                copies = [result for copy in copies for result in self._results(fault, copy)]
        return copies

    def _results(self, fault: PacketFault, copy: Copy) -> Iterable[Copy]:
        match fault:
            case Latency():
                return (replace(copy, delay_us=copy.delay_us + round(fault.delay_s * US_PER_S)),)
            case Loss():
                return () if self._happens(fault.probability) else (copy,)
            case Duplication():
                return (copy, self._held_back(copy)) if self._happens(fault.probability) else (copy,)
            case Reordering():
                return (self._held_back(copy),) if self._happens(fault.probability) else (copy,)

    def _happens(self, probability: float) -> bool:
        return self._rng.random() < probability

    def _held_back(self, copy: Copy) -> Copy:
        return Copy(copy.delay_us + self._rng.randint(*HELD_BACK_US), in_order=False)


def concerns(hop: Hop, mac: bytes, address: str) -> bool:
    """Whether the packet of ``hop`` comes from the chip with ``mac`` and ``address``, or is meant for it alone."""
    if mac in (hop.sender_mac, hop.receiver_mac):
        return True
    packet = hop.packet
    return isinstance(packet, UdpDatagram | TcpSegment) and address in (packet.source[0], packet.destination[0])
