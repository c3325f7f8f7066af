"""Categories: what has to be looked at when a test did not pass, finer than its outcome."""

from collections.abc import Generator

import pytest

from hil.errors import MeasurementExceeded
from hil.invariants.watch import InvariantViolated
from hil.report.outcome import BENCH_ERROR as BENCH_ERROR_OUTCOME
from hil.report.outcome import BLOCKED as BLOCKED_OUTCOME
from hil.report.outcome import outcome_of

PRODUCT_DEFECT = "product defect"
LIMIT_EXCEEDED = "limit exceeded"
INVARIANT_VIOLATED = "invariant violated"
BENCH_ERROR = "bench error"
BLOCKED = "blocked"

CATEGORY_ORDER = (PRODUCT_DEFECT, LIMIT_EXCEEDED, INVARIANT_VIOLATED, BENCH_ERROR, BLOCKED)
"""As reports list them: the firmware first, then the bench."""


def category_of(report: pytest.TestReport, call: pytest.CallInfo[None]) -> str:
    """The category of a phase that failed."""
    outcome = outcome_of(report)
    if outcome == BLOCKED_OUTCOME:
        return BLOCKED
    if outcome == BENCH_ERROR_OUTCOME:
        return BENCH_ERROR
    error = None if call.excinfo is None else call.excinfo.value
    if isinstance(error, MeasurementExceeded):
        return LIMIT_EXCEEDED
    if isinstance(error, InvariantViolated) or isinstance(getattr(error, "__context__", None), InvariantViolated):
        return INVARIANT_VIOLATED
    return PRODUCT_DEFECT


def noted_category(report: pytest.TestReport) -> str:
    """The category that :class:`CategoryNote` left in a report; empty for a phase that did not fail."""
    return str(getattr(report, "hil_category", ""))


class CategoryNote:
    """Notes the category in each report, of which only the process that ran the test knows it."""

    # Outermost: the report has its outcome by then.
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note it."""
        report = yield
        if report.failed:
            # An attribute: xdist carries it to the controller.
            report.__dict__["hil_category"] = category_of(report, call)
        return report
