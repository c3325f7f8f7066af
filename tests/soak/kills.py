"""pytest killed at random moments, again and again: whatever it was doing, the next run starts clean."""

import os
import random
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.serve.served import PATIENCE_S, Served
from tests.soak.bench import locks_of

RUN_WITHIN_S = 4 * PATIENCE_S
"""Against hanging only."""
_LOOK_S = 0.02
"""Between two looks at a run's locks."""
FILLING = 12_000
"""Bytes of each board's firmware beside its program: so much that a deploy takes a good part of a run."""

MANIFEST = """\
app: talk
description: says which firmware it has
roles:
  ap: {files: {data.bin: data.bin, main.py: main.py}}
  client: {files: {data.bin: data.bin, main.py: main.py}}
events:
  hello: '^hello number=(?P<number>\\d+) role=(?P<role>\\S+)'
"""

FIRMWARE = """\
import json, time

with open("data.bin", "rb") as file:
    number = int(file.readline())
print("hello number=%d role=%s" % (number, json.load(open("config.json"))["role"]))
while True:
    time.sleep(10)
"""

PLAN = """\
import pytest

pytestmark = [pytest.mark.firmware("talk"), pytest.mark.needs(clients=1)]

def test_every_board_runs_this_firmware(boards):
    number = open("firmware/talk/data.bin", "rb").readline().strip().decode()
    for board in boards.values():
        board.power.on()
    for board in boards.values():
        board.console.expect("hello", within=60, number=number)

def test_again_after_a_reset(boards):
    for board in boards.values():
        board.reset()
        board.console.expect("hello", within=60)
"""


@dataclass(frozen=True)
class Kill:
    """One run that was killed, and the one after it."""

    after_s: float
    """Seconds from its start."""
    was_running: bool
    """It had not ended by itself before."""
    locks_left: tuple[str, ...]
    """Lock files that it left, which nobody holds."""
    said: str
    """What the next run printed at its end, if anything was not as it should be; else empty."""
    recoveries: tuple[str, ...]
    """What boards the next run had to recover, and by what."""


class Runs:
    """Runs of pytest in ``folder``, on served boards as a bench of real ones, each with new firmware."""

    def __init__(self, folder: Path, served: Served, seed: int) -> None:
        self._folder = folder
        self._served = served
        self._chance = random.Random(seed)
        self._number = 0
        self._length_s = 0.0
        self._recoveries: list[str] = []
        app = folder / "firmware" / "talk"
        app.mkdir(parents=True)
        (app / "firmware.yaml").write_text(MANIFEST)
        (app / "main.py").write_text(FIRMWARE)
        (folder / "test_talk.py").write_text(PLAN)
        (folder / "pytest.ini").write_text("[pytest]\n")
        self._data = app / "data.bin"

    def prepare(self) -> None:
        """Let two runs live, the first of which meets empty boards. Raises ``AssertionError`` when one is not clean."""
        for _ in range(2):
            said = self._finish()
            assert not said, said

    def kill(self, times: int) -> Iterator[Kill]:
        """Kill ``times`` runs, spread over the length of the last one that lived; let one live after each."""
        parts = [(part + self._chance.random()) / times for part in range(times)]
        self._chance.shuffle(parts)
        for part in parts:
            moment_s = part * self._length_s
            run, started = self._start(), time.perf_counter()
            with suppress(subprocess.TimeoutExpired):
                run.wait(moment_s)
            yield self._kill(run, started)

    def kill_with_locks(self) -> Kill:
        """Kill a run as soon as it has locked the boards; let one live after it."""
        run, started = self._start(), time.perf_counter()
        while run.poll() is None and not self._locks():
            with suppress(subprocess.TimeoutExpired):
                run.wait(_LOOK_S)
        return self._kill(run, started)

    def _kill(self, run: subprocess.Popen[str], started: float) -> Kill:
        run.send_signal(signal.SIGKILL)  # does nothing to one that has ended
        after_s = round(time.perf_counter() - started, 3)
        run.communicate(timeout=PATIENCE_S)
        locks = tuple(self._locks())
        was_running = run.returncode == -signal.SIGKILL
        return Kill(after_s, was_running, locks, self._finish(), tuple(self._recoveries))

    def _start(self) -> subprocess.Popen[str]:
        self._number += 1
        self._data.write_bytes(b"%d\n" % self._number + self._chance.randbytes(FILLING))
        given = ("--rig", str(self._served.folder / "rig.yaml"), "--hil-firmware", "firmware")
        plugins = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:allure_pytest")
        return subprocess.Popen(
            [sys.executable, "-m", "pytest", "-q", *plugins, *given],
            cwd=self._folder,
            env={**os.environ, "PYTEST_ADDOPTS": ""},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _finish(self) -> str:
        """A run that is left alone; what it said if it was not as it should be."""
        started = time.perf_counter()
        said, _ = (run := self._start()).communicate(timeout=RUN_WITHIN_S)
        self._length_s = time.perf_counter() - started
        self._recoveries = re.findall(r"^board \S+ needed recovery .*$", said, re.MULTILINE)
        is_clean = run.returncode == 0 and "2 passed" in said and "quarantined" not in said
        left = self._locks()
        return "" if is_clean and not left else f"{said}\nlocks: {left}"

    def _locks(self) -> list[str]:
        return locks_of(self._served)
