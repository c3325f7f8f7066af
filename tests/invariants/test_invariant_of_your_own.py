"""The invariant of docs/invariants.md, as it stands there, in a distribution of its own."""

from pathlib import Path

import pytest

from tests.installed import example, install_example

RIG = """\
rig: small
wifi: {ssid: PicoAP, password: pico1234}
hubs:
  main: {driver: virtual, ports: 1}
boards:
  A: {power: main/1}
"""
TEST = """
def print_lines(ap, clock, count, every_ms):
    with ap.repl() as repl:
        loop = f"for number in range({count}):\\n print(number)\\n time.sleep_ms({every_ms})\\n"
        program = f"import time\\ntime.sleep(5)\\n{loop}"
        repl.exec(f"with open('main.py', 'w') as file: file.write({program!r})")
    ap.reset()
    clock.sleep(15)

def test_quiet(ap, clock):
    print_lines(ap, clock, 60, every_ms=25)

def test_loud(ap, clock):
    print_lines(ap, clock, 60, every_ms=5)

def test_loud_as_expected(ap, clock, invariants):
    with invariants.expect("chatter", board=ap):
        print_lines(ap, clock, 60, every_ms=5)
"""


@pytest.fixture
def rig(pytester: pytest.Pytester) -> Path:
    return pytester.makefile(".yaml", rig=RIG)


@pytest.fixture
def module(pytester: pytest.Pytester) -> Path:
    """The module of the documented invariant, which is installed."""
    folder = pytester.mkdir("installed")
    pytester.syspathinsert(folder)
    return install_example(folder, "invariants.md", "acme_invariants.py", "pico_hil.invariants")


def test_it_is_checked_in_every_test(pytester: pytest.Pytester, rig: Path, module: Path) -> None:
    pytester.makepyfile(TEST)
    result = pytester.runpytest("--rig", rig)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*test_loud*", "chatter at * s: A printed more than 50 lines in 1 s", "* A serial *"])


QUIET_PROBE = """
from hil.abc import Invariant

class Chatter(Invariant):
    name = "chatter"

    def see(self, entry):
        if entry.kind == "probe":
            self.found(entry.time_s, "the probe was used", [entry])
"""


def test_a_violation_that_only_the_traffic_of_the_probe_proves_is_not_a_bench_error(
    pytester: pytest.Pytester, rig: Path, module: Path
) -> None:
    module.write_text(QUIET_PROBE)
    rig.write_text(f"{RIG}probe: {{driver: virtual}}\n")
    pytester.makepyfile(
        """
        def test_it(ap, rig, clock):
            rig.timeline.add(clock.now(), "probe", "probe", "sends")
        """
    )
    result = pytester.runpytest("--rig", rig)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["chatter at * s: the probe was used", "1 invariant violated"])


def test_the_documented_tests_of_it_pass(pytester: pytest.Pytester, module: Path) -> None:
    pytester.makepyfile(test_acme_invariants=example("invariants.md", "test_acme_invariants.py"))
    pytester.runpytest().assert_outcomes(passed=2)


def test_it_is_among_the_known(pytester: pytest.Pytester, rig: Path, module: Path) -> None:
    pytester.makepyfile(
        """
        def test_it(invariants):
            invariants.expect("chater")
        """
    )
    result = pytester.runpytest("--rig", rig)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["*no invariant is called 'chater'; did you mean 'chatter'? known: two-masters, *, reboot, chatter"]
    )


RAISES = """
from hil.abc import Invariant

class Chatter(Invariant):
    name = "chatter"

    def see(self, entry):
        raise KeyError("bug")
"""


def test_an_exception_in_it_fails_the_test_and_names_it(pytester: pytest.Pytester, rig: Path, module: Path) -> None:
    module.write_text(RAISES)
    pytester.makepyfile(
        """
        def test_passes(ap):
            ap.boot()

        def test_fails(ap):
            ap.boot()
            assert 1 == 2
        """
    )
    result = pytester.runpytest("--rig", rig)
    result.assert_outcomes(failed=2)
    result.stdout.fnmatch_lines(["*KeyError: 'bug'", "*invariant 'chatter' (acme_invariants.Chatter) cannot take *"])
    result.stdout.fnmatch_lines(["*assert 1 == 2", "*invariants could not be checked:", "*KeyError: 'bug'"])


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import nonesuch", "which cannot be imported (ModuleNotFoundError: No module named 'nonesuch')"),
        ("class Chatter: pass", "which is not a subclass of hil.invariants.invariant.Invariant; correct its entry"),
        (RAISES.replace('name = "chatter"', 'name = "noise"'), "which has the name 'noise' itself; correct its entry"),
    ],
)
def test_one_that_is_broken_names_its_package(
    pytester: pytest.Pytester, rig: Path, module: Path, source: str, expected: str
) -> None:
    module.write_text(source)
    pytester.makepyfile("def test_it(ap): pass")
    result = pytester.runpytest("--rig", rig)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    origin = "invariant 'chatter' is acme_invariants:Chatter of package acme-invariants"
    assert f"{origin}, {expected}" in result.stderr.str()


def test_without_a_rig_it_is_not_imported(pytester: pytest.Pytester, module: Path) -> None:
    module.write_text("import nonesuch")
    pytester.makepyfile("def test_it(ap): pass")
    pytester.runpytest().assert_outcomes(skipped=1)
