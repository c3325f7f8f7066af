"""What the plugin costs a pytest that has no rig: time to start, collect an empty folder and end.

``python benchmarks/startup.py`` runs pairs of processes in turns, so that a slow spell of the machine meets both. Exit
status 1 if the plugin costs more than 0.1 s.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from rich.console import Console
from rich.table import Table

LIMIT_S = 0.1
OF_THE_PLUGIN = ("hil",)
OF_THE_DISTRIBUTION = ("hil", "allure_pytest", "xdist", "xdist.looponfail")
"""What comes with pico-hil: its dependencies are pytest plugins too."""

ALWAYS_WITHOUT = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")
"""The second takes a second of its own, and would drown what is measured here."""


def start_s(folder: Path, left_out: tuple[str, ...]) -> float:
    """Seconds that one pytest process takes without the plugins ``left_out``."""
    without = [option for plugin in left_out for option in ("-p", f"no:{plugin}")]
    # Told not to keep bytecode, pytest compiles all plugins anew each time: true, but of no interest here.
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *ALWAYS_WITHOUT, *without, str(folder)],
        cwd=folder,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    took_s = time.perf_counter() - started
    if "no tests ran" not in done.stdout:
        raise SystemExit(done.stdout)
    return took_s


def main() -> int:
    """Run the pairs and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, default=15, metavar="N", help="pairs of runs (default: %(default)s)")
    options = parser.parse_args()
    cases = {"all plugins": (), "without hil": OF_THE_PLUGIN, "without all that comes with it": OF_THE_DISTRIBUTION}
    taken: dict[str, list[float]] = {name: [] for name in cases}
    with tempfile.TemporaryDirectory() as folder:
        for left_out in cases.values():
            start_s(Path(folder), left_out)  # compiles what is not compiled yet
        for turn in range(options.pairs):
            for name in list(cases)[:: -1 if turn % 2 else 1]:
                taken[name].append(start_s(Path(folder), cases[name]))
    # The median of differences within pairs: what is slow for both cancels out.
    costs_s = {
        name: statistics.median(one - other for one, other in zip(taken["all plugins"], seconds, strict=True))
        for name, seconds in taken.items()
    }
    table = Table("pytest with", "median", "fastest", "saves", title="time to start, without a rig")
    for name, seconds in taken.items():
        table.add_row(name, f"{statistics.median(seconds):.3f} s", f"{min(seconds):.3f} s", f"{costs_s[name]:.3f} s")
    Console().print(table)
    cost_s = costs_s["without hil"]
    print(f"the plugin costs {cost_s:.3f} s of {LIMIT_S} s allowed (median of {options.pairs} differences)")
    return int(cost_s > LIMIT_S)


if __name__ == "__main__":
    sys.exit(main())
