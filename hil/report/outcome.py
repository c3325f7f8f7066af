"""Outcomes: the firmware is right, the firmware is wrong, or the bench is. Nobody debugs firmware for a bad cable."""

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
"""All outcomes a test can have. Of the outcomes of its phases the last in this order is that of the test."""

OUTCOME_PROPERTY = "outcome"
"""Name of the pytest user property that says so where the outcome is none that pytest knows: for JUnit XML."""

TerminalStatus = tuple[str, str, tuple[str, Mapping[str, bool]]]
"""Category, short letter, word and its markup: what pytest's terminal shows for a report."""

TERMINAL_STATUS: Mapping[str, TerminalStatus] = {
    BENCH_ERROR: (BENCH_ERROR, "B", ("BENCH ERROR", {"yellow": True, "bold": True})),
    # A small letter, as for all that did not run.
    BLOCKED: (BLOCKED, "b", ("BLOCKED", {"yellow": True})),
}
"""For the outcomes that pytest does not know."""


def outcome_of(report: pytest.CollectReport | pytest.TestReport) -> str:
    """The outcome of one phase of a test."""
    return str(getattr(report, "hil_outcome", report.outcome))


def reason_of(report: pytest.CollectReport | pytest.TestReport) -> str:
    """Why a phase is blocked or hit a bench error, in one line; empty for other outcomes."""
    return str(getattr(report, "hil_reason", ""))


def note_bench_error(report: pytest.TestReport, error: BaseException, properties: list[tuple[str, object]]) -> None:
    """If the bench is to blame for ``error``, say so in ``report``, whatever else the test expected of itself.

    A test that was not begun because its board is quarantined is blocked: its report is one line, without a traceback.
    ``properties`` are the user properties of the test, for the reports of its later phases.
    """
    if isinstance(error, BlockedByQuarantine):
        _set_outcome(report, BLOCKED, str(error), properties)
        report.longrepr = f"blocked: {error}"
    elif (cause := _bench_error_in(error)) is not None:
        _set_outcome(report, BENCH_ERROR, f"{type(cause).__name__}: {cause}", properties)


def note_missing_devices(report: pytest.TestReport, rig: "Rig", properties: list[tuple[str, object]]) -> None:
    """If a board of a failed test was never there, the bench is to blame, whatever it was that the test missed."""
    for board in rig.boards_without_device():
        text = f"{board}: no serial device since it was switched on; check its cable and hub port"
        report.sections.append(("bench error", text))
        _set_outcome(report, BENCH_ERROR, text, properties)


def _bench_error_in(error: BaseException) -> BenchError | None:
    """What blames the bench, if anything. Teardown may wrap several errors in a group: one of the bench suffices."""
    if isinstance(error, BaseExceptionGroup):
        return next((found for inner in error.exceptions if (found := _bench_error_in(inner))), None)
    return error if isinstance(error, BenchError) else None


def _set_outcome(report: pytest.TestReport, outcome: str, reason: str, properties: list[tuple[str, object]]) -> None:
    # Failed for pytest, so that the exit status says so; xfail is about firmware and excuses no bench.
    report.outcome = "failed"
    report.__dict__.pop("wasxfail", None)
    # Attributes: xdist carries them to the controller.
    report.__dict__["hil_outcome"] = outcome
    report.__dict__["hil_reason"] = reason.partition("\n")[0]
    for told in (report.user_properties, properties):
        if (OUTCOME_PROPERTY, outcome) not in told:
            told.append((OUTCOME_PROPERTY, outcome))
