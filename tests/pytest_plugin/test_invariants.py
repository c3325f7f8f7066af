"""Invariants checked in every test, on a virtual rig with firmware that breaks them."""

from pathlib import Path

import pytest

RIG = """\
rig: small
wifi: {ssid: PicoAP, password: hush-hush}
hubs:
  main: {driver: virtual, ports: 3}
boards:
  A: {power: main/1}
  B: {power: main/2}
  C: {power: main/3}
"""

MANIFEST = """\
app: {app}
description: breaks an invariant
roles:
  ap: {{files: {{main.py: main.py}}}}
  client: {{files: {{main.py: main.py}}}}
events:
  begun: '^begun$'
  done: '^done'
  role: '^role role=(?P<role>\\S+)'
"""

WAITS = "import time\ntime.sleep(2)\nprint('begun')\n{}\nwhile True:\n    time.sleep(10)\n"

APPS = {
    "good": WAITS.format("print('done hush-hush')"),
    "raises": WAITS.format("def f():\n    return 1 // 0\nf()"),
    "resets": "import machine, time\ntime.sleep(2)\nprint('begun')\ntime.sleep(1)\nmachine.reset()\n",
    "exits": "import sys, time\ntime.sleep(2)\nprint('begun')\ntime.sleep(1)\nsys.exit()\n",
    # On a real board too, a write outside of memory causes a hard fault.
    "crashes": WAITS.format("import uctypes\nuctypes.bytearray_at(0x7fffff00, 4)[0] = 1"),
    "masters": WAITS.format("print('role role=MASTER')"),
}


@pytest.fixture
def rig(pytester: pytest.Pytester) -> Path:
    """A rig file, and an app for each way to break an invariant."""
    firmware = pytester.mkdir("firmware")
    for app, source in APPS.items():
        folder = firmware / app
        folder.mkdir()
        (folder / "firmware.yaml").write_text(MANIFEST.format(app=app))
        (folder / "main.py").write_text(source)
    return pytester.makefile(".yaml", rig=RIG)


HEAD = """
import pytest

@pytest.fixture
def go(clock):
    def wait(*boards):
        for board in boards:
            board.power.on()
        for board in boards:
            board.console.expect("begun", within=5)
        clock.sleep(4)

    return wait
"""


def run(pytester: pytest.Pytester, rig: Path, tests: str) -> pytest.RunResult:
    pytester.makepyfile(test_it=HEAD + tests)
    return pytester.runpytest("--rig", rig)


def test_a_violation_fails_its_test_with_the_lines_that_prove_it(pytester: pytest.Pytester, rig: Path) -> None:
    result = run(
        pytester,
        rig,
        """
@pytest.mark.firmware("raises")
def test_traceback(ap, go):
    go(ap)

@pytest.mark.firmware("crashes")
def test_crash(ap, go):
    go(ap)

@pytest.mark.firmware("resets")
def test_hard_reset(ap, go):
    go(ap)

@pytest.mark.firmware("exits")
def test_soft_reset(ap, go):
    go(ap)

@pytest.mark.firmware("masters")
def test_two_masters(ap, clients, go):
    go(ap, clients[0])
""",
    )
    result.assert_outcomes(failed=5)
    result.stdout.fnmatch_lines(
        [
            "*_ test_traceback _*",
            "traceback at * s: an exception on A",
            "* A serial Traceback (most recent call last):",
            '* A serial   File "main.py", line *, in <module>',
            '* A serial   File "main.py", line 5, in f',
            "* A serial ZeroDivisionError: *",
            "*_ test_crash _*",
            "crash at * s: A crashed",
            "* A serial [*][*][*] CRASH: *",
            "*_ test_hard_reset _*",
            "reboot at * s: A restarted without a cause*",
            "* 0.000 A power  on",
            "* A link   disconnected",
            "* A link   connected*",
            "*_ test_soft_reset _*",
            "reboot at * s: A restarted without a cause*",
            "* 0.000 A power  on",
            "* A serial MPY: soft reboot",
            "*_ test_two_masters _*",
            "two-masters at * s: * held MASTER at once, to the end",
            "* serial role role=MASTER",
            "* serial role role=MASTER",
        ]
    )
    result.stdout.no_fnmatch_line("*invariants that did not hold*")


