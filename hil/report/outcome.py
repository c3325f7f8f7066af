"""Outcomes: the firmware is right, the firmware is wrong, or the bench is. Nobody debugs firmware for a bad cable."""

from collections.abc import Mapping

import pytest

from hil.errors import BenchError

PASSED = "passed"
FAILED = "failed"
BENCH_ERROR = "bench-error"
SKIPPED = "skipped"

OUTCOMES = (PASSED, SKIPPED, FAILED, BENCH_ERROR)
"""All outcomes a test can have. Of the outcomes of its phases the last in this order is that of the test."""

TerminalStatus = tuple[str, str, tuple[str, Mapping[str, bool]]]
"""Category, short letter, word and its markup: what pytest's terminal shows for a report."""

TERMINAL_STATUS: Mapping[str, TerminalStatus] = {
    BENCH_ERROR: (BENCH_ERROR, "B", ("BENCH ERROR", {"yellow": True, "bold": True}))
}
"""For the outcomes that pytest does not know."""


def outcome_of(report: pytest.CollectReport | pytest.TestReport) -> str:
    """The outcome of one phase of a test."""
    return str(getattr(report, "hil_outcome", report.outcome))


def is_bench_error(error: BaseException) -> bool:
    """Whether the bench is to blame. Teardown may wrap several errors in a group: one of the bench suffices."""
    if isinstance(error, BaseExceptionGroup):
        return any(is_bench_error(inner) for inner in error.exceptions)
    return isinstance(error, BenchError)


def note_bench_error(report: pytest.TestReport, error: BaseException) -> None:
    """If the bench is to blame for ``error``, say so in ``report``, whatever else the test expected of itself."""
    if is_bench_error(error):
        # Failed for pytest, so that the exit status says so; xfail is about firmware and excuses no bench.
        report.outcome = "failed"
        report.__dict__.pop("wasxfail", None)
        # An attribute: xdist carries it to the controller.
        report.__dict__["hil_outcome"] = BENCH_ERROR
