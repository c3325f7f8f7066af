"""Startup cost of the plugin without a rig: the time of a pytest run on an empty folder.

``python benchmarks/startup.py`` alternates runs with and without the plugin, so that a slow phase of the machine
affects both. The exit status is 1 if the plugin costs more than 0.1 s.
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
"""The plugins that come with pico-hil: some of its dependencies are pytest plugins."""

ALWAYS_WITHOUT = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest")
"""The second one takes a second, which would dominate the measurement."""


def start_s(folder: Path, left_out: tuple[str, ...]) -> float:
    """Duration of one pytest process without the plugins ``left_out``, in seconds."""
    without = [option for plugin in left_out for option in ("-p", f"no:{plugin}")]
    # With this set, pytest would compile all plugins in every run.
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
    parser.add_argument("--pairs", type=int, default=15, metavar="N", help="number of pairs (default: %(default)s)")
    options = parser.parse_args()
    cases = {"all plugins": (), "without hil": OF_THE_PLUGIN, "without hil and its dependencies": OF_THE_DISTRIBUTION}
    taken: dict[str, list[float]] = {name: [] for name in cases}
    with tempfile.TemporaryDirectory() as folder:
        for left_out in cases.values():
            start_s(Path(folder), left_out)  # warm up: compiles bytecode
        for turn in range(options.pairs):
            for name in list(cases)[:: -1 if turn % 2 else 1]:
                taken[name].append(start_s(Path(folder), cases[name]))
    # The median of the differences within pairs, so that common slowdowns cancel out.
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
