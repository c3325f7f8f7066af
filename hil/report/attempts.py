"""Attempts: how often a test was run, counted in the process that runs it.

Plugins that repeat a failed test each do it in their own way. pytest-rerunfailures reports every attempt, flaky reports
some phases of it, pytest-retry runs all further attempts inside the report of the first. All of them call the hooks
``pytest_runtest_setup`` and ``pytest_runtest_call`` once per attempt, so attempts are counted there.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from hil.report.category import category_of
from hil.report.outcome import OUTCOMES, PASSED, outcome_of, reason_of

if TYPE_CHECKING:
    # A pytest run without a rig must not pay for it.
    from hil.report.redaction import Redactor

ATTEMPTS = "hil_attempts"
"""Attribute of a report: the attempts of the test so far, this one last, as mappings that xdist can carry.

Each has the keys ``number`` (from 1), ``phases`` (mappings with ``when``, ``outcome``, ``category``, ``reason`` and
``duration_s``) and ``properties`` (pytest user properties). ``hil/report/result_collector.py`` reads them.
"""
ATTEMPT_PROPERTY = "attempt"
"""Name of the pytest user property with the number of the attempt, from the second on: for JUnit XML."""

Judge = Callable[[pytest.Item, pytest.TestReport, BaseException | None], None]
"""Stores the verdict of a phase in its report: (item, report, error)."""


@dataclass
class _Log:
    """The attempts of one test in this process."""

    kept_properties: int
    """Number of user properties that the test had before its first attempt."""
    number: int = 1
    phases: list[dict[str, Any]] = field(default_factory=list)
    error: BaseException | None = None
    """What ended setup or body of the current attempt."""
    failure: pytest.TestReport | None = None
    """The first report of the current attempt that failed."""
    earlier: list[dict[str, Any]] = field(default_factory=list)


_LOG = pytest.StashKey[_Log]()


def attempt_number(item: pytest.Item) -> int:
    """Which attempt of ``item`` runs now, from 1."""
    return _log(item).number


def last_error(item: pytest.Item) -> BaseException | None:
    """What ended setup or body of the current attempt of ``item``; None if nothing did, and after its teardown."""
    return _log(item).error


def outcome_so_far(item: pytest.Item) -> str:
    """The worst outcome of setup and body of the current attempt of ``item``."""
    outcomes = [phase["outcome"] for phase in _log(item).phases if phase["when"] != "teardown"]
    return max(outcomes, key=OUTCOMES.index, default=PASSED)


def record_phase(item: pytest.Item, report: pytest.TestReport) -> None:
    """Add a phase to the current attempt of ``item``. ``report`` has its verdict."""
    log = _log(item)
    log.phases.append(_phase(report))
    if report.failed and log.failure is None:
        log.failure = report


def _log(item: pytest.Item) -> _Log:
    return item.stash.setdefault(_LOG, _Log(kept_properties=len(item.user_properties)))


class AttemptRecorder:
    """Hooks that count the attempts of each test and put them into its reports. In every process that runs tests."""

    def __init__(self, judge: Judge, redactor: "Redactor") -> None:
        """``judge`` is called for a phase that another plugin ran without pytest's report hook."""
        self._judge = judge
        self._redactor = redactor
        self.before_repeat: list[Callable[[pytest.Item, int, pytest.TestReport | None], None]] = []
        """Called before a test is run again, with the item, the number of the finished attempt and its failure."""

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None]:
        """An attempt begins."""
        __tracebackhide__ = True
        is_repeated = _LOG in item.stash
        log = _log(item)
        if is_repeated:
            self._end_attempt(item, log)
        yield from self._watching(log)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None]:
        """Keep what ends the body of the test."""
        __tracebackhide__ = True
        yield from self._watching(_log(item))

    # Outermost of all: registered after the plugins that repeat tests.
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Put the attempts so far into the report."""
        before = attempt_number(item)
        report = yield
        log = _log(item)
        if log.number != before:
            # pytest-retry ran the test again within this hook, and changed the report to that of the last attempt.
            report.user_properties = list(item.user_properties)
            self._judge(item, report, log.error)
            record_phase(item, report)
        if log.number > 1 and call.when == "teardown":
            report.user_properties += _junit_properties(log)
        # Once more: other plugins may have added to the report.
        self._redactor.redact_report(report)
        current = {"number": log.number, "phases": [*log.phases], "properties": [*report.user_properties]}
        report.__dict__[ATTEMPTS] = [*log.earlier, current]
        if call.when == "teardown":
            # They hold the frames of the test.
            log.error = log.failure = None
        return report

    def _watching(self, log: _Log) -> Generator[None]:
        __tracebackhide__ = True  # pytest: leave this frame out of the tracebacks of tests
        try:
            yield
        except BaseException as error:
            log.error = error
            # flaky and pytest-retry print the error itself, not its report.
            self._redactor.redact_error(error)
            raise

    def _end_attempt(self, item: pytest.Item, log: _Log) -> None:
        report = pytest.TestReport(item.nodeid, item.location, {}, "failed", None, "call")
        if log.error is not None and not any(phase["when"] == "call" for phase in log.phases):
            # Only its error is known: for all but the first attempt, pytest-retry calls no report hook.
            report.longrepr = f"{type(log.error).__name__}: {log.error}"
            self._judge(item, report, log.error)
            record_phase(item, report)
        report.user_properties = item.user_properties[log.kept_properties :]
        self._redactor.redact_report(report)
        log.earlier.append({"number": log.number, "phases": log.phases, "properties": report.user_properties})
        for notify in self.before_repeat:
            notify(item, log.number, log.failure)
        log.number, log.phases, log.error, log.failure = log.number + 1, [], None, None
        # What the test recorded belongs to the finished attempt.
        del item.user_properties[log.kept_properties :]


def _phase(report: pytest.TestReport) -> dict[str, Any]:
    verdict = {"outcome": outcome_of(report), "category": category_of(report), "reason": reason_of(report)}
    return {"when": report.when, **verdict, "duration_s": report.duration}


def _junit_properties(log: _Log) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = [(ATTEMPT_PROPERTY, log.number)]
    for attempt in log.earlier:
        failed = next((phase for phase in attempt["phases"] if phase["reason"]), None)
        if failed is not None:
            found.append((f"{ATTEMPT_PROPERTY}:{attempt['number']}", f"{failed['outcome']}: {failed['reason']}"))
    return found
