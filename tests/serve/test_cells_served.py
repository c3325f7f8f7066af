"""One pytest worker per cell on served boards, which pytest treats as a bench of real ones."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serve.served import PATIENCE_S, Served

CELLS = """\
rig: lab-PID
power: {off_time_s: 0.2, stagger_s: 0}
hubs:
  main: {driver: virtual, ports: 4}
cells:
  west:
    wifi: {ssid: West, password: key-of-west}
    boards: {A: {power: main/1}, B: {power: main/2}}
  east:
    wifi: {ssid: East, password: key-of-east}
    boards: {C: {power: main/3}, D: {power: main/4}}
"""

EACH_SAYS_ITS_BOARDS = """\
import json, os, re
from pathlib import Path

import pytest

@pytest.mark.parametrize("number", range(2))
def test_boards(boards, rig, number):
    for board in boards.values():
        board.power.on()
        board.console.expect(re.compile("MicroPython v"), within=20)
    folder = Path(__file__).parent / "seen"
    folder.mkdir(exist_ok=True)
    (folder / str(number)).write_text(json.dumps([os.environ["PYTEST_XDIST_WORKER"], rig.config.cell, *boards]))
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    (tmp_path / "cells.yaml").write_text(CELLS.replace("PID", str(os.getpid())))
    served = Served(tmp_path / "served", tmp_path / "cells.yaml", speed=4)
    yield served
    served.stop()


def test_workers_share_a_bench_without_sharing_boards(tmp_path: Path, served: Served) -> None:
    (tmp_path / "test_it.py").write_text(EACH_SAYS_ITS_BOARDS)
    options = ["-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", str(tmp_path), "-n", "auto"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--rig", served.folder / "rig.yaml", tmp_path / "test_it.py"],
        capture_output=True,
        check=False,
        text=True,
        timeout=2 * PATIENCE_S,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "2 workers" in done.stdout
    seen = {tuple(json.loads(file.read_text())) for file in (tmp_path / "seen").iterdir()}
    assert {of_test[1:] for of_test in seen} == {("west", "A", "B"), ("east", "C", "D")}
    assert len({of_test[0] for of_test in seen}) == 2
