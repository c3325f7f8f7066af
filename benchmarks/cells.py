"""Speedup by one worker per cell: the test plans on a virtual rig of two cells, serially and in parallel.

    python benchmarks/cells.py

Serial and parallel runs alternate on one machine. Needs two idle cores.
"""

import re
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
MIN_SPEEDUP = 1.6
ROUNDS = 5
_OUTCOME = re.compile(r"^(PASSED|FAILED|SKIPPED|BLOCKED|BENCH ERROR) (testplans/\S+)", re.MULTILINE)


def main() -> int:
    """Print the speedup. Returns 1 if it is below the minimum, or if outcomes differ."""
    ratios = []
    for number in range(ROUNDS):
        serial_s, serial = _run("-p", "no:xdist")
        parallel_s, parallel = _run("-n", "2")
        ratios.append(serial_s / parallel_s)
        print(f"round {number + 1}: serial {serial_s:.1f} s, parallel {parallel_s:.1f} s: {ratios[-1]:.2f}")
        if serial != parallel:
            print(f"outcomes differ: {sorted(set(serial.items()) ^ set(parallel.items()))}")
            return 1
    print(f"median {statistics.median(ratios):.2f} (at least {MIN_SPEEDUP}); {len(serial)} outcomes are the same")
    return int(statistics.median(ratios) < MIN_SPEEDUP)


def _run(*options: str) -> tuple[float, dict[str, str]]:
    """Duration in seconds as reported by pytest, and the outcome of each test."""
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "--color=no", "-p", "no:cacheprovider", *options]
    rig = ["--rig", "rigs/cells.yaml", "testplans"]
    done = subprocess.run([*command, *rig], cwd=ROOT, capture_output=True, check=False, text=True)
    taken = re.search(r" in (\d+\.\d+)s", done.stdout.splitlines()[-1])
    if taken is None:
        raise RuntimeError(f"pytest did not finish:\n{done.stdout}{done.stderr}")
    return float(taken[1]), {test: outcome for outcome, test in _OUTCOME.findall(done.stdout)}


if __name__ == "__main__":
    sys.exit(main())
