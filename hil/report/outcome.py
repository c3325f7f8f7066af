"""Outcomes: the firmware is right, the firmware is wrong, or the bench is: a bad cable is not a firmware bug."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from hil.errors import BenchError, BlockedByQuarantine

if TYPE_CHECKING:
    from hil.rig import Rig

PASSED = "passed"
FAILED = "failed"
BENCH_ERROR = "bench-error"
BLOCKED = "blocked"
SKIPPED = "skipped"

OUTCOMES = (PASSED, SKIPPED, BLOCKED, FAILED, BENCH_ERROR)
"""All outcomes of a test, mildest first. The outcome of a test is the last in this order among those of its phases."""

PYTEST_OUTCOMES = (PASSED, FAILED, SKIPPED)
"""What pytest itself writes into a report. Any other word comes from a plugin that repeats tests, such as ``rerun``."""

OUTCOME_PROPERTY = "outcome"
"""Name of the pytest user property with an outcome that pytest does not know: for JUnit XML."""

VERDICT = "hil_verdict"
"""Attribute of a report: the verdict of its phase, a mapping with the keys ``outcome``, ``category`` and ``reason``.
xdist carries it to the controller."""

TerminalStatus = tuple[str, str, tuple[str, Mapping[str, bool]]]
"""Category, short letter, word and its markup: what pytest's terminal shows for a report."""

TERMINAL_STATUS: Mapping[str, TerminalStatus] = {
    BENCH_ERROR: (BENCH_ERROR, "B", ("BENCH ERROR", {"yellow": True, "bold": True})),
    # A lower-case letter, as for everything that did not run.
    BLOCKED: (BLOCKED, "b", ("BLOCKED", {"yellow": True})),
}
"""For the outcomes that pytest does not know."""


def outcome_of(report: pytest.CollectReport | pytest.TestReport) -> str:
    """The outcome of one phase of a test. A name that another plugin invented counts as a failure."""
    verdict = getattr(report, VERDICT, {})
    outcome = str(verdict.get("outcome") or report.outcome)
    return outcome if outcome in OUTCOMES else FAILED


def reason_of(report: pytest.CollectReport | pytest.TestReport) -> str:
    """Why a phase did not pass, in one line; empty for one that passed, was skipped or did not run in a rig's test."""
    return str(getattr(report, VERDICT, {}).get("reason", ""))


def terminal_status(report: pytest.CollectReport | pytest.TestReport) -> TerminalStatus | None:
    """What the terminal shows for a bench error or a blocked test; None for what pytest or another plugin shows."""
    if report.outcome not in PYTEST_OUTCOMES:
        # The plugin that repeats the test reports this attempt. The last attempt decides.
        return None
    return TERMINAL_STATUS.get(outcome_of(report))


def mark_bench_error(report: pytest.TestReport, error: BaseException, properties: list[tuple[str, object]]) -> None:
    """If the bench caused ``error``, give ``report`` the outcome bench error or blocked, even if it expects a failure.

    A test that was not begun because its board is quarantined is blocked: its report is one line, without a traceback.
    ``properties`` are the user properties of the test, for the reports of its later phases.
    """
    if isinstance(error, BlockedByQuarantine):
        _set_outcome(report, BLOCKED, str(error), properties)
        report.longrepr = f"blocked: {error}"
    elif (cause := bench_error_in(error)) is not None:
        _set_outcome(report, BENCH_ERROR, f"{type(cause).__name__}: {cause}", properties)


def mark_missing_devices(report: pytest.TestReport, rig: "Rig", properties: list[tuple[str, object]]) -> None:
    """If a board of a failed test never enumerated, make it a bench error, regardless of what the test missed."""
    for board in rig.boards_without_device():
        text = f"{board}: no serial device since it was switched on; check its cable and hub port"
        report.sections.append(("bench error", text))
        _set_outcome(report, BENCH_ERROR, text, properties)


def bench_error_in(error: BaseException) -> BenchError | None:
    """The bench error in ``error``, if there is one. Teardown may wrap several errors in a group: one is enough."""
    if isinstance(error, BaseExceptionGroup):
        return next((found for inner in error.exceptions if (found := bench_error_in(inner))), None)
    if isinstance(error, pytest.fail.Exception) and error.__suppress_context__:
        # Raised by a check of a fixture: see hil.fixtures.checks.
        return error.__context__ if isinstance(error.__context__, BenchError) else None
    return error if isinstance(error, BenchError) else None


def _set_outcome(report: pytest.TestReport, outcome: str, reason: str, properties: list[tuple[str, object]]) -> None:
    # Failed for pytest, so that the exit status shows it; xfail is about firmware and does not excuse the bench.
    report.outcome = "failed"
    report.__dict__.pop("wasxfail", None)
    report.__dict__[VERDICT] = {"outcome": outcome, "reason": reason.partition("\n")[0]}
    for recorded in (report.user_properties, properties):
        if (OUTCOME_PROPERTY, outcome) not in recorded:
            recorded.append((OUTCOME_PROPERTY, outcome))
