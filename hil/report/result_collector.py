"""Collects the results of the tests of a run, once for all reports."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from hil.report.attempts import ATTEMPTS
from hil.report.bench_record import CELL_PROPERTY, KERNEL_LOG_PROPERTY, RIG_TIME_PROPERTY
from hil.report.category import category_of, failure_line
from hil.report.firmware import MICROPYTHON_PROPERTY, firmware_in
from hil.report.measurements import measurements_in
from hil.report.outcome import FAILED, VERDICT, outcome_of, reason_of
from hil.report.power_retries import POWER_RETRY_PROPERTY
from hil.report.recoveries import quarantined_in, recoveries_in
from hil.report.results import Attempt, Phase, TestResult

PHASES = ("setup", "call", "teardown")
"""Of a test. What xdist reports of a test whose worker died is in none of them."""

OnAttempt = Callable[[str, Attempt, object], None]
"""Called with node id, the finished attempt, and xdist's node of the worker that ran it (None without xdist)."""


@dataclass
class _Run:
    """The attempts of a test in one process."""

    worker: object
    attempts: list[Attempt]
    published: int = 0
    """How many of them the subscribers have got."""

    @property
    def has_died(self) -> bool:
        """Whether its process died, so that another one may run the test again."""
        return self.attempts[-1].phases[-1].when not in PHASES

    def add(self, phase: Phase) -> None:
        """Add a phase to the attempt that it belongs to."""
        if self.attempts and self.attempts[-1].phases[-1].when != "teardown" and phase.when != "setup":
            self.attempts[-1] = replace(self.attempts[-1], phases=(*self.attempts[-1].phases, phase))
        else:
            self.attempts.append(Attempt(number=len(self.attempts) + 1, phases=(phase,)))


class ResultCollector:
    """The only reader of pytest's reports: of all phases of all tests, those of xdist's workers too."""

    def __init__(self) -> None:
        self._runs: dict[str, list[_Run]] = {}
        self._subscribers: list[OnAttempt] = []

    def subscribe(self, on_attempt: OnAttempt) -> None:
        """From now on call ``on_attempt`` once for every finished attempt."""
        self._subscribers.append(on_attempt)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add one phase of one test."""
        sent = getattr(report, ATTEMPTS, None)
        if sent is None and hasattr(report, VERDICT):
            # pytest-retry reports that it will run the test again. The result is in the next report.
            return
        run = self._run(report, begins=sent is not None and len(sent) == len(sent[0]["phases"]) == 1)
        if sent is None:
            # Not from a worker: xdist itself makes the report of a test whose worker died.
            run.add(_phase(report))
        else:
            run.attempts = [_attempt(each) for each in sent]
        is_over = sent is None or report.when == "teardown"
        self._publish(report.nodeid, run, len(run.attempts) - (not is_over))

    def results(self) -> list[TestResult]:
        """The result of each test so far, in the order in which they began. A test without a verdict is left out.

        A test that pytest runs several times without being asked to repeat it, as with ``--dist each``, has a result
        for each time.
        """
        return [
            TestResult(nodeid=nodeid, attempts=attempts)
            for nodeid, runs in self._runs.items()
            for attempts in _joined(runs)
            if attempts[-1].is_complete
        ]

    def attempts(self) -> list[Attempt]:
        """All attempts of all tests so far, those without a verdict too."""
        return [attempt for runs in self._runs.values() for run in runs for attempt in run.attempts]

    def publish_unfinished(self) -> None:
        """The run is over: notify subscribers of attempts that did not finish.

        Their worker died, or Ctrl-C was pressed.
        """
        for nodeid, runs in self._runs.items():
            for run in runs:
                self._publish(nodeid, run, len(run.attempts))

    def _run(self, report: pytest.TestReport, begins: bool) -> _Run:
        """The run that ``report`` belongs to. ``begins``: it is the first report of a test in its process."""
        worker = getattr(report, "node", None)
        runs = self._runs.setdefault(report.nodeid, [])
        known = next((run for run in reversed(runs) if run.worker == worker), None)
        if known is None or begins:
            known = _Run(worker, [])
            runs.append(known)
        return known

    def _publish(self, nodeid: str, run: _Run, count: int) -> None:
        for attempt in run.attempts[run.published : count]:
            for notify in self._subscribers:
                notify(nodeid, attempt, run.worker)
        run.published = max(count, run.published)


def _joined(runs: Iterable[_Run]) -> list[tuple[Attempt, ...]]:
    """The attempts of each result: a run goes on with those of a worker that died, and counts from there."""
    found: list[tuple[Attempt, ...]] = []
    goes_on = False
    for run in runs:
        found.append((*found.pop(), *run.attempts) if goes_on else (*run.attempts,))
        goes_on = run.has_died
    return found


def _phase(report: pytest.TestReport) -> Phase:
    outcome = outcome_of(report)
    return Phase(
        when=str(report.when),
        outcome=outcome,
        category=category_of(report),
        # Not `report.failed`: the plugin that repeats the test may have given the report an outcome of its own.
        reason=reason_of(report) or (failure_line(report) if outcome == FAILED else ""),
        duration_s=report.duration,
    )


def _attempt(sent: Mapping[str, Any]) -> Attempt:
    properties: list[tuple[str, Any]] = sent["properties"]
    return Attempt(
        number=sent["number"],
        phases=tuple(Phase(**phase) for phase in sent["phases"]),
        measurements=tuple(measurements_in(properties)),
        recoveries=tuple(recoveries_in(properties)),
        quarantined=tuple(quarantined_in(properties)),
        power_retries=_texts(properties, POWER_RETRY_PROPERTY),
        kernel_log_problems=_texts(properties, KERNEL_LOG_PROPERTY),
        firmware=tuple(firmware_in(properties)),
        micropython=_texts(properties, MICROPYTHON_PROPERTY),
        cell=next(iter(_texts(properties, CELL_PROPERTY)), None),
        rig_time_s=sum(
            value for name, value in properties if name == RIG_TIME_PROPERTY and isinstance(value, int | float)
        ),
    )


def _texts(properties: Iterable[tuple[str, Any]], wanted: str) -> tuple[str, ...]:
    return tuple(str(value) for name, value in properties if name == wanted)
