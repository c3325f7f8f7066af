"""The virtual bench: builds the world with its air, hubs and boards from a rig file."""

from importlib.resources import files

import serial

from hil.clock import Clock
from hil.config import hubs
from hil.config.rig import RigConfig
from hil.probes import Probe
from hil.probes.drivers import VirtualProbeSection
from hil.virtual.air.medium import Air
from hil.virtual.air.radio import Radio
from hil.virtual.air.sniffer import AirSniffer
from hil.virtual.bench.bootsel import VirtualBootsel
from hil.virtual.bench.clock import VirtualClock
from hil.virtual.bench.faults import VirtualFaults
from hil.virtual.bench.hub import VirtualHub
from hil.virtual.bench.link import VirtualLink
from hil.virtual.bench.pico import VirtualPico
from hil.virtual.bench.power_port import VirtualPowerPort
from hil.virtual.bench.probe import VirtualProbe
from hil.virtual.bench.protocol_virtual import SerialExchange
from hil.virtual.vm.board_files import ROM_FOLDER
from hil.virtual.vm.vm import VmRuntime
from hil.virtual.world import World

_PROTOCOL_PACKAGE = "hil.virtual.bench"
_PROBE_MAC = bytes.fromhex("02d0c0ffee01")
"""A locally administered address, which no real chip has."""


class VirtualBench:
    """Boards that run the real MicroPython in one world. Implements :class:`hil.bench.bench.Bench`."""

    def __init__(self, config: RigConfig) -> None:
        self.world = World(config.virtual.seed)
        self.air = Air(self.world)
        self._clock = VirtualClock(self.world)
        self._exchange = SerialExchange(self.world)
        if _PROTOCOL_PACKAGE not in serial.protocol_handler_packages:
            serial.protocol_handler_packages.append(_PROTOCOL_PACKAGE)
        runtime, rom = VmRuntime(), _rom()
        self.hubs = {
            name: VirtualHub(name, hub.ports)
            for name, hub in config.hubs.items()
            if isinstance(hub, hubs.VirtualHubSection)  # all are, on a virtual rig
        }
        self.boards: dict[str, VirtualPico] = {}
        self._links: dict[str, VirtualLink] = {}
        self._bootsels: dict[str, VirtualBootsel] = {}
        self._power_ports: dict[str, VirtualPowerPort] = {}
        for board in config.wired_boards:
            name = board.name
            pico = VirtualPico(self.world, runtime, self.air, rom, name, board.serial, board.type)
            hub = self.hubs[board.power.hub]
            hub.plug_in(board.power.port, pico)
            self.boards[name] = pico
            self._exchange.ports[name] = pico.usb
            self._links[name] = VirtualLink(name, self._exchange.url(name), pico.usb, self._clock)
            self._bootsels[name] = VirtualBootsel(name, board.type, pico.bootrom, self._clock)
            self._power_ports[name] = VirtualPowerPort(hub, board.power.port)
        self._radio = radio = self._make_radio() if isinstance(config.probe, VirtualProbeSection) else None
        self._probe = self._make_probe(config, radio) if radio else None
        probe_radio = next((self.boards[board.name].radio for board in config.probe_boards), radio)
        self._faults = VirtualFaults(self.world, self.air, self.boards, probe_radio)

    @property
    def clock(self) -> Clock:
        """World time as rig time."""
        return self._clock

    def link(self, board: str) -> VirtualLink:
        """The serial line to ``board``."""
        return self._links[board]

    def bootsel(self, board: str) -> VirtualBootsel:
        """``board`` in BOOTSEL mode."""
        return self._bootsels[board]

    def power_port(self, board: str) -> VirtualPowerPort:
        """The hub port that supplies ``board``."""
        return self._power_ports[board]

    def probe(self) -> Probe | None:
        """The probe in the air, if the rig file asks for that kind."""
        return self._probe

    def sniffer(self) -> AirSniffer:
        """The recorder of all frames on the air."""
        return self.air.sniffer

    def faults(self) -> VirtualFaults:
        """The faults that can be injected here."""
        return self._faults

    def begin_test(self, name: str) -> None:
        """Reseed with the test's name, so that a test behaves the same alone and after others."""
        if self._radio is not None:
            self._radio.power_off()
        self.air.sniffer.forget()
        self.world.reseed(name)

    def close(self) -> None:
        """Cut every board's power and free its memory."""
        for board in self.boards.values():
            board.power_off()

    def _make_radio(self) -> Radio:
        return Radio(self.world, self.air, _PROBE_MAC, self.world.notify, lambda _line: None, announces=False)

    def _make_probe(self, config: RigConfig, radio: Radio) -> VirtualProbe:
        return VirtualProbe(radio, self._clock, config.wifi.ssid, config.wifi.password.get_secret_value())


def _rom() -> dict[str, bytes]:
    """The frozen MicroPython modules of every board, by path: bytecode made by vm/rom.py, as on a Pico W."""
    folder = files("hil.virtual") / "rom"
    return {f"{ROM_FOLDER}/{item.name}": item.read_bytes() for item in folder.iterdir()}
