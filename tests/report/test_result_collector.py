"""What becomes of each test, however often and wherever pytest runs it."""

import pytest

from hil.report.result_collector import ResultCollector
from hil.report.results import Attempt

RIG = """\
rig: small
wifi: {ssid: PicoAP, password: hush-hush}
hubs: {main: {driver: virtual, ports: 2}}
boards: {A: {power: main/1}, B: {power: main/2}}
"""


def report(when: str, outcome: str = "passed", node: object = None) -> pytest.TestReport:
    """As a plugin makes it that does not call pytest's report hook."""
    location = ("test_it.py", 0, "test")
    text = None if outcome == "passed" else "it went wrong"
    made = pytest.TestReport("test_it.py::test", location, {}, outcome, text, when, duration=1)  # type: ignore[arg-type]
    if node is not None:
        made.__dict__["node"] = node
    return made


def collected(*reports: pytest.TestReport) -> ResultCollector:
    collector = ResultCollector()
    for each in reports:
        collector.pytest_runtest_logreport(each)
    return collector


def test_every_worker_that_runs_a_test_has_a_result(pytester: pytest.Pytester) -> None:
    pytester.makefile(".yaml", rig=RIG)
    pytester.makepyfile(
        test_it="""
        def test_it(boards, worker_id, measure):
            measure("m", value=1, limit=2, unit="s")
            assert worker_id == "gw1"
        """
    )
    done = pytester.runpytest("--rig=rig.yaml", "-n2", "--dist=each", "--hil-measurements=measured.jsonl")
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["test_it.py       1        -        -       1            -"])
    done.stdout.no_fnmatch_line("*attempt*")
    assert len((pytester.path / "measured.jsonl").read_text().splitlines()) == 2


def test_a_test_that_is_collected_twice_has_two_results(pytester: pytest.Pytester) -> None:
    pytester.makefile(".yaml", rig=RIG)
    pytester.makepyfile(
        test_it="""
        runs = []

        def test_it(boards, measure):
            runs.append(1)
            measure("m", value=len(runs), limit=2, unit="s")
            assert len(runs) == 2
        """
    )
    done = pytester.runpytest(
        "--rig=rig.yaml", "--keep-duplicates", "--hil-measurements=measured.jsonl", "test_it.py", "test_it.py"
    )
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["test_it.py       1        -        -       1            -"])
    assert len((pytester.path / "measured.jsonl").read_text().splitlines()) == 2


def test_reports_of_unknown_origin_are_one_attempt() -> None:
    [result] = collected(report("setup"), report("call", "failed"), report("teardown")).results()
    assert (result.outcome, len(result.attempts), result.took_s) == ("failed", 1, 3)


def test_reports_of_unknown_origin_are_repeated_from_setup_on() -> None:
    once = (report("setup"), report("call", "failed"), report("teardown"))
    [result] = collected(*once, report("setup"), report("call"), report("teardown")).results()
    assert result.attempts_text == "passed at attempt 2 of 2"


def test_another_worker_goes_on_where_one_has_died() -> None:
    published: list[tuple[Attempt, object]] = []
    collector = ResultCollector()
    collector.subscribe(lambda _nodeid, attempt, worker: published.append((attempt, worker)))
    for each in (report("setup", node="gw0"), report("???", "rerun", node="gw0")):
        collector.pytest_runtest_logreport(each)
    [result] = collector.results()
    assert (result.outcome, len(result.attempts)) == ("failed", 1)
    for each in (report("setup", node="gw1"), report("call", node="gw1"), report("teardown", node="gw1")):
        collector.pytest_runtest_logreport(each)
    [result] = collector.results()
    assert result.attempts_text == "passed at attempt 2 of 2"
    assert result.attempts[0].reason == "it went wrong"
    assert {worker for _attempt, worker in published} == {"gw0", "gw1"}


def test_a_test_that_is_broken_off_has_no_result() -> None:
    assert collected(report("setup")).results() == []
    assert collected(report("setup"), report("call")).results() == []
    assert len(collected(report("setup"), report("call")).attempts()) == 1


def test_odd_errors_and_properties_of_tests_change_nothing(pytester: pytest.Pytester) -> None:
    pytester.makefile(".yaml", rig=RIG)
    pytester.makepyfile(
        test_it="""
        class FixedError(Exception):
            @property
            def args(self):
                return ("it went wrong",)

        def test_fixed(boards):
            raise FixedError

        def test_properties(boards, record_property):
            for name in ("recovery", "quarantine", "rig_time_s", "measurement:m", 1):
                record_property(name, "odd")
            record_property("recovery", 1)
        """
    )
    done = pytester.runpytest("--rig=rig.yaml")
    done.assert_outcomes(passed=1, failed=1)
    done.stdout.fnmatch_lines(["E*FixedError", "test_it.py       1        -        -       1            -"])
    # Neither another error nor a frame of pico-hil.
    done.stdout.no_fnmatch_line("*another exception*")
    done.stdout.no_fnmatch_line("*attempts.py*")


def test_the_time_of_subtests_counts_once(pytester: pytest.Pytester) -> None:
    pytester.makefile(".yaml", rig=RIG)
    pytester.makepyfile(
        """
        def test_it(subtests, boards):
            with subtests.test():
                assert False, "one of them"
            with subtests.test():
                pass
        """
    )
    found: list[Attempt] = []

    class Reader:
        took_s = 0.0

        @pytest.hookimpl(trylast=True)
        def pytest_configure(self, config: pytest.Config) -> None:
            collector = config.pluginmanager.get_plugin("hil-results")
            assert isinstance(collector, ResultCollector)
            collector.subscribe(lambda _nodeid, attempt, _worker: found.append(attempt))

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if not hasattr(report, "context"):
                self.took_s += report.duration

    reader = Reader()
    pytester.inline_run("--rig=rig.yaml", plugins=[reader])
    [attempt] = found
    assert attempt.took_s == pytest.approx(reader.took_s)
    assert (attempt.outcome, attempt.reason) == ("failed", "AssertionError: one of them")
