"""Outcomes and reports, with a rig that no test opens."""

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

RIG = """\
rig: small
wifi: {ssid: PicoAP, password: hush-hush}
hubs:
  main: {driver: virtual, ports: 4}
boards:
  A: {power: main/1}
  B: {power: main/2}
"""

THREE_OUTCOMES = """
    import pytest
    from hil.errors import BenchError, PowerError, WaitTimeout

    CABLE = "hub main, port 2: no answer; check the cable of the hub"

    @pytest.fixture
    def broken_setup(): raise PowerError(CABLE)

    @pytest.fixture
    def broken_teardown():
        yield
        raise PowerError(CABLE)

    @pytest.fixture
    def twice_broken_teardown(broken_teardown):
        yield
        raise ValueError("and this")

    def test_good(): pass

    def test_wrong(): raise WaitTimeout("B: no event 'joined' within 15 s")

    def test_cable(): raise PowerError(CABLE)

    def test_cable_in_setup(broken_setup): pass

    def test_cable_in_teardown(broken_teardown): pass

    def test_cable_among_others(twice_broken_teardown): pass

    @pytest.mark.xfail(reason="known defect")
    def test_cable_is_not_a_known_defect(): raise BenchError(CABLE)

    @pytest.mark.xfail(reason="known defect")
    def test_known_defect(): assert False

    @pytest.mark.skip(reason="not today")
    def test_skipped(): pass
"""


@pytest.fixture
def rig_file(pytester: pytest.Pytester) -> Path:
    return pytester.makefile(".yaml", rig=RIG)


@pytest.mark.parametrize("workers", ["0", "2"])
def test_three_outcomes(pytester: pytest.Pytester, rig_file: Path, workers: str) -> None:
    pytester.makepyfile(test_it=THREE_OUTCOMES)
    result = pytester.runpytest("--rig", rig_file, "-n", workers)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "*= FAILURES =*",
            "*_ test_wrong _*",
            "*= BENCH ERRORS =*",
            "*_ call of test_it.py::test_cable _*",
            "E*PowerError: hub main, port 2: no answer; check the cable of the hub",
            "*= rig small, seed 1 =*",
            "testplan    passed  skipped  blocked  failed  bench-error",
            "test_it.py       1        2        -       1            5",
            "*1 failed, 3 passed, 1 skipped, 1 xfailed, 5 bench-error*",
        ]
    )


def test_letter_and_word_of_a_bench_error(pytester: pytest.Pytester, rig_file: Path) -> None:
    pytester.makepyfile(test_it=THREE_OUTCOMES)
    pytester.runpytest("--rig", rig_file).stdout.fnmatch_lines(["test_it.py .FBB.B.BBxs *"])
    pytester.runpytest("--rig", rig_file, "-v").stdout.fnmatch_lines(["test_it.py::test_cable BENCH ERROR *"])


def test_the_traceback_of_our_errors_ends_in_the_test(pytester: pytest.Pytester, rig_file: Path) -> None:
    pytester.makepyfile(
        test_it="""
        import pytest
        from hil.errors import HilError
        from hil.report.measurements import Measurement

        def test_limit():
            Measurement(name="join", value=16, limit=15, unit="s").check()
        """
    )
    result = pytester.runpytest("--rig", rig_file)
    result.stdout.fnmatch_lines(["test_it.py:6: MeasurementExceeded"])
    result = pytester.runpytest("--rig", rig_file, "--full-trace")
    result.stdout.fnmatch_lines(["*measurements.py:*: MeasurementExceeded"])


def test_the_wifi_key_appears_nowhere(pytester: pytest.Pytester, rig_file: Path) -> None:
    pytester.makepyfile(
        test_it="""
        import logging
        import sys

        from hil.errors import BenchError

        def test_output():
            print("out hush-hush")
            print("err hush-hush", file=sys.stderr)
            logging.getLogger().warning("log hush-hush")
            config = {"password": "hush-hush"}
            assert config == {"password": "other"}, f"got {config}"

        def test_bench():
            raise BenchError("cannot join with hush-hush")
        """
    )
    result = pytester.runpytest("--rig", rig_file, "-vv", "--showlocals", "-rA", "--junitxml=junit.xml")
    result.assert_outcomes(failed=1)
    text = result.stdout.str() + result.stderr.str() + (pytester.path / "junit.xml").read_text()
    assert "hush-hush" not in text
    for shown in ("out ***", "err ***", "log ***", "cannot join with ***"):
        assert shown in text


def test_environment_variables_in_power_commands_appear_nowhere(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLUG", "admin-4711")
    words = "[plug, '--login=${PLUG}', '{port}']"
    hub = f"{{driver: command, on: {words}, off: {words}, state: {words}}}"
    boards = "A: {power: main/1, serial: e661640843000001}\n  B: {power: main/2, serial: e661640843000002}\n"
    rig = RIG.replace("{driver: virtual, ports: 4}", hub).partition("  A:")[0] + f"  {boards}"
    pytester.makepyfile(
        test_it="""
        def test_output():
            print("the plug prints admin-4711")
            assert "admin-4711" == "other"
        """
    )
    result = pytester.runpytest("--rig", pytester.makefile(".yaml", rig=rig), "-vv", "--junitxml=junit.xml")
    result.assert_outcomes(failed=1)
    text = result.stdout.str() + (pytester.path / "junit.xml").read_text()
    assert "admin-4711" not in text
    assert "the plug prints ***" in text


def test_a_test_that_never_finished_has_no_verdict(pytester: pytest.Pytester, rig_file: Path) -> None:
    pytester.makepyfile(
        test_it="def test_good(): pass\n\ndef test_interrupted(): raise KeyboardInterrupt\n\ndef test_later(): pass"
    )
    result = pytester.runpytest_subprocess("--rig", rig_file)
    assert result.ret == pytest.ExitCode.INTERRUPTED
    result.stdout.fnmatch_lines(["test_it.py       1        -        -       -            -"])


def test_without_colour_there_are_no_control_characters(pytester: pytest.Pytester, rig_file: Path) -> None:
    pytester.makepyfile(test_it=THREE_OUTCOMES)
    text = pytester.runpytest("--rig", rig_file, "--color=no").stdout.str()
    assert all(character.isprintable() or character == "\n" for character in text)
    assert "\x1b[" in pytester.runpytest("--rig", rig_file, "--color=yes").stdout.str()


@pytest.mark.parametrize("workers", ["0", "2"])
def test_measurements_reach_the_summary_and_junit(pytester: pytest.Pytester, rig_file: Path, workers: str) -> None:
    pytester.makepyfile(
        test_it="""
        import pytest
        from hil.report.measurements import Measurement

        @pytest.mark.parametrize("value", [2.25, 4.5, 16])
        def test_join(value, record_property):
            measurement = Measurement(name="join", value=value, limit=15, unit="s")
            record_property(*measurement.to_property())
            measurement.check()
        """
    )
    result = pytester.runpytest("--rig", rig_file, "-n", workers, "--junitxml=junit.xml", "-o", "junit_family=xunit1")
    result.stdout.fnmatch_lines(
        [
            "measurement  n  median  worst  limit  verdict",
            "join         3   4.5 s   16 s   15 s  exceeded",
        ]
    )
    found = ET.parse(pytester.path / "junit.xml").iter("property")
    values = [element.attrib["value"] for element in found if element.attrib["name"] == "measurement:join"]
    assert sorted(values) == ["16 s (limit 15 s)", "2.25 s (limit 15 s)", "4.5 s (limit 15 s)"]
