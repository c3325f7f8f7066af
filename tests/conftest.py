"""Fixtures of the framework's own tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hil.config import RigConfig, load_rig
from hil.rig import Rig
from hil.virtual.bench import VirtualBench

THREE_BOARDS = """\
rig: three
wifi: {ssid: PicoAP, password: pico1234}
hubs:
  main: {driver: virtual, ports: 3}
boards:
  A: {power: main/1}
  B: {power: main/2}
  C: {power: main/3}
"""


@pytest.fixture
def three_boards(tmp_path: Path) -> RigConfig:
    """A virtual rig with the AP A and the clients B and C."""
    path = tmp_path / "three.yaml"
    path.write_text(THREE_BOARDS)
    return load_rig(path, {})


@pytest.fixture
def virtual_bench(three_boards: RigConfig) -> VirtualBench:
    """The bench below ``virtual_rig``: to look into a board from behind."""
    return VirtualBench(three_boards)


@pytest.fixture
def virtual_rig(three_boards: RigConfig, virtual_bench: VirtualBench) -> Iterator[Rig]:
    """A rig of three boards, all off and with nothing on their flash."""
    rig = Rig(three_boards, virtual_bench)
    yield rig
    rig.close()


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """As pytest has it, without the plugins that cost a second per run and have no part in what is tested here."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:hypothesispytest -p no:allure_pytest")
    return pytester