def test_a_test_that_fails_anyway_shows_violations_too(pytester: pytest.Pytester, rig: Path) -> None:
    result = run(
        pytester,
        rig,
        """
@pytest.mark.firmware("good")
def test_good(ap, go):
    go(ap)
    assert 1 == 2

@pytest.mark.firmware("raises")
def test_raises(ap, go):
    go(ap)
    assert 3 == 4

@pytest.fixture
def broken_setup(ap, go):
    go(ap)
    assert 5 == 6

@pytest.mark.firmware("raises")
def test_setup(broken_setup):
    pass
""",
    )
    result.assert_outcomes(failed=2, errors=1)
    shown = ["*- invariants that did not hold -*", "traceback at * s: an exception on A", "* A serial Traceback *"]
    result.stdout.fnmatch_lines(["*_ ERROR at setup of test_setup _*", "E * assert 5 == 6", *shown])
    result.stdout.fnmatch_lines(["*_ test_raises _*", "E * assert 3 == 4", *shown, "*- serial log *"])
    assert result.stdout.str().count("- invariants that did not hold -") == 2


def test_actions_of_the_framework_are_not_violations(pytester: pytest.Pytester, rig: Path) -> None:
    result = run(
        pytester,
        rig,
        """
@pytest.mark.firmware("masters")
def test_all_of_it(ap, clients, clock, go):
    go(ap)
    ap.reset()
    clock.sleep(4)
    with ap.repl(soft_reset=True) as repl:
        repl.exec("print(1)")
    clock.sleep(1)
    ap.power.cycle()
    clock.sleep(4)
    with ap.repl():
        pass
    go(clients[0])
""",
    )
    result.assert_outcomes(passed=1)


def test_an_expected_violation_must_occur_and_no_other_may(pytester: pytest.Pytester, rig: Path) -> None:
    result = run(
        pytester,
        rig,
        """
@pytest.mark.parametrize("name", [
    pytest.param("traceback", marks=pytest.mark.firmware("raises")),
    pytest.param("crash", marks=pytest.mark.firmware("crashes")),
    pytest.param("reboot", marks=pytest.mark.firmware("resets")),
    pytest.param("reboot", marks=pytest.mark.firmware("exits")),
])
def test_expected(ap, go, invariants, name):
    with invariants.expect(name, board=ap):
        go(ap)

@pytest.mark.firmware("raises")
def test_another(ap, go, invariants):
    with invariants.expect("crash"):
        go(ap)

@pytest.mark.firmware("raises")
def test_another_board(ap, clients, go, invariants):
    with invariants.expect("traceback", board=clients[0]):
        go(ap)

@pytest.mark.firmware("raises")
def test_too_early(ap, clock, go, invariants):
    with invariants.expect("traceback"):
        clock.sleep(1)
    go(ap)

@pytest.mark.firmware("good")
def test_forgotten_with(invariants):
    invariants.expect("traceback")

@pytest.mark.firmware("good")
def test_misspelt(invariants):
    with invariants.expect("traebcak"):
        pass
""",
    )
    result.assert_outcomes(passed=4, failed=5)
    result.stdout.fnmatch_lines(
        [
            "*_ test_another _*",
            "traceback at *",
            "crash was expected between * s and * s, and did not occur",
            "*_ test_another_board _*",
            "traceback at *",
            "traceback of B was expected *, and did not occur",
            "*_ test_too_early _*",
            "traceback was expected between 0.000 s and 1.000 s, and did not occur",
            "*_ test_forgotten_with _*",
            'E *ValueError: * write `with invariants.expect("traceback"):`',
            "*_ test_misspelt _*",
            "E *no invariant is called 'traebcak'; did you mean 'traceback'? known: two-masters, role-order, *",
        ]
    )
