"""Results of the tests of a run and of their attempts, for all reports."""

from dataclasses import dataclass

from hil.report.measurements import Measurement
from hil.report.outcome import OUTCOMES, PASSED
from hil.report.recoveries import QuarantinedBoard, Recovery


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
        # Subtests are phases too: of the call, which comes last and took the time of all of them.
        return sum({phase.when: phase.duration_s for phase in self.phases}.values())

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
