"""Fault injection on the virtual bench, which supports every fault."""

from collections.abc import Mapping

from hil.errors import FaultError
from hil.faults import BenchFault
from hil.faults.packets import PacketFault
from hil.faults.partition import Partition
from hil.faults.power import BrownOut
from hil.faults.serial_line import GarbledSerial, UsbDrop
from hil.virtual.air.disturbance import PacketDisturbance, concerns
from hil.virtual.air.medium import Air, Hop
from hil.virtual.air.radio import Radio
from hil.virtual.bench.pico import VirtualPico
from hil.virtual.world import World

OFFERED: frozenset[type[BenchFault]] = frozenset({PacketFault, Partition, BrownOut, UsbDrop, GarbledSerial})
"""The faults that can be injected here."""

_GARBAGE = (0x80, 0xBF)
"""UTF-8 continuation bytes: invalid within ASCII text, so the console shows each as ``\\xNN``."""


class VirtualFaults:
    """Implements :class:`hil.faults.BenchFaults`. ``probe`` is the radio of the rig's probe, if it has one."""

    def __init__(self, world: World, air: Air, boards: Mapping[str, VirtualPico], probe: Radio | None) -> None:
        self._world = world
        self._air = air
        self._boards = boards
        self._probe = probe
        self._packets = PacketDisturbance(world, self._is_of_probe)

    @property
    def offered(self) -> frozenset[type[BenchFault]]:
        return OFFERED

    def begin(self, fault: BenchFault) -> None:
        match fault:
            case Partition():
                self._air.separate(self._macs(fault))
            case BrownOut():
                self._boards[fault.board.name].brown_out()
            case UsbDrop():
                self._boards[fault.board.name].unplug_usb()
            case GarbledSerial():
                self._boards[fault.board.name].usb.noise = lambda data: self._garbled(data, fault.probability)
            case PacketFault():
                self._packets.add(fault)
                self._air.disturbance = self._packets.copies
            case _:
                raise FaultError(f"the virtual bench does not offer {type(fault).__name__}")

    def end(self, fault: BenchFault) -> None:
        match fault:
            case Partition():
                self._air.reunite(self._macs(fault))
            case BrownOut():
                self._boards[fault.board.name].recover()
            case UsbDrop():
                self._boards[fault.board.name].replug_usb()
            case GarbledSerial():
                self._boards[fault.board.name].usb.noise = None
            case PacketFault():
                self._packets.remove(fault)
                if not self._packets.is_active:
                    self._air.disturbance = None

    def _macs(self, partition: Partition) -> list[frozenset[bytes]]:
        return [frozenset(self._boards[name].radio.mac for name in group) for group in partition.groups]

    def _is_of_probe(self, hop: Hop) -> bool:
        probe = self._probe
        return probe is not None and concerns(hop, probe.mac, probe.station.addressing.address)

    def _garbled(self, data: bytes, probability: float) -> bytes:
        rng = self._world.rng
        return bytes(rng.randint(*_GARBAGE) if rng.random() < probability else byte for byte in data)
