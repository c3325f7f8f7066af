"""Deploy: speed compared with ``mpremote cp``, round trips without changes, and eight boards compared with one.

``python benchmarks/deploy.py`` prints a table, ``--json`` one JSON object. The exit status is 1 if a deploy is slower
than ``mpremote cp``, if one without changes takes more than two round trips, or if eight boards take more than 1.5
times as long as one. The first comparison runs in real time, on boards of ``hil serve`` behind ptys. The others run in
rig time on the virtual bench, because eight boards in real time need eight CPUs.
"""

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from hil.config.app import App
from hil.config.rig import RigConfig, load_rig
from hil.rig import Rig
from hil.serve.client import ask
from hil.virtual.bench.bench import VirtualBench

SIZE = 100_000
ROUNDS = 3
BOARDS = 8
ROUND_TRIPS = 2
SIDE_BY_SIDE = 1.5
"""The limits."""

RAW_REPL = b"raw REPL; CTRL-B to exit"
RAW_PASTE = b"R\x01"
"""Sent by a board once per entry of the raw REPL, and once per command."""


@dataclass(frozen=True)
class Result:
    """All results. Times are in real seconds unless named rig time."""

    deploy_s: float
    """Deploy of 100 KB to a running board: median."""
    mpremote_s: float
    """The command ``mpremote cp`` with the same file: median."""
    mpremote_start_s: float
    """``mpremote`` connecting and doing nothing, which is part of that: median."""
    round_trips: int
    """Round trips of a deploy without changes."""
    one_board_rig_s: float
    """``Rig.prepare`` of one board with 100 KB, in rig time."""
    eight_boards_rig_s: float
    """The same with eight boards."""

    @property
    def is_good(self) -> bool:
        """Whether all limits are met."""
        return (
            self.deploy_s <= self.mpremote_s
            and self.round_trips <= ROUND_TRIPS
            and self.eight_boards_rig_s <= SIDE_BY_SIDE * self.one_board_rig_s
        )


def app_with(content: bytes) -> App:
    """An app with one large file and an empty main.py."""
    image = {"large.bin": content, "main.py": b""}
    return App("large", "", {"ap": image, "client": image}, {}, {}, {})


def write_rig(folder: Path, boards: int) -> Path:
    """Write the file of a virtual rig with the given number of boards."""
    path = folder / f"deploy-{boards}.yaml"
    lines = [f"  B{number}: {{power: main/{number}}}\n" for number in range(1, boards + 1)]
    path.write_text(
        f"rig: {path.stem}\nwifi: {{ssid: PicoAP, password: pico1234}}\n"
        f"hubs: {{main: {{driver: virtual, ports: {boards}}}}}\nboards:\n{''.join(lines)}"
    )
    return path


@contextmanager
def served(folder: Path, rig: Path) -> Iterator[RigConfig]:
    """Run ``hil serve`` for ``rig`` in ``folder``; gives the rig of the served boards."""
    command = [
        sys.executable,
        "-c",
        "from hil.commands.cli import app; app()",
        "serve",
        "--rig",
        str(rig),
        "--dir",
        str(folder),
    ]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        while not server.stdout.readline().startswith("Switch their power"):
            if server.poll() is not None:
                raise SystemExit("`hil serve` has ended; run it by hand to see why")
        yield load_rig(folder / "rig.yaml", {})
    finally:
        server.terminate()
        server.communicate(timeout=30)


def mpremote_s(tty: str, *words: str) -> float:
    """Duration of one ``mpremote`` command in real seconds."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "mpremote", "connect", tty, *words]
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    return time.perf_counter() - started


def compare_with_mpremote(folder: Path, rng: random.Random) -> tuple[float, float, float]:
    """Medians of a deploy, ``mpremote cp`` and an idle ``mpremote``, in real seconds. They alternate on one link."""
    ours, theirs, idle = [], [], []
    with served(folder / "served", write_rig(folder, 1)) as config:
        tty = str(config.boards["B1"].link)
        source = folder / "large.bin"
        for _ in range(ROUNDS):
            content = rng.randbytes(SIZE)
            source.write_bytes(content)
            rig = Rig.open(config)
            try:
                board = rig.boards["B1"]
                board.boot()
                started = time.perf_counter()
                board.deploy(app_with(content), "ap")
                ours.append(time.perf_counter() - started)
            finally:
                # Only one program at a time can open the port.
                rig.close()
            switch_on(folder / "served" / "control", Path(tty))
            theirs.append(mpremote_s(tty, "cp", "--force", str(source), ":/copied.bin"))
            idle.append(mpremote_s(tty, "exec", "pass"))
    return statistics.median(ours), statistics.median(theirs), statistics.median(idle)


def switch_on(control: Path, tty: Path) -> None:
    """Switch the board on, and wait for its serial device."""
    ask(str(control), "power main 1 on")
    end_s = time.perf_counter() + 30
    while not tty.exists():
        if time.perf_counter() > end_s:
            raise SystemExit(f"{tty} did not appear within 30 s")
        time.sleep(0.05)


def count_round_trips(folder: Path) -> int:
    """Round trips of a deploy without changes, when nothing is known of the board's files."""
    config = load_rig(write_rig(folder, 1), {})
    bench = VirtualBench(config)
    rig = Rig(config, bench)
    board, app = rig.boards["B1"], app_with(b"the same")
    board.deploy(app, "ap")
    board.boot()
    board.distrust()
    received = bytearray()

    def record(data: bytes) -> bytes:
        received.extend(data)
        return data

    bench.boards["B1"].usb.noise = record
    board.deploy(app, "ap")
    rig.close()
    return received.count(RAW_REPL) + received.count(RAW_PASTE)


def prepare_rig_s(folder: Path, boards: int, content: bytes) -> float:
    """Rig time to prepare the given number of empty boards for a test, in seconds."""
    rig = Rig.open(load_rig(write_rig(folder, boards), {}))
    started_s = rig.clock.now()
    rig.prepare(app_with(content), rig.boards.values())
    took_s = rig.clock.now() - started_s
    rig.close()
    return took_s


def measure() -> Result:
    """Run all measurements."""
    rng = random.Random(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        deploy_s, mpremote_cp_s, idle_s = compare_with_mpremote(folder, rng)
        content = rng.randbytes(SIZE)
        return Result(
            deploy_s=round(deploy_s, 2),
            mpremote_s=round(mpremote_cp_s, 2),
            mpremote_start_s=round(idle_s, 2),
            round_trips=count_round_trips(folder),
            one_board_rig_s=round(prepare_rig_s(folder, 1, content), 2),
            eight_boards_rig_s=round(prepare_rig_s(folder, BOARDS, content), 2),
        )


def main() -> None:
    """Measure and print the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    result = measure()
    if options.json:
        print(json.dumps(asdict(result)))
    else:
        table = Table(title="deploy of 100 KB", show_header=False)
        table.add_row("deploy, real time", f"{result.deploy_s:.2f} s")
        table.add_row("mpremote cp", f"{result.mpremote_s:.2f} s, of which {result.mpremote_start_s:.2f} s to start")
        table.add_row("round trips of an unchanged deploy", f"{result.round_trips}")
        table.add_row("one board, rig time", f"{result.one_board_rig_s:.2f} s")
        ratio = result.eight_boards_rig_s / result.one_board_rig_s
        table.add_row("eight boards, rig time", f"{result.eight_boards_rig_s:.2f} s: {ratio:.2f} times as long")
        Console().print(table)
    sys.exit(int(not result.is_good))


if __name__ == "__main__":
    main()
