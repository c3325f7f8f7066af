"""The end of a run: what was repeated, and why tests did not pass. With xdist too."""

from typing import Any

import pytest

from hil.report.power_retries import power_retry_lines
from hil.report.recoveries import QuarantinedBoard, Recovery
from hil.report.repeats import attempt_lines, repeats_text
from hil.report.results import Attempt, Phase, TestResult

RIG = """\
rig: small
wifi: {ssid: PicoAP, password: hush-hush}
hubs:
  main: {driver: virtual, ports: 2}
boards:
  A: {power: main/1}
  B: {power: main/2}
"""

# A port of the virtual hub never fails, so this adds the note that a retry leaves on the timeline.
RETRYING_PORT = """
import pytest
from hil.events import POWER_RETRY, Event

@pytest.fixture
def retry(rig):
    def retry(board):
        now_s = rig.clock.now()
        text = "power port main/1, on: try 1 of 3 failed"
        rig.timeline.add(now_s, board, "note", text, [Event(now_s, board, POWER_RETRY, {}, "")])
    return retry
"""

TESTS = """
import pytest
from hil.errors import PowerError

def test_good(boards, clock, retry):
    clock.sleep(400)
    retry("B")
    retry("B")

def test_defect(boards, retry):
    retry("A")
    assert "this" == "that"

def test_slow(boards, clock, measure):
    clock.sleep(500)
    measure("failover", value=9, limit=6, unit="s")

def test_cable(boards):
    raise PowerError("hub main: no such port")

def test_without_boards(): pass
"""


@pytest.mark.parametrize("workers", ["0", "2"])
def test_categories_retries_and_slowest_tests_at_the_end(pytester: pytest.Pytester, workers: str) -> None:
    rig = pytester.makefile(".yaml", rig=RIG)
    pytester.makeconftest(RETRYING_PORT)
    pytester.makepyfile(test_it=TESTS)
    result = pytester.runpytest("--rig", rig, "-n", workers, "--junitxml=junit.xml", "-o", "junit_family=xunit1")
    result.stdout.fnmatch_lines(
        [
            "2 passed, 1 product defect, 1 limit exceeded, 1 bench error",
            "",
            "measurement  *",
            "failover * exceeded",
            "",
            "slowest * rig time * took",
            "test_slow * 50?.? s * s",
            "test_good * 40?.? s * s",
            "*",
            "board A: commands to its power port were repeated once",
            "board B: commands to its power port were repeated 2 times",
            "3 retries, no recoveries",
            "90? s of rig time in * s",
        ]
    )
    assert (pytester.path / "junit.xml").read_text().count('name="power-retry"') == 3


def attempt(outcome: str = "passed", **fields: Any) -> Attempt:
    reason = "" if outcome == "passed" else "assert 1 == 2"
    return Attempt(phases=(Phase(when="teardown", outcome=outcome, reason=reason),), **fields)


def test_the_line_about_repeats() -> None:
    helped, in_vain = (Recovery(board="B", rung="Ctrl-C", helped=helped) for helped in (True, False))
    lost = QuarantinedBoard(board="C", reason="no serial device")
    assert repeats_text([], []) == "no retries, no recoveries"
    assert repeats_text([attempt(power_retries=("A",), recoveries=(helped,))], []) == "1 retry, 1 recovery"
    # Two xdist workers lost the same board.
    attempts = [attempt(recoveries=(helped, in_vain), quarantined=(lost,)), attempt(recoveries=(helped,))]
    attempts.append(attempt(quarantined=(lost,)))
    assert repeats_text(attempts, []) == "no retries, 2 recoveries, 1 board quarantined"
    assert power_retry_lines(["B", "A"]) == [
        "board A: commands to its power port were repeated once",
        "board B: commands to its power port were repeated once",
    ]


def test_tests_that_were_run_more_than_once() -> None:
    results = [
        TestResult(nodeid="t.py::test_once", attempts=(attempt(),)),
        TestResult(nodeid="t.py::test_flaky", attempts=(attempt("failed"), attempt())),
    ]
    assert attempt_lines(results) == [
        "t.py::test_flaky: passed at attempt 2 of 2",
        "  attempt 1: failed: assert 1 == 2",
    ]
    attempts = [each for result in results for each in result.attempts]
    assert repeats_text(attempts, results) == "no retries, no recoveries, 1 test repeated"
