"""Run a test plan on the virtual rig with many seeds: no outcome may depend on the seed.

``python benchmarks/seeds.py --plan testplans/test_master_failure.py --seeds 200 --jobs 2`` prints the outcomes and the
distribution of each measurement. Every seed is a separate pytest process, and the command that replays a failed seed is
printed. The exit status is 1 if any seed failed.
"""

import argparse
import os
import shlex
import statistics
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from hil.report.measurements import Measurement, format_quantity, measurements_in

ROOT = Path(__file__).parent.parent
WITHOUT = "-p no:hypothesispytest -p no:allure_pytest -p no:cacheprovider"
"""Plugins that take a second per process and do not affect outcomes."""
EXCERPT_LINES = 60
TIMEOUT_S = 1800
"""Timeout of one seed in real seconds, against hanging only."""


@dataclass(frozen=True)
class Run:
    """The result of one seed."""

    seed: int
    exit_status: int
    outcomes: Counter[str]
    """Number of tests that passed, failed, …"""
    unsuccessful: tuple[str, ...]
    """The tests that did not pass, with their outcomes."""
    measurements: tuple[Measurement, ...]
    output: str


def command(options: argparse.Namespace, seed: int) -> list[str]:
    """The command that runs ``seed``, in the project's folder."""
    condition = ["--hil-condition", options.condition] if options.condition else []
    return ["pytest", "--rig", options.rig, "--hil-seed", str(seed), *condition, *options.plan]


def run(options: argparse.Namespace, seed: int) -> Run:
    """Run the plan once, in a separate process."""
    with tempfile.TemporaryDirectory() as folder:
        xml = Path(folder) / "junit.xml"
        done = subprocess.run(
            [sys.executable, "-m", *command(options, seed), f"--junitxml={xml}"],
            cwd=ROOT,
            env=os.environ | {"PYTEST_ADDOPTS": WITHOUT},
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
            timeout=TIMEOUT_S,
        )
        # After a usage error pytest writes no report.
        cases = list(ET.parse(xml).iter("testcase")) if xml.exists() else []
    outcomes = {f"{case.get('classname')}::{case.get('name')}": outcome(case) for case in cases}
    return Run(
        seed=seed,
        exit_status=done.returncode,
        outcomes=Counter(outcomes.values()),
        unsuccessful=tuple(f"{name} {word}" for name, word in outcomes.items() if word != "passed"),
        measurements=tuple(found for case in cases for found in measurements_in(properties(case))),
        output=done.stdout,
    )


def properties(case: ET.Element) -> Iterator[tuple[str, str]]:
    """The user properties of one test."""
    for each in case.iter("property"):
        yield each.attrib["name"], each.attrib["value"]


def outcome(case: ET.Element) -> str:
    """The outcome of one test in JUnit XML."""
    words = {"failure": "failed", "error": "error", "skipped": "skipped"}
    return next((words[child.tag] for child in case if child.tag in words), "passed")


def run_all(options: argparse.Namespace, console: Console) -> list[Run]:
    """Run all seeds, ``--jobs`` at a time. Failures are printed immediately."""
    seeds = range(options.first, options.first + options.seeds)
    runs = []
    with ThreadPoolExecutor(options.jobs) as pool:
        try:
            for finished in as_completed([pool.submit(run, options, seed) for seed in seeds]):
                runs.append(finished.result())
                if runs[-1].exit_status != 0:
                    print_failure(options, runs[-1], console)
                elif len(runs) % 10 == 0:
                    console.print(f"{len(runs)} of {len(seeds)} seeds", highlight=False)
        except BaseException:
            # On Ctrl-C the remaining seeds are not started.
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return sorted(runs, key=lambda one: one.seed)


def print_failure(options: argparse.Namespace, failed: Run, console: Console) -> None:
    """Print the tests that did not pass, the command that replays them, and the end of pytest's output."""
    console.rule(f"seed {failed.seed} failed, exit status {failed.exit_status}")
    for line in (*failed.unsuccessful, "", "replay: " + shlex.join(command(options, failed.seed)), ""):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    for line in failed.output.splitlines()[-EXCERPT_LINES:]:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def outcome_table(runs: Sequence[Run]) -> Table:
    """Seeds and tests by outcome."""
    table = Table("", "number", title="outcomes")
    table.add_row("seeds run", str(len(runs)))
    table.add_row("seeds that failed", str(sum(one.exit_status != 0 for one in runs)))
    for word, number in sorted(sum((one.outcomes for one in runs), Counter[str]()).items()):
        table.add_row(f"tests {word}", str(number))
    return table


def measurement_table(runs: Sequence[Run]) -> Table:
    """The distribution of each measurement over the seeds."""
    table = Table("measurement", "n", "median", "p95", "worst", "limit", "worst at seed", title="measurements")
    by_name: dict[str, list[tuple[Measurement, int]]] = {}
    for one in runs:
        for measurement in one.measurements:
            by_name.setdefault(measurement.name, []).append((measurement, one.seed))
    for name, found in by_name.items():
        values = sorted(measurement.value for measurement, _ in found)
        worst, seed = max(found, key=lambda pair: pair[0].value)
        p95 = values[max(0, -(-len(values) * 95 // 100) - 1)]
        shown = [
            format_quantity(value, worst.unit) for value in (statistics.median(values), p95, worst.value, worst.limit)
        ]
        table.add_row(name, str(len(values)), *shown, str(seed))
    return table


def main() -> int:
    """Run the seeds and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--plan",
        nargs="+",
        default=["testplans/test_master_failure.py"],
        help="arguments of pytest (default: %(default)s)",
    )
    parser.add_argument("--rig", default="rigs/virtual.yaml", help="a virtual rig (default: %(default)s)")
    parser.add_argument(
        "--condition", default="", metavar="FAULTS", help='value of --hil-condition, such as "loss=0.1"'
    )
    parser.add_argument("--seeds", type=int, default=200, metavar="N", help="number of seeds (default: %(default)s)")
    parser.add_argument("--first", type=int, default=1, metavar="SEED", help="first seed (default: %(default)s)")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count(), metavar="N", help="number of processes (default: one per core)"
    )
    options = parser.parse_args()
    console = Console()
    started = time.perf_counter()
    runs = run_all(options, console)
    console.print(outcome_table(runs), measurement_table(runs))
    console.print(
        f"{len(runs)} seeds in {time.perf_counter() - started:.0f} s, {options.jobs} at a time", highlight=False
    )
    return int(any(one.exit_status != 0 for one in runs))


if __name__ == "__main__":
    sys.exit(main())
