"""``make quick``: lint, types, and the tests that a change affects, in less than a minute.

The change is everything since the merge base with ``origin/main`` (``main`` without a remote; another: ``make quick
BASE=…``), committed or not. Test files run nearest first, one per processor, until the time is up. What was left out is
printed: ``make test`` runs everything.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from tools.affected import TOO_SLOW, affected_tests, read_sources

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent
DURATIONS = ROOT / "build" / "quick.json"
"""Seconds that each test file took when it was last run here."""
LIMIT_S = 60.0
END_S = 4.0
"""Part of the limit that is reserved for ending what still runs then."""
UNKNOWN_S = 3.0
"""Assumed duration of a test file that was not run here before."""
MOST_NAMES = 8
"""Number of left out files that are named; more are counted by folder."""
WORKFLOWS = ".github/workflows/"
MICROPYTHON = ("firmware/", "hil/on_board/", "hil/virtual/board/")

Outcome = Literal["ok", "FAILED", "not finished", "left out"]


@dataclass(frozen=True)
class Job:
    """A check or a test file."""

    name: str
    command: Sequence[object]
    steps: int | None = None
    """From the change to the test file; None for a check, which is never left out."""


@dataclass
class Run:
    """Runs jobs side by side until ``deadline_s`` of ``time.monotonic``."""

    deadline_s: float
    durations: dict[str, float]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    _running: set[subprocess.Popen[str]] = field(default_factory=set)
    _print_lock: threading.Lock = field(default_factory=threading.Lock)

    def all(self, jobs: Sequence[Job]) -> None:
        """Run ``jobs`` in this order, as many at once as there are processors."""
        with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
            try:
                for finished in [pool.submit(self._one, job) for job in jobs]:
                    finished.result()
            except BaseException:
                self.deadline_s = 0.0
                for process in list(self._running):
                    _end(process)
                raise

    def _one(self, job: Job) -> None:
        begun_s = time.monotonic()
        expected_s = self.durations.get(job.name, UNKNOWN_S)
        if job.steps is not None and begun_s + expected_s > self.deadline_s:
            self.outcomes[job.name] = "left out"
            return
        with subprocess.Popen(
            [str(word) for word in job.command],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        ) as process:
            self._running.add(process)
            try:
                output, _ = process.communicate(timeout=min(self.deadline_s - begun_s, LIMIT_S))
                # 5: pytest found no test in the file.
                self.outcomes[job.name] = "ok" if process.returncode in (0, 5) else "FAILED"
            except subprocess.TimeoutExpired:
                output = _end(process)
                self.outcomes[job.name] = "not finished"
            finally:
                self._running.discard(process)
        took_s = time.monotonic() - begun_s
        if job.steps is not None and self.outcomes[job.name] != "FAILED":
            self.durations[job.name] = round(took_s, 2)
        with self._print_lock:
            print(f"{self.outcomes[job.name]:12} {took_s:5.1f} s  {job.name}", flush=True)
            if self.outcomes[job.name] == "FAILED":
                print(output, flush=True)


def main(arguments: Sequence[str]) -> int:
    """Run the checks; returns the exit status, 1 if anything failed or a check was not finished."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--base", default="", help="the commit to compare with")
    parser.add_argument("--list", action="store_true", help="print the affected test files, nearest first, and end")
    options = parser.parse_args(arguments)
    begun_s = time.monotonic()
    base = options.base or _base()
    changed = changed_files(base)
    tests = affected_tests(read_sources(ROOT), changed)
    if options.list:
        print("\n".join(f"{steps}  {path}" for path, steps in tests.items()))
        return 0
    print(f"{len(changed)} files changed since {base[:12]} affect {len(tests)} test files", flush=True)
    durations = _durations()
    run = Run(begun_s + LIMIT_S - END_S, durations)
    too_slow = [path for path in tests if path.startswith(TOO_SLOW)]
    jobs = [*checks(changed), *_test_jobs({path: tests[path] for path in tests if path not in too_slow}, durations)]
    run.all(jobs)
    DURATIONS.parent.mkdir(exist_ok=True)
    DURATIONS.write_text(json.dumps(durations, indent=1, sort_keys=True))
    return _summary(run, jobs, too_slow, time.monotonic() - begun_s)


