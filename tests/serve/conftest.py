"""A served rig."""

import os
from collections.abc import Iterator

import pytest

from tests.serve.served import Served

RIG = """\
rig: served-{pid}
wifi: {{ssid: PicoAP, password: pico1234}}
power: {{off_time_s: 0.1}}
hubs: {{main: {{driver: virtual, ports: 3}}}}
boards:
  A: {{power: main/1}}
  B: {{power: main/2}}
"""
"""Serial numbers, and so the locks of boards, derive from the rig's name: runs on one machine have different boards."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Two boards, A and B."""
    folder = tmp_path_factory.mktemp("s")
    rig = folder / "virtual.yaml"
    rig.write_text(RIG.format(pid=os.getpid()))
    server = Served(folder / "served", rig)
    yield server
    assert server.stop() == 0
    assert list(server.folder.iterdir()) == []
