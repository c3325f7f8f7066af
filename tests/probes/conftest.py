"""Probes of both kinds that a virtual bench can have, in a radio world whose boards are played by radios."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import pytest

from hil.board.factory import BoardFactory
from hil.board.supervisor import BoardSupervisor
from hil.config.rig import RigConfig, load_rig
from hil.events import Timeline
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
def timeline() -> Timeline:
    """What happens to board P."""
    return Timeline()


@pytest.fixture
def make_agent(rig_config: RigConfig, bench: VirtualBench, timeline: Timeline) -> Callable[[str], BoardAgent]:
    """Makes the agent on board P, not started, which joins with the key that is given."""

    def make(key: str) -> BoardAgent:
        factory = BoardFactory(rig_config, bench, timeline)
        board = factory.board("P")
        supervisor = BoardSupervisor({"P": factory.ladder(board)}, bench.clock, timeline)
        return BoardAgent(board, bench.link("P"), supervisor, bench.clock, ssid=SSID, key=key)

    return make


@pytest.fixture
def agent(make_agent: Callable[[str], BoardAgent]) -> BoardAgent:
    """The agent on board P, not started."""
    return make_agent(KEY)


@pytest.fixture
def board_probe(agent: BoardAgent, bench: VirtualBench) -> BoardProbe:
    """The probe that board P is, at rest."""
    return BoardProbe(agent, bench.clock, SSID)


@pytest.fixture(params=["virtual", "board"])
def make_probe(request: pytest.FixtureRequest, net: RadioWorld, make_agent: Callable[[str], BoardAgent]) -> MakeProbe:
    """Makes a probe of either kind; ``key`` is the one that it joins with."""

    def make(key: str = KEY) -> Probe:
        if request.param == "board":
            return BoardProbe(make_agent(key), net.clock, SSID)
        mac = bytes.fromhex("02d0c0ffee01")
        radio = Radio(net.world, net.air, mac, net.world.notify, net.printed.append, announces=False)
        return VirtualProbe(radio, net.clock, SSID, key)

    return make
