"""Probes of both kinds that a virtual bench can have, in a radio world whose boards are played by radios."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from hil.board.power_sequencer import PowerSequencer
from hil.config.rig import RigConfig, load_rig
from hil.probes import Probe
from hil.probes.agent import BoardAgent
from hil.probes.board import BoardProbe
from hil.virtual.air.radio import Radio
from hil.virtual.bench.bench import VirtualBench
from hil.virtual.bench.clock import VirtualClock
from hil.virtual.bench.probe import VirtualProbe
from tests.virtual.air.conftest import KEY, SSID, RadioWorld

RIG = """\
rig: probed
wifi: {ssid: PicoAP, password: pico1234}
hubs: {main: {driver: virtual, ports: 2}}
boards:
  A: {power: main/1}
  P: {power: main/2}
probe: {driver: board, board: P}
"""

MakeProbe = Callable[..., Probe]


@pytest.fixture
def rig_config(tmp_path: Path) -> RigConfig:
    """A rig whose board P is the probe."""
    path = tmp_path / "rig.yaml"
    path.write_text(RIG)
    return load_rig(path, {})


@pytest.fixture
def bench(rig_config: RigConfig) -> Iterator[VirtualBench]:
    """Its bench, on which nothing is on."""
    opened = VirtualBench(rig_config)
    yield opened
    opened.close()


@pytest.fixture
def net(bench: VirtualBench) -> RadioWorld:
    """The air of that bench, for radios that play the boards under test."""
    world = RadioWorld()
    world.world, world.air, world.clock = bench.world, bench.air, cast("VirtualClock", bench.clock)
    return world


@pytest.fixture
def agent(bench: VirtualBench) -> BoardAgent:
    """The agent on board P, not started."""
    return BoardAgent("P", bench.link("P"), bench.power_port("P"), bench.clock, PowerSequencer(bench.clock, 0), 2.0)


@pytest.fixture
def board_probe(agent: BoardAgent, bench: VirtualBench) -> BoardProbe:
    """The probe that board P is, at rest."""
    return BoardProbe(agent, bench.clock, SSID, KEY)


@pytest.fixture(params=["virtual", "board"])
def make_probe(request: pytest.FixtureRequest, net: RadioWorld, agent: BoardAgent) -> MakeProbe:
    """Makes a probe of either kind; ``key`` is what it is told to join with."""

    def make(key: str = KEY) -> Probe:
        if request.param == "board":
            return BoardProbe(agent, net.clock, SSID, key)
        mac = bytes.fromhex("02d0c0ffee01")
        radio = Radio(net.world, net.air, mac, net.world.notify, net.printed.append, announces=False)
        return VirtualProbe(radio, net.clock, SSID, key)

    return make