def changed_files(base: str) -> list[str]:
    """Paths that differ between the commit ``base`` and the working tree, untracked files included."""
    differing = _git("diff", "--name-only", "-z", base)
    untracked = _git("ls-files", "--others", "--exclude-standard", "-z")
    return sorted({path for path in (differing + untracked).split("\0") if path})


def checks(changed: Sequence[str]) -> Iterator[Job]:
    """Lint and types, and what the changed files need besides."""
    yield Job("types", [BIN / "mypy"])
    yield Job("lint", [BIN / "ruff", "check", "--quiet"])
    yield Job("format", [BIN / "ruff", "format", "--check", "--quiet"])
    if any(path.startswith(WORKFLOWS) for path in changed):
        workflows = sorted((ROOT / WORKFLOWS).glob("*.yml"))
        yield Job("workflows", [BIN / "check-jsonschema", "--builtin-schema", "vendor.github-workflows", *workflows])
        yield Job("workflows, security", [BIN / "zizmor", "--offline", "--quiet", ROOT / WORKFLOWS])
    if any(path.startswith(MICROPYTHON) for path in changed):
        yield Job("MicroPython", ["make", "firmware-check"])


def _test_jobs(tests: dict[str, int], durations: dict[str, float]) -> Iterator[Job]:
    """Test files, nearest first; of equally near ones those that took less time."""
    for path in sorted(tests, key=lambda path: (tests[path], durations.get(path, UNKNOWN_S))):
        rig = ["--rig", "rigs/virtual.yaml"] if path.startswith("testplans/") else []
        command = [BIN / "pytest", "-q", "--no-header", "-p", "no:cacheprovider", *rig, path]
        yield Job(path, command, tests[path])


def _summary(run: Run, jobs: Sequence[Job], too_slow: Sequence[str], took_s: float) -> int:
    by_outcome = {
        outcome: [job.name for job in jobs if run.outcomes.get(job.name) == outcome]
        for outcome in ("ok", "FAILED", "not finished", "left out")
    }
    left_out = by_outcome["not finished"] + by_outcome["left out"]
    print(f"\n{len(by_outcome['ok'])} ok, {len(by_outcome['FAILED'])} failed in {took_s:.0f} s")
    if left_out:
        print(f"Not run for lack of time, {_by_folder(left_out)}")
    if too_slow:
        print(f"Never run by `make quick`, {_by_folder(too_slow)}")
    if left_out or too_slow:
        print("`make test` runs everything.")
    for name in by_outcome["FAILED"]:
        print(f"FAILED {name}")
    unchecked = any(job.steps is None and run.outcomes.get(job.name) == "not finished" for job in jobs)
    return 1 if by_outcome["FAILED"] or unchecked else 0


def _by_folder(paths: Sequence[str]) -> str:
    """How many, and in which folders, in the order of ``paths``; a few of them by name."""
    if len(paths) <= MOST_NAMES:
        return f"{len(paths)} test files: {', '.join(paths)}"
    folders = Counter(path.rpartition("/")[0] for path in paths)
    return f"{len(paths)} test files in {', '.join(f'{folder} ({count})' for folder, count in folders.items())}"


def _base() -> str:
    for branch in ("origin/main", "main"):
        found = subprocess.run(
            ["git", "merge-base", branch, "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
        )
        if found.returncode == 0:
            return found.stdout.strip()
    raise SystemExit("quick: neither origin/main nor main is a branch here; name a commit: make quick BASE=HEAD~1")


def _git(*arguments: str) -> str:
    found = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
    if found.returncode:
        raise SystemExit(f"quick: git {' '.join(arguments)}: {found.stderr.strip()}")
    return found.stdout


def _durations() -> dict[str, float]:
    try:
        read: dict[str, float] = json.loads(DURATIONS.read_text())
    except (FileNotFoundError, json.JSONDecodeError):
        return {}
    return read


def _end(process: subprocess.Popen[str]) -> str:
    """End a process and its children; returns its output."""
    for number, within_s in ((signal.SIGINT, END_S - 1.0), (signal.SIGKILL, None)):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        try:
            return process.communicate(timeout=within_s)[0]
        except subprocess.TimeoutExpired:
            continue
    return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
