"""The faults of the virtual bench: everything that a bench can be asked for."""

from collections.abc import Mapping

from hil.faults import (
    FAULT_NAMES,
    ON_EVERY_RIG,
    BenchFault,
    BrownOut,
    FaultName,
    GarbledSerial,
    Partition,
    UsbDrop,
)
from hil.virtual.air.disturbance import PacketDisturbance, concerns
from hil.virtual.air.medium import Air, Hop
from hil.virtual.air.radio import Radio
from hil.virtual.bench.pico import VirtualPico
from hil.virtual.world import World

OFFERED: frozenset[FaultName] = frozenset(FAULT_NAMES) - ON_EVERY_RIG
"""All that cannot be done through a board's power and REPL."""

_NO_TEXT = (0x80, 0xBF)
"""Bytes that are no UTF-8 wherever they come in ASCII text: the console shows each as ``\\xNN``."""


class VirtualFaults:
    """Implements :class:`hil.faults.BenchFaults`. ``probe`` is the radio of the rig's probe, if it has one."""

    def __init__(self, world: World, air: Air, boards: Mapping[str, VirtualPico], probe: Radio | None) -> None:
        self._world = world
        self._air = air
        self._boards = boards
        self._probe = probe
        self._packets = PacketDisturbance(world, self._is_of_probe)

    @property
    def offered(self) -> frozenset[FaultName]:
        """What it can do."""
        return OFFERED

    def begin(self, fault: BenchFault) -> None:
        """Let ``fault`` begin at this instant."""
        match fault:
            case Partition():
                self._air.separate(self._macs(fault))
            case BrownOut():
                self._boards[fault.board].brown_out()
            case UsbDrop():
                self._boards[fault.board].unplug_usb()
            case GarbledSerial():
                self._boards[fault.board].usb.noise = lambda data: self._garbled(data, fault.probability)
            case _:
                self._packets.add(fault)
                self._air.disturbance = self._packets.copies

    def end(self, fault: BenchFault) -> None:
        """Let a fault end that was begun."""
        match fault:
            case Partition():
                self._air.reunite(self._macs(fault))
            case BrownOut():
                self._boards[fault.board].recover()
            case UsbDrop():
                self._boards[fault.board].replug_usb()
            case GarbledSerial():
                self._boards[fault.board].usb.noise = None
            case _:
                self._packets.remove(fault)
                if not self._packets.is_active:
                    self._air.disturbance = None

    def _macs(self, partition: Partition) -> list[frozenset[bytes]]:
        return [frozenset(self._boards[name].radio.mac for name in group) for group in partition.groups]

    def _is_of_probe(self, hop: Hop) -> bool:
        probe = self._probe
        return probe is not None and concerns(hop, probe.mac, probe.station.addressing.address)

    def _garbled(self, data: bytes, probability: float) -> bytes:
        chance = self._world.rng
        return bytes(chance.randint(*_NO_TEXT) if chance.random() < probability else byte for byte in data)
