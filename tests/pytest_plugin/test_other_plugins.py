"""Other pytest plugins together with pico-hil: those that repeat failed tests, and some that only have to work.

They are loaded in separate processes, from a folder that is on no other test's path: ``other_plugins.txt``.
"""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

FOLDER = Path(__file__).parents[2] / "build" / "other_plugins"

RIG = """\
rig: small
wifi: {ssid: PicoAP, password: hush-hush}
hubs: {main: {driver: virtual, ports: 2}}
boards: {A: {power: main/1}, B: {power: main/2}}
"""

TESTS = """
import os
from pathlib import Path

import pytest
from hil.errors import PowerError

def attempt(request):
    # In a file, so that the death of a worker does not reset it.
    path = Path(f"attempts-of-{request.node.name}")
    with path.open("a") as file:
        file.write("x")
    return path.stat().st_size

def test_good(boards): pass

def test_wrong(boards, measure):
    measure("failover", value=9, limit=6, unit="s")

def test_flaky(request, boards, ap, measure):
    ap.power.on()
    number = attempt(request)
    measure("attempt", value=number, limit=9, unit="times")
    assert number > 1, "hush-hush"

def test_cable(request, boards):
    if attempt(request) == 1:
        raise PowerError("hub main, port 2: no answer to hush-hush")

@pytest.mark.timeout(0.2)
def test_hangs(boards):
    while True: pass
"""

NO_KERNEL_LOG_AT_FIRST = """
from hil.report.kernel_watch import KernelWatch

@pytest.fixture
def hil_kernel_watch(request):
    assert attempt(request) > 1
    return KernelWatch(None)

def test_early(boards): pass
"""

ALWAYS = ("hil", "xdist", "timeout", "repeat")
"""Plugins that are loaded in every run."""
BESIDE = ("randomly", "metadata", "html", "pytest_cov", "allure_pytest")
"""Plugins that are loaded together with those that repeat tests."""
REPEATING = {
    "rerunfailures": ("-p", "rerunfailures", "--reruns", "1"),
    "pytest-retry": ("-p", "pytest-retry", "--retries", "1"),
    "flaky": ("-p", "flaky", "--force-flaky", "--max-runs", "2"),
}
"""Options of each plugin that repeats a failed test once."""
REPORTS = (
    *("--hil-measurements=measured.jsonl", "--hil-summary=summary.md", "--alluredir=allure", "--junitxml=junit.xml"),
    *("-o", "junit_family=xunit1", "--html=report.html", "--cov=test_it"),
)

RunPlan = Callable[..., pytest.RunResult]


@pytest.fixture
def run_plan(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> RunPlan:
    """Runs :data:`TESTS` with the plugins :data:`ALWAYS` and options, in a separate process."""
    if not FOLDER.is_dir():
        pytest.fail(f"{FOLDER}: not there; run `make build/other_plugins/.installed`", pytrace=False)
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(FOLDER))
    monkeypatch.setenv("PYTEST_ADDOPTS", "")
    pytester.makefile(".yaml", rig=RIG)
    pytester.makepyfile(test_it=TESTS)
    plugins = [option for name in ALWAYS for option in ("-p", name)]

    def run_plan(*options: str) -> pytest.RunResult:
        # A timeout for the body of a test: otherwise pytest-timeout only watches the first attempt.
        rig = ("--rig", "rig.yaml", "--hil-artifacts=art", "-o", "timeout_func_only=true")
        return pytester.runpytest_subprocess(*plugins, *rig, *options)

    return run_plan


def folders(path: Path) -> list[str]:
    return sorted(folder.name.removeprefix("test_it.test_") for folder in (path / "art").iterdir())


def measured(folder: Path) -> list[float]:
    return [each["value"] for each in json.loads((folder / "measurements.json").read_text())]


def allure_results(path: Path) -> dict[str, list[tuple[str, bool]]]:
    """The attempts of each test: their status, and whether they have attachments."""
    found: dict[str, list[tuple[str, bool]]] = {}
    for file in (path / "allure").glob("*-result.json"):
        result: dict[str, Any] = json.loads(file.read_text())
        found.setdefault(result["name"], []).append((result["status"], bool(result.get("attachments"))))
    return {name: sorted(attempts) for name, attempts in found.items()}


def properties(path: Path, test: str) -> list[dict[str, str]]:
    """The properties of every JUnit XML element of the test."""
    cases = [case for case in ET.parse(path / "junit.xml").iter("testcase") if case.attrib["name"] == test]
    return [{each.attrib["name"]: each.attrib["value"] for each in case.iter("property")} for case in cases]


def texts(path: Path) -> Iterable[str]:
    """The content of all files that a run leaves, without its tests and configuration."""
    for file in path.rglob("*"):
        if file.is_file() and file.suffix not in (".py", ".pyc", ".yaml"):
            yield file.read_bytes().decode(errors="replace")


