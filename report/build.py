"""Run a rig and make the HTML report of it: ``make report`` and ``make report-demo`` call this. See docs/reports.md.

python report/build.py [--demo] [--results-only] [pytest's arguments …]
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parent
BUILD = ROOT / "build"
HISTORY_RUNS = 30
"""So many runs the trends show: Allure's history, and what is in the folder of results before."""
_RUN_REAL_S = 3600
_GENERATE_REAL_S = 600

_ANALYTICS = re.compile(
    r"<script async src=\"https://www\.googletagmanager\.com/[^>]*></script>\s*<script>.*?</script>", re.DOTALL
)
_LOADED = re.compile(
    r"(?:src|href)\s*=\s*[\"']?(?:https?:)?//[^\"'\s>]+|\bimport\(\s*[\"']https?:[^\"']+", re.IGNORECASE
)
"""What a browser would fetch from elsewhere. Links are not in the page: its data are encoded."""


def main() -> int:
    """Returns pytest's exit status: a report of failed tests is a report all the same."""
    parser = argparse.ArgumentParser(description="Run a rig, and make the HTML report of it.")
    parser.add_argument("--demo", action="store_true", help="one test per verdict, instead of the test plans")
    parser.add_argument("--output", type=Path, help="folder of the report (default: build/report, build/report-demo)")
    parser.add_argument("--results", type=Path, help="report what this folder of Allure's results holds; run nothing")
    parser.add_argument("pytest", nargs="*", help="arguments for pytest, in place of --rig rigs/virtual.yaml testplans")
    given, more = parser.parse_known_args()
    output = (given.output or BUILD / ("report-demo" if given.demo else "report")).absolute()
    state = output.with_name(f"{output.name}-data")
    state.mkdir(parents=True, exist_ok=True)
    status = 0
    results = given.results
    if results is None:
        results = state / "allure-results"
        arguments = [*given.pytest, *more] or (_demo_arguments(state) if given.demo else _plan_arguments())
        status = run_tests(results, state, arguments)
        if status not in (0, 1):
            return status
    generate(results, output, state, _trend(state))
    print(f"report: {(output / 'index.html').as_uri()}")
    return status


def run_tests(results: Path, state: Path, arguments: Sequence[str]) -> int:
    """Run pytest; its exit status. Results of an earlier run go away first."""
    shutil.rmtree(results, ignore_errors=True)
    collected = ("--alluredir", str(results), "--hil-history", str(state / "measurements.sqlite"))
    command = [sys.executable, "-m", "pytest", *collected, *arguments]
    return subprocess.run(command, cwd=ROOT, timeout=_RUN_REAL_S, check=False).returncode


def generate(results: Path, output: Path, state: Path, trend: Path | None) -> None:
    """Make the HTML of ``results`` with Allure's generator; raises ``SystemExit`` when it would load anything."""
    shutil.rmtree(output, ignore_errors=True)
    environ = {
        **os.environ,
        "HIL_REPORT_OUTPUT": str(output),
        "HIL_REPORT_HISTORY": str(state / "history.jsonl"),
        "HIL_REPORT_TREND": "" if trend is None else str(trend),
    }
    command = [
        str(FOLDER / "node_modules" / ".bin" / "allure"),
        *("generate", "--config", str(FOLDER / "allurerc.mjs"), "--history-limit", str(HISTORY_RUNS), str(results)),
    ]
    subprocess.run(command, cwd=FOLDER, env=environ, timeout=_GENERATE_REAL_S, check=True)
    pages = sorted(output.rglob("*.html"))
    if not pages:
        raise SystemExit(f"{output}: Allure's generator made no page of {results}")
    for page in pages:
        text = without_analytics(page.read_text(encoding="utf-8"))
        page.write_text(text, encoding="utf-8")
        if found := _LOADED.findall(text):
            raise SystemExit(f"{page}: the page would load {found[0]}; a report loads nothing from outside")


def without_analytics(page: str) -> str:
    """``page`` without the script that tells Google who reads which report; there is no option for that in Allure 3."""
    return _ANALYTICS.sub("", page)


def _trend(state: Path) -> Path | None:
    """The graph of the measurements of the last runs, or None as long as there is nothing to draw."""
    history, graph = state / "measurements.sqlite", state / "measurements over the last runs.png"
    graph.unlink(missing_ok=True)
    if history.is_file():
        command = [str(Path(sys.executable).with_name("hil")), "trend", "--history", str(history), "--plot", str(graph)]
        subprocess.run(command, cwd=ROOT, timeout=_GENERATE_REAL_S, check=False, stdout=subprocess.DEVNULL)
    return graph if graph.is_file() else None


def _plan_arguments() -> list[str]:
    return ["-n", "2", "--rig", "rigs/virtual.yaml", "testplans"]


def _demo_arguments(state: Path) -> list[str]:
    """Broken firmware, as the mutant ``failover-too-slow`` of the tests has it."""
    firmware = state / "firmware"
    shutil.rmtree(firmware, ignore_errors=True)
    shutil.copytree(ROOT / "firmware", firmware, ignore=shutil.ignore_patterns("__pycache__"))
    timing = firmware / "lib" / "picolink" / "timing.py"
    text = timing.read_text()
    broken = text.replace("LEASE_AT_AP_MS = 4000", "LEASE_AT_AP_MS = 8000")
    if broken == text:
        raise SystemExit(f"{timing}: the demo's bug does not fit any more; see _demo_arguments in report/build.py")
    timing.write_text(broken)
    return ["--rig", "rigs/virtual.yaml", "--hil-firmware", str(firmware), str(FOLDER / "demo")]


if __name__ == "__main__":
    sys.exit(main())
