"""A folder with a rig in it, as commands find it."""

from pathlib import Path

import pytest

RIG = """\
rig: bench-1
wifi: {ssid: PicoAP, password: pico1234}
hubs:
  main: {driver: virtual, ports: 3}
boards:
  A: {power: main/1}
  B: {power: main/2}
  P: {power: main/3}
probe: {driver: board, board: P}
"""


@pytest.fixture
def rig_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """``rigs/rig.yaml`` of the folder that one is in: two virtual boards and a probe."""
    path = tmp_path / "rigs" / "rig.yaml"
    path.parent.mkdir()
    path.write_text(RIG)
    monkeypatch.chdir(tmp_path)
    return path
