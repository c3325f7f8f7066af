"""pytest killed repeatedly at random moments: the next run always starts clean."""

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
"""Timeout against hanging only."""
_LOOK_S = 0.02
"""Interval for polling a run's locks."""
FILLING = 12_000
"""Bytes of each board's firmware besides its program, so many that deploying is a large part of a run."""

MANIFEST = """\
app: talk
description: prints the number of its firmware
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
    """One run that was killed, and the next one."""

    after_s: float
    """Seconds from the start of the run."""
    was_running: bool
    """Whether the run had not ended before."""
    locks_left: tuple[str, ...]
    """Lock files that it left, which no process holds."""
    printed: str
    """Output of the next run if it was not clean; else empty."""
    recoveries: tuple[str, ...]
    """The recoveries of boards in the next run."""


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
        """Do two complete runs, the first of them with empty boards. Raises ``AssertionError`` if one is not clean."""
        for _ in range(2):
            printed = self._finish()
            assert not printed, printed

    def kill(self, times: int) -> Iterator[Kill]:
        """Kill ``times`` runs, spread over the duration of the last complete one. A complete run follows each."""
        parts = [(part + self._chance.random()) / times for part in range(times)]
        self._chance.shuffle(parts)
        for part in parts:
            moment_s = part * self._length_s
            run, started = self._start(), time.perf_counter()
            with suppress(subprocess.TimeoutExpired):
                run.wait(moment_s)
            yield self._kill(run, started)

    def kill_with_locks(self) -> Kill:
        """Kill a run as soon as it has locked the boards. A complete run follows."""
        run, started = self._start(), time.perf_counter()
        while run.poll() is None and not self._locks():
            with suppress(subprocess.TimeoutExpired):
                run.wait(_LOOK_S)
        return self._kill(run, started)

    def _kill(self, run: subprocess.Popen[str], started: float) -> Kill:
        run.send_signal(signal.SIGKILL)  # has no effect if it has ended
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
        """Do a complete run. Returns its output if it was not clean, else an empty string."""
        started = time.perf_counter()
        printed, _ = (run := self._start()).communicate(timeout=RUN_WITHIN_S)
        self._length_s = time.perf_counter() - started
        self._recoveries = re.findall(r"^board \S+ needed recovery .*$", printed, re.MULTILINE)
        is_clean = run.returncode == 0 and "2 passed" in printed and "quarantined" not in printed
        left = self._locks()
        return "" if is_clean and not left else f"{printed}\nlocks: {left}"

    def _locks(self) -> list[str]:
        return locks_of(self._served)
