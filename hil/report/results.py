"""Results of the tests of a run, collected once for all reports."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pytest

from hil.report.attempts import ATTEMPTS
from hil.report.bench_record import CELL_PROPERTY, KERNEL_LOG_PROPERTY, RIG_TIME_PROPERTY
from hil.report.category import category_of, failure_line
from hil.report.firmware import MICROPYTHON_PROPERTY, firmware_in
from hil.report.measurements import Measurement, measurements_in
from hil.report.outcome import OUTCOMES, PASSED, VERDICT, outcome_of, reason_of
from hil.report.power_retries import POWER_RETRY_PROPERTY
from hil.report.recoveries import QuarantinedBoard, Recovery, quarantined_in, recoveries_in


@dataclass(frozen=True, kw_only=True)
class Phase:
    """Setup, call or teardown of one attempt."""

    when: str
    outcome: str
    category: str = ""
    """Why it did not pass, if it did not: see ``hil/report/category.py``."""
    reason: str = ""
    """The reason, in one line of text."""
    duration_s: float = 0.0
    """Duration on the host's clock."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One run of a test. Most tests have one; plugins that repeat failed tests make more."""

    number: int = 1
    phases: tuple[Phase, ...]
    measurements: tuple[Measurement, ...] = ()
    recoveries: tuple[Recovery, ...] = ()
    quarantined: tuple[QuarantinedBoard, ...] = ()
    power_retries: tuple[str, ...] = ()
    """The board of each command to a power port that had to be repeated."""
    kernel_log_problems: tuple[str, ...] = ()
    """Why the kernel's log could not be watched."""
    firmware: tuple[str, ...] = ()
    """What the boards held, such as ``roles/ap 3f2a9c81d2ee``: app, role, the beginning of the digest."""
    micropython: tuple[str, ...] = ()
    """The versions of MicroPython on the boards."""
    cell: str | None = None
    """The cell of the rig; None on a rig that has only one."""
    rig_time_s: float = 0.0
    """Seconds of rig time, the preparation of the boards included."""

    @property
    def outcome(self) -> str:
        """The worst outcome of its phases: see ``hil/report/outcome.py``."""
        return max((phase.outcome for phase in self.phases), key=OUTCOMES.index)

    @property
    def category(self) -> str:
        """Why it did not pass, if it did not."""
        return self._worst.category

    @property
    def reason(self) -> str:
        """Why it did not pass, in one line."""
        return self._worst.reason

    @property
    def took_s(self) -> float:
        """Seconds on the host's clock."""
        return sum(phase.duration_s for phase in self.phases)

    @property
    def is_complete(self) -> bool:
        """Whether it has a verdict: it failed, or it ran to its end."""
        return self.phases[-1].when == "teardown" or self.outcome != PASSED

    @property
    def _worst(self) -> Phase:
        return next(phase for phase in self.phases if phase.outcome == self.outcome)


@dataclass(frozen=True, kw_only=True)
class TestResult:
    """The result of one test: that of its last attempt, with the bench actions of all attempts."""

    __test__ = False  # pytest must not collect it.

    nodeid: str
    attempts: tuple[Attempt, ...]

    @property
    def outcome(self) -> str:
        """The outcome of the last attempt."""
        return self.attempts[-1].outcome

    @property
    def category(self) -> str:
        """Why the last attempt did not pass, if it did not."""
        return self.attempts[-1].category

    @property
    def reason(self) -> str:
        """Why the last attempt did not pass, in one line."""
        return self.attempts[-1].reason

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """The measurements of all attempts: a value over its limit stays, even if a later attempt met the limit."""
        return tuple(measurement for attempt in self.attempts for measurement in attempt.measurements)

    @property
    def rig_time_s(self) -> float:
        """Seconds of rig time of all attempts."""
        return sum(attempt.rig_time_s for attempt in self.attempts)

    @property
    def took_s(self) -> float:
        """Seconds on the host's clock, of all attempts."""
        return sum(attempt.took_s for attempt in self.attempts)

    @property
    def longest_s(self) -> float:
        """Rig time, or the time that it took here, whichever is more."""
        return max(self.rig_time_s, self.took_s)

    @property
    def testplan(self) -> str:
        """The file of the test."""
        return self.nodeid.partition("::")[0]

    @property
    def attempts_text(self) -> str:
        """The outcome of a test that was repeated: ``passed at attempt 2 of 2``; empty for others."""
        count = len(self.attempts)
        return f"{self.outcome} at attempt {count} of {count}" if count > 1 else ""


OnAttempt = Callable[[str, Attempt, object], None]
"""Called with node id, the finished attempt, and xdist's node of the worker that ran it (None without xdist)."""


class ResultCollector:
    """The only reader of pytest's reports: of all phases of all tests, those of xdist's workers too."""

    def __init__(self) -> None:
        # By node id, then by worker: a test is handed to another worker when the first one dies.
        self._attempts: dict[str, dict[object, list[Attempt]]] = {}
        self._published: dict[tuple[str, object], int] = {}
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
        worker = getattr(report, "node", None)
        by_worker = self._attempts.setdefault(report.nodeid, {})
        if sent is None:
            # Not from a worker: xdist itself makes the report of a test whose worker died.
            _add_phase(by_worker.setdefault(worker, []), _phase(report))
        else:
            by_worker[worker] = [_attempt(each) for each in sent]
        is_over = sent is None or report.when == "teardown"
        self._publish(report.nodeid, worker, len(by_worker[worker]) - (not is_over))

    def results(self) -> list[TestResult]:
        """The result of each test so far, in the order in which they began. A test without a verdict is left out."""
        found = []
        for nodeid in self._attempts:
            attempts = self._of(nodeid)
            if attempts[-1].is_complete:
                found.append(TestResult(nodeid=nodeid, attempts=attempts))
        return found

    def attempts(self) -> list[Attempt]:
        """All attempts of all tests so far, those without a verdict too."""
        return [attempt for nodeid in self._attempts for attempt in self._of(nodeid)]

    def publish_unfinished(self) -> None:
        """The run is over: notify subscribers of attempts that did not finish.

        Their worker died, or Ctrl-C was pressed.
        """
        for nodeid, by_worker in self._attempts.items():
            for worker, attempts in by_worker.items():
                self._publish(nodeid, worker, len(attempts))

    def _of(self, nodeid: str) -> tuple[Attempt, ...]:
        return tuple(attempt for attempts in self._attempts[nodeid].values() for attempt in attempts)

    def _publish(self, nodeid: str, worker: object, count: int) -> None:
        key = (nodeid, worker)
        for attempt in self._attempts[nodeid][worker][self._published.get(key, 0) : count]:
            for notify in self._subscribers:
                notify(nodeid, attempt, worker)
        self._published[key] = max(count, self._published.get(key, 0))


def _add_phase(attempts: list[Attempt], phase: Phase) -> None:
    if attempts and not attempts[-1].is_complete:
        attempts[-1] = replace(attempts[-1], phases=(*attempts[-1].phases, phase))
    else:
        attempts.append(Attempt(number=len(attempts) + 1, phases=(phase,)))


def _phase(report: pytest.TestReport) -> Phase:
    return Phase(
        when=str(report.when),
        outcome=outcome_of(report),
        category=category_of(report),
        reason=reason_of(report) or failure_line(report),
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
        rig_time_s=sum(float(text) for text in _texts(properties, RIG_TIME_PROPERTY)),
    )


def _texts(properties: Iterable[tuple[str, Any]], wanted: str) -> tuple[str, ...]:
    return tuple(str(value) for name, value in properties if name == wanted)
