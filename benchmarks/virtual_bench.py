"""Speed of the virtual bench: rig seconds per real second, memory and CPU time per board, cost of a call and of a boot.

``python benchmarks/virtual_bench.py`` prints tables, ``--json`` one JSON object. ``--quick`` uses a tenth of the rig
time. Every size runs in a separate process, so that its memory is measured alone.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from hil.config.app import FirmwareCatalog
from hil.config.board_type import default_board_type
from hil.config.hubs import VirtualHubSection
from hil.config.rig import BoardConfig, RigConfig
from hil.config.rig_file import PortAddress, PowerTiming, RecoveryConfig, VirtualConfig, WifiConfig
from hil.virtual.bench.bench import VirtualBench

ROOT = Path(__file__).parent.parent
CELL = 4
"""Boards per cell: an AP and three clients with their own SSID."""

SIZES = (4, 16, 64, 250)
RIG_SECONDS = {4: 600, 16: 200, 64: 60, 250: 30}
"""Rig time per size, chosen so that each takes a few real seconds."""

HOST_CALLS = 20_000
BOOTS = 50
BOOT_S = 10
"""Rig time after which all boards have booted and joined. It is not measured."""


@dataclass(frozen=True)
class Run:
    """The result of one size."""

    ratio: float
    """Rig seconds per real second."""
    mb_per_board: float
    us_per_board_s: float
    """Real microseconds per board and rig second."""


def rig_of(boards: int) -> RigConfig:
    """A virtual rig with the given number of boards on one hub."""
    wifi = WifiConfig(ssid="PicoAP", password=SecretStr("pico1234"))
    return RigConfig(
        name=f"{boards}-boards",
        path=Path("none"),
        cell=None,
        virtual=VirtualConfig(seed=1),
        power=PowerTiming(),
        recovery=RecoveryConfig(),
        hubs={"main": VirtualHubSection(driver="virtual", ports=boards)},
        boards={
            f"B{index}": BoardConfig(
                name=f"B{index}",
                type=default_board_type(),
                wifi=wifi,
                power=PortAddress(hub="main", port=index + 1),
                serial=f"e661{index:012x}",
                role="client" if index % CELL else "ap",
            )
            for index in range(boards)
        },
        probe=None,
        probe_boards=(),
    )


def measure_roles(boards: int, rig_s: float) -> Run:
    """Run app ``roles`` on cells of four boards, and measure ``rig_s`` seconds of it."""
    app = FirmwareCatalog([ROOT / "firmware"]).load("roles")
    # Loads the code of the interpreter and of pico-hil, which is not part of the memory per board.
    first = VirtualBench(rig_of(1))
    first.power_port("B0").on()
    first.clock.sleep(BOOT_S)
    config = rig_of(boards)
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    bench = VirtualBench(config)
    for index, (name, board) in enumerate(config.boards.items()):
        wifi = WifiConfig(ssid=f"PicoAP{index // CELL}", password=SecretStr("pico1234"))
        # Written directly: deploy is not measured here.
        bench.boards[name].flash.install(app.image(board.role, wifi))
    for name in config.boards:
        bench.power_port(name).on()
    bench.clock.sleep(BOOT_S)
    started = time.perf_counter()
    bench.clock.sleep(rig_s)
    real_s = time.perf_counter() - started
    used_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb
    bench.close()
    first.close()
    return Run(
        ratio=round(rig_s / real_s, 1),
        mb_per_board=round(used_kb / 1024 / boards, 2),
        us_per_board_s=round(real_s / rig_s / boards * 1e6, 1),
    )


def measure_host_call() -> float:
    """Real microseconds per hardware call from MicroPython, including its answer."""
    config = rig_of(1)
    bench = VirtualBench(config)
    main = f"import _hal, time\ntime.sleep(5)\nfor i in range({HOST_CALLS}):\n    _hal.call('pin.get 5')\n"
    bench.boards["B0"].flash.replace("/main.py", main.encode())
    bench.power_port("B0").on()
    bench.clock.sleep(5)
    started = time.perf_counter()
    bench.clock.sleep(HOST_CALLS * 0.001)
    real_s = time.perf_counter() - started
    bench.close()
    return round(real_s / HOST_CALLS * 1e6, 1)


def measure_boot() -> float:
    """Real milliseconds per boot of a board without files: 2 s of rig time from power-on, past the prompt."""
    bench = VirtualBench(rig_of(1))
    port = bench.power_port("B0")
    started = time.perf_counter()
    for _ in range(BOOTS):
        port.on()
        bench.clock.sleep(2)
        port.off()
    real_s = time.perf_counter() - started
    bench.close()
    return round(real_s / BOOTS * 1e3, 1)


def measure_first_test() -> float:
    """Real seconds of a ``pytest`` process that runs one test of app ``hello``."""
    command = [sys.executable, "-m", "pytest", "-q", "--rig", "rigs/virtual.yaml", "testplans/test_hello.py", "-k"]
    started = time.perf_counter()
    subprocess.run([*command, "welcome"], cwd=ROOT, check=True, capture_output=True, timeout=120)
    return round(time.perf_counter() - started, 2)


def in_new_process(boards: int, rig_s: float) -> Run:
    """Measure one size in a separate process."""
    command = [sys.executable, __file__, "--size", str(boards), "--rig-seconds", str(rig_s)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=600)
    return Run(**json.loads(done.stdout))


def main() -> None:
    """Measure everything, or one size in a child process."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="a tenth of the rig time, and the small sizes only")
    parser.add_argument("--size", type=int, help="measure this number of boards in this process")
    parser.add_argument("--rig-seconds", type=float, default=60.0, help="rig time for --size")
    options = parser.parse_args()
    if options.size:
        print(json.dumps(asdict(measure_roles(options.size, options.rig_seconds))))
        return
    share = 0.1 if options.quick else 1.0
    sizes = SIZES[:2] if options.quick else SIZES
    runs = {boards: in_new_process(boards, RIG_SECONDS[boards] * share) for boards in sizes}
    host_call_us, boot_ms, first_test_s = measure_host_call(), measure_boot(), measure_first_test()
    if options.json:
        result = {
            "ap_3_clients_ratio": runs[CELL].ratio,
            "boards": {str(boards): asdict(run) for boards, run in runs.items()},
            "host_call_us": host_call_us,
            "boot_ms": boot_ms,
            "first_test_s": first_test_s,
        }
        print(json.dumps(result))
        return
    table = Table(title="virtual bench, app roles, cells of an AP and three clients")
    for column in ("boards", "rig seconds", "rig s per real s", "MB per board", "us per board-second"):
        table.add_column(column, justify="right")
    for boards, run in runs.items():
        rig_s = f"{RIG_SECONDS[boards] * share:g}"
        table.add_row(str(boards), rig_s, f"{run.ratio:.1f}", f"{run.mb_per_board:.2f}", f"{run.us_per_board_s:.1f}")
    console = Console()
    console.print(table)
    console.print(f"one hardware call: {host_call_us} us   one boot: {boot_ms} ms")
    console.print(f"pytest with one test, start to end: {first_test_s} s")


if __name__ == "__main__":
    main()