@pytest.mark.parametrize("workers", ["0", "2"])
@pytest.mark.parametrize("plugin", REPEATING)
def test_every_attempt_is_kept_and_shown(
    pytester: pytest.Pytester, run_plan: RunPlan, plugin: str, workers: str
) -> None:
    path = pytester.path
    beside = [option for name in BESIDE for option in ("-p", name)]
    done = run_plan(*beside, *REPORTS, *REPEATING[plugin], "-n", workers)
    assert done.ret == pytest.ExitCode.TESTS_FAILED
    lines = done.stdout.lines
    done.stdout.fnmatch_lines(
        [
            "testplan    passed  skipped  blocked  failed  bench-error",
            "test_it.py       3        -        -       2            -",
            "3 passed, 1 product defect, 1 limit exceeded",
            "no retries, no recoveries, 4 tests repeated",
        ]
    )
    why = {
        "wrong": "limit exceeded: hil.errors.MeasurementExceeded: measurement",
        "flaky": "product defect: AssertionError: ***",
        "cable": "bench error: PowerError: hub main, port 2: no answer to ***",
        "hangs": "product defect: Failed: Timeout",
    }
    for name, reason in why.items():
        outcome = "failed" if name in ("wrong", "hangs") else "passed"
        at = lines.index(f"test_it.py::test_{name}: {outcome} at attempt 2 of 2")
        assert lines[at + 1].startswith(f"  attempt 1: {reason}")

    repeated = sorted([*why, *(f"{name}.attempt-1" for name in why), "good"])
    assert folders(path) == repeated
    assert measured(path / "art" / "test_it.test_flaky.attempt-1") == [1]
    assert measured(path / "art" / "test_it.test_flaky") == [2]
    assert " A power  on" in (path / "art" / "test_it.test_flaky.attempt-1" / "timeline.txt").read_text()

    assert allure_results(path) == {
        "test_good": [("passed", True)],
        "test_wrong": [("failed", True)] * 2,
        "test_flaky": [("failed", True), ("passed", True)],
        "test_cable": [("broken", True), ("passed", True)],
        "test_hangs": [("failed", True)] * 2,
    }
    last = properties(path, "test_cable")[-1]
    assert last["attempt"] == "2"
    assert last["attempt:1"] == "bench-error: PowerError: hub main, port 2: no answer to ***"
    # The outcome of the previous attempt does not remain.
    assert "outcome" not in last
    assert properties(path, "test_wrong")[-1]["measurement:failover"] == "9 s (limit 6 s)"
    records = [json.loads(line) for line in (path / "measured.jsonl").read_text().splitlines()]
    assert sorted((record["name"], record["value"], record["outcome"]) for record in records) == [
        ("attempt", 1, "failed"),
        ("attempt", 2, "passed"),
        ("failover", 9, "failed"),
        ("failover", 9, "failed"),
    ]
    summary = (path / "summary.md").read_text().replace("\\", "")
    assert "| test_it.py::test_flaky | passed at attempt 2 of 2 | 1: AssertionError: *** |" in summary
    assert "| test_it.py::test_wrong | failed | hil.errors.MeasurementExceeded" in summary
    assert (path / "report.html").is_file()
    assert not any("hush-hush" in text for text in [*texts(path), done.stdout.str(), done.stderr.str()])


def test_a_repeated_test_that_is_rerun_keeps_all_attempts(pytester: pytest.Pytester, run_plan: RunPlan) -> None:
    run_plan(*REPEATING["rerunfailures"], "--count", "2", "-k", "flaky or good")
    # Each repetition is a separate test with its own attempts.
    assert folders(pytester.path) == [
        *("flaky[1-2]", "flaky[1-2].attempt-1", "flaky[2-2]", "flaky[2-2].attempt-1"),
        *("good[1-2]", "good[2-2]"),
    ]
    # The next run needs no second attempt, and removes the folders of this one.
    run_plan(*REPEATING["rerunfailures"], "--count", "2", "-k", "flaky or good")
    assert folders(pytester.path) == ["flaky[1-2]", "flaky[2-2]", "good[1-2]", "good[2-2]"]


def test_attempts_of_an_earlier_run_are_not_taken_for_those_of_this_one(
    pytester: pytest.Pytester, run_plan: RunPlan
) -> None:
    # Its first attempt fails before the boards are prepared, so it leaves nothing.
    (pytester.path / "test_it.py").write_text(f"{TESTS}{NO_KERNEL_LOG_AT_FIRST}")
    earlier = [pytester.path / "art" / f"test_it.test_early.attempt-{number}" for number in (1, 2, 3)]
    for folder in earlier:
        folder.mkdir(parents=True)
    run_plan(*REPEATING["rerunfailures"], "-k", "early")
    assert folders(pytester.path) == ["early"]


def test_two_plugins_that_repeat_tests_at_once(pytester: pytest.Pytester, run_plan: RunPlan) -> None:
    # pytest-rerunfailures also understands the marks of pytest-retry: two attempts, each of them made twice.
    options = ("-p", "rerunfailures", *REPEATING["pytest-retry"])
    done = run_plan(*options, "-k", "wrong or cable")
    assert "test_it.py::test_wrong: failed at attempt 4 of 4" in done.stdout.lines
    assert "test_it.py::test_cable: passed at attempt 2 of 2" in done.stdout.lines
    kept = [f"wrong.attempt-{number}" for number in (1, 2, 3)]
    assert folders(pytester.path) == ["cable", "cable.attempt-1", "wrong", *kept]


def test_the_worker_of_an_attempt_dies(pytester: pytest.Pytester, run_plan: RunPlan) -> None:
    (pytester.path / "test_it.py").write_text(
        TESTS + "\ndef test_dies(request, boards):\n    if attempt(request) == 1:\n        os._exit(1)\n"
    )
    done = run_plan(*REPEATING["rerunfailures"], "-n", "2", "-k", "dies or good")
    at = done.stdout.lines.index("test_it.py::test_dies: passed at attempt 2 of 2")
    assert "crashed while running" in done.stdout.lines[at + 1]
    assert done.ret == pytest.ExitCode.OK
