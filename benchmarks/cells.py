"""What a worker per cell gains: the test plans on the virtual rig of two cells, one after the other and side by side.

    python benchmarks/cells.py

The ratio is of runs in turns on one machine. Needs two cores that have nothing else to do.
"""

import re
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
LEAST = 1.6
ROUNDS = 5
_VERDICT = re.compile(r"^(PASSED|FAILED|SKIPPED|BLOCKED|BENCH ERROR) (testplans/\S+)", re.MULTILINE)


def main() -> int:
    """Print the ratio; returns 1 when it is below the least one, or when verdicts differ."""
    ratios = []
    for number in range(ROUNDS):
        serial_s, serial = _run("-p", "no:xdist")
        parallel_s, parallel = _run("-n", "2")
        ratios.append(serial_s / parallel_s)
        print(f"round {number + 1}: one cell {serial_s:.1f} s, two side by side {parallel_s:.1f} s: {ratios[-1]:.2f}")
        if serial != parallel:
            print(f"verdicts differ: {sorted(set(serial.items()) ^ set(parallel.items()))}")
            return 1
    print(f"median {statistics.median(ratios):.2f} (at least {LEAST}); the same {len(serial)} verdicts")
    return int(statistics.median(ratios) < LEAST)


def _run(*options: str) -> tuple[float, dict[str, str]]:
    """Seconds that pytest says its run took, and the verdict of each test."""
    command = [sys.executable, "-m", "pytest", "-q", "-rA", "--color=no", "-p", "no:cacheprovider", *options]
    rig = ["--rig", "rigs/cells.yaml", "testplans"]
    done = subprocess.run([*command, *rig], cwd=ROOT, capture_output=True, check=False, text=True)
    taken = re.search(r" in (\d+\.\d+)s", done.stdout.splitlines()[-1])
    if taken is None:
        raise RuntimeError(f"pytest did not come to its end:\n{done.stdout}{done.stderr}")
    return float(taken[1]), {test: verdict for verdict, test in _VERDICT.findall(done.stdout)}


if __name__ == "__main__":
    sys.exit(main())
