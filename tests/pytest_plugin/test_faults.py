"""Faults and conditions in pytest: the fixtures, the marker, the option, the summary."""

from pathlib import Path

import pytest

RIG = """\
rig: small
wifi: {ssid: PicoAP, password: pico1234}
hubs:
  main: {driver: virtual, ports: 2}
boards:
  A: {power: main/1}
  B: {power: main/2}
"""


@pytest.fixture
def rig(pytester: pytest.Pytester) -> Path:
    return pytester.makefile(".yaml", rig=RIG)


def test_faults_end_with_the_test(pytester: pytest.Pytester, rig: Path) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.needs(faults=("loss", "latency"))
        def test_fails(faults):
            faults.loss(0.1)
            with faults.latency(0.1):
                assert False

        def test_next(faults, rig):
            assert faults.active == ()
            texts = [entry.text for entry in rig.timeline.entries() if entry.kind == "fault"]
            assert texts == ["loss 10 % begins", "latency 100 ms begins", "latency 100 ms ends", "loss 10 % ends"]
        """
    )
    pytester.runpytest("--rig", rig).assert_outcomes(failed=1, passed=1)


def test_unknown_fault_is_a_usage_error(pytester: pytest.Pytester, rig: Path) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.needs(faults=("los",))
        def test_it(faults): pass
        """
    )
    result = pytester.runpytest("--rig", rig)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["*py:3: needs(faults=('los',)): unknown fault 'los'; did you mean 'loss'? known: power_cut, *"]
    )


def test_faults_without_a_rig_are_skipped(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        def test_faults(faults): pass
        def test_condition(condition): pass
        """
    )
    pytester.runpytest().assert_outcomes(skipped=2)


CONDITION_TEST = """
    def test_limits(rig, condition, measure):
        assert [fault.name for fault in rig.faults.active] == ["loss", "latency"]
        measure("reply", value=5, limit=condition.limit(3, disturbed=6), unit="s")
"""


def test_condition_holds_in_every_test_and_is_in_header_and_summary(pytester: pytest.Pytester, rig: Path) -> None:
    pytester.makepyfile(CONDITION_TEST)
    result = pytester.runpytest("--rig", rig, "--hil-condition", "loss=0.1,latency=0.05")
    result.assert_outcomes(passed=1)
    title = "rig*small, seed 1, condition loss=0.1 latency=0.05*"
    result.stdout.fnmatch_lines([title, f"=*{title}", "reply * 6 s *met*"])


def test_condition_from_the_ini_file_and_xdist(pytester: pytest.Pytester, rig: Path) -> None:
    pytester.makepyfile(CONDITION_TEST)
    pytester.makeini("[pytest]\nhil_condition = loss=0.1,latency=0.05\n")
    pytester.runpytest("--rig", rig, "-n", "1").assert_outcomes(passed=1)
    pytester.runpytest("--rig", rig, "--hil-condition", "").assert_outcomes(failed=1)


def test_wrong_condition_is_a_usage_error(pytester: pytest.Pytester, rig: Path) -> None:
    result = pytester.runpytest("--rig", rig, "--hil-condition", "rain=0.1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--hil-condition: 'rain=0.1' is not a condition; known: loss=0.1, latency=0.05*"])


@pytest.mark.parametrize("given", ["latency=nan", "latency=inf", "latency=-1", "loss=nan", "loss=1.1"])
def test_impossible_conditions(pytester: pytest.Pytester, rig: Path, given: str) -> None:
    result = pytester.runpytest("--rig", rig, "--hil-condition", given)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: --hil-condition: '{given}': *; write for example loss=0.1*"])


def test_the_condition_is_on_the_timeline_of_each_test(pytester: pytest.Pytester, rig: Path) -> None:
    pytester.makepyfile("def test_it(ap, clock): clock.sleep(1)")
    pytester.runpytest("--rig", rig, "--hil-condition", "loss=0.1", "--hil-artifacts", "out").assert_outcomes(passed=1)
    (timeline,) = (pytester.path / "out").glob("*/timeline.txt")
    lines = timeline.read_text().splitlines()
    assert [line.split(maxsplit=3) for line in lines] == [
        ["0.000", "air", "fault", "loss 10 % begins"],
        ["1.000", "air", "fault", "loss 10 % ends"],
    ]
