"""What the bench did twice, and why tests did not pass, as the end of a run tells it; workers of xdist tell it too."""

import json

import pytest

from hil.report.retries import retry_lines, tally

RIG = """\
rig: small
wifi: {ssid: PicoAP, password: hush-hush}
hubs:
  main: {driver: virtual, ports: 2}
boards:
  A: {power: main/1}
  B: {power: main/2}
"""

# A port of the virtual hub obeys always: what a retry leaves is a note on the timeline, wherever it comes from.
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
            "board A: its power port was told again once",
            "board B: its power port was told again 2 times",
            "3 retries, no recoveries",
            "90? s of rig time in * s",
        ]
    )
    assert (pytester.path / "junit.xml").read_text().count('name="power-retry"') == 3


def test_tally() -> None:
    helped, in_vain = (("recovery", json.dumps({"board": "B", "helped": helped})) for helped in (True, False))
    lost = ("quarantine", json.dumps({"board": "C", "reason": "no serial device"}))
    assert tally([]) == "no retries, no recoveries"
    assert tally([("power-retry", "A"), helped]) == "1 retry, 1 recovery"
    # Two workers of xdist lost the same board.
    assert tally([helped, in_vain, helped, lost, lost]) == "no retries, 2 recoveries, 1 board quarantined"
    assert retry_lines([("power-retry", "B"), ("other", "x"), ("power-retry", "A")]) == [
        "board A: its power port was told again once",
        "board B: its power port was told again once",
    ]
