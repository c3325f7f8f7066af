"""Run a rig and make the HTML report of it: `make report`, `make report-demo` and CI call this. See docs/reports.md.

python report/build.py [--demo] [--results DIR] [--output DIR] [--state DIR] [pytest's arguments …]
"""

import argparse
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent
BUILD = ROOT / "build"
HISTORY_RUNS = 30
"""Number of runs of each test that Allure's history keeps."""
_RUN_REAL_S = 6 * 3600
"""Timeout against a run that hangs. All test plans take about an hour and a half on one bench of real boards."""
_TEAR_DOWN_REAL_S = 300
_GENERATE_REAL_S = 600

_DEMO_BUGS = (
    ("\nLEASE_AT_AP_MS = 4000\n", "\nLEASE_AT_AP_MS = 8000\n"),
    ("\nLEASE_MS = 3000\n", "\nLEASE_MS = 3000000\n"),
)
"""Changes to the firmware's timing.py, as in the mutants ``failover-too-slow`` and ``master-without-lease``: the AP
waits 8 s for a dead MASTER, and a MASTER that is cut off from the AP stays MASTER."""

_ANALYTICS = re.compile(
    r"<script async src=\"https://www\.googletagmanager\.com/[^>]*></script>\s*<script>.*?</script>", re.DOTALL
)
_LOADED = re.compile(
    r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//[^\"'\s>]+|\bimport\(\s*[\"']https?:[^\"']+", re.IGNORECASE
)
"""Anything that a browser would fetch from elsewhere. Links do not match: they are in the page's encoded data."""


def main() -> int:
    """Returns pytest's exit status. Failed tests do not prevent the report."""
    parser = argparse.ArgumentParser(
        description="Run a rig, and make the HTML report of it.",
        epilog="All other arguments are passed to pytest, in place of --rig rigs/virtual.yaml testplans.",
        allow_abbrev=False,
    )
    parser.add_argument("--demo", action="store_true", help="one test per verdict, instead of the test plans")
    parser.add_argument("--output", type=Path, help="folder of the report (default: build/report, build/report-demo)")
    parser.add_argument("--results", type=Path, help="report the Allure results in this folder; run no tests")
    parser.add_argument(
        "--state", type=Path, help="folder of data for later runs (default: the report's folder, with -data)"
    )
    # Not a positional argument: argparse would take the values of pytest's options for it.
    given, for_pytest = parser.parse_known_args()
    output = (given.output or BUILD / ("report-demo" if given.demo else "report")).absolute()
    state = (given.state or output.with_name(f"{output.name}-data")).absolute()
    state.mkdir(parents=True, exist_ok=True)
    status = 0
    results = given.results
    if results is None:
        results = state / "allure-results"
        arguments = for_pytest or (_demo_arguments(state) if given.demo else _plan_arguments())
        status = run_tests(results, state, arguments)
        if status not in (0, 1):
            return status
    generate(results.absolute(), output, state, _trend(state))
    print(f"report: {(output / 'index.html').as_uri()}")
    return status


def run_tests(results: Path, state: Path, arguments: Sequence[str]) -> int:
    """Run pytest; returns its exit status. Results of an earlier run are removed first."""
    shutil.rmtree(results, ignore_errors=True)
    collected = ("--alluredir", str(results), "--hil-history", str(state / "measurements.sqlite"))
    with subprocess.Popen([sys.executable, "-m", "pytest", *collected, *arguments], cwd=ROOT) as run:
        try:
            return run.wait(_RUN_REAL_S)
        except KeyboardInterrupt:
            # pytest gets the terminal's signal as well.
            pass
        except subprocess.TimeoutExpired:
            run.send_signal(signal.SIGINT)
        # Not killed, because it switches the boards off.
        return run.wait(_TEAR_DOWN_REAL_S)


def generate(results: Path, output: Path, state: Path, graphs: Path) -> None:
    """Make the HTML of ``results`` with Allure's generator; raises ``SystemExit`` when it would load anything.

    ``graphs`` is the folder of the pictures that belong to the complete run.
    """
    if not any(results.glob("*-result.json")):
        raise SystemExit(f"{results}: no Allure results in this folder; give the folder that pytest --alluredir wrote")
    shutil.rmtree(output, ignore_errors=True)
    environ = {
        **os.environ,
        "HIL_REPORT_OUTPUT": str(output),
        "HIL_REPORT_HISTORY": str(state / "history.jsonl"),
        "HIL_REPORT_GRAPHS": str(graphs),
    }
    command = [
        str(FOLDER / "node_modules" / ".bin" / "allure"),
        *("generate", "--config", str(FOLDER / "allurerc.mjs"), "--history-limit", str(HISTORY_RUNS), str(results)),
    ]
    subprocess.run(command, cwd=FOLDER, env=environ, timeout=_GENERATE_REAL_S, check=True)
    pages = sorted(output.rglob("*.html"))
    if not pages:
        raise SystemExit(f"{output}: Allure's generator made no page from {results}")
    for page in pages:
        text = without_analytics(page.read_text(encoding="utf-8"))
        page.write_text(text, encoding="utf-8")
        if found := _LOADED.findall(text):
            raise SystemExit(f"{page}: the page would load {found[0]}; a report loads nothing from outside")


def without_analytics(page: str) -> str:
    """``page`` without the script for Google Analytics. Allure 3 has no option for that."""
    return _ANALYTICS.sub("", page)


def _trend(state: Path) -> Path:
    """A folder with a graph of each measurement over the last runs; empty if nothing was measured."""
    history, graphs = state / "measurements.sqlite", state / "graphs"
    shutil.rmtree(graphs, ignore_errors=True)
    graphs.mkdir()
    if history.is_file():
        hil = str(Path(sys.executable).with_name("hil"))
        command = [hil, "trend", "--history", str(history), "--plot", str(graphs)]
        # The command prints what is wrong with the history. A report without graphs is better than none.
        subprocess.run(command, cwd=ROOT, timeout=_GENERATE_REAL_S, check=False, stdout=subprocess.DEVNULL)
    return graphs


def _plan_arguments() -> list[str]:
    return ["-n", "2", "--rig", "rigs/virtual.yaml", "testplans"]


def _demo_arguments(state: Path) -> list[str]:
    """One test per verdict, on firmware with :data:`_DEMO_BUGS`."""
    firmware = state / "firmware"
    shutil.rmtree(firmware, ignore_errors=True)
    shutil.copytree(ROOT / "firmware", firmware, ignore=shutil.ignore_patterns("__pycache__"))
    timing = firmware / "lib" / "picolink" / "timing.py"
    text = timing.read_text()
    for right, wrong in _DEMO_BUGS:
        if text.count(right) != 1:
            raise SystemExit(f"{timing}: no longer has {right.strip()!r}; adapt _DEMO_BUGS in report/build.py")
        text = text.replace(right, wrong)
    timing.write_text(text)
    return ["--rig", "rigs/virtual.yaml", "--hil-firmware", str(firmware), str(FOLDER / "demo")]


if __name__ == "__main__":
    sys.exit(main())
