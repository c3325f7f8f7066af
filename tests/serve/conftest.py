"""A served rig."""

from collections.abc import Iterator

import pytest

from tests.serve.served import Served

RIG = """\
rig: served
wifi: {ssid: PicoAP, password: pico1234}
power: {off_time_s: 0.1}
hubs: {main: {driver: virtual, ports: 3}}
boards:
  A: {power: main/1}
  B: {power: main/2}
"""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Two boards, A and B."""
    folder = tmp_path_factory.mktemp("s")
    rig = folder / "virtual.yaml"
    rig.write_text(RIG)
    server = Served(folder / "served", rig)
    yield server
    assert server.stop() == 0
    assert list(server.folder.iterdir()) == []
