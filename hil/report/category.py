"""Categories: what to look at when a test did not pass. Finer than its outcome."""

import pytest

from hil.errors import MeasurementExceeded
from hil.report.outcome import BENCH_ERROR as BENCH_ERROR_OUTCOME
from hil.report.outcome import BLOCKED as BLOCKED_OUTCOME
from hil.report.outcome import VERDICT, outcome_of, reason_of

PRODUCT_DEFECT = "product defect"
LIMIT_EXCEEDED = "limit exceeded"
INVARIANT_VIOLATED = "invariant violated"
BENCH_ERROR = "bench error"
BLOCKED = "blocked"

CATEGORY_ORDER = (PRODUCT_DEFECT, LIMIT_EXCEEDED, INVARIANT_VIOLATED, BENCH_ERROR, BLOCKED)
"""In the order of reports: the firmware first, then the bench."""


def category_of(report: pytest.TestReport) -> str:
    """The category of a failed phase that :func:`record_verdict` has seen; empty for other phases."""
    return str(getattr(report, VERDICT, {}).get("category", ""))


def record_verdict(report: pytest.TestReport, error: BaseException | None) -> None:
    """Store outcome, category and reason of the phase in ``report``: only the process that ran it has the ``error``.

    To be called after bench errors were marked and secrets were removed from the report.
    """
    outcome = outcome_of(report)
    verdict = {"outcome": outcome}
    if report.failed:
        verdict |= {"category": _category(outcome, error), "reason": reason_of(report) or failure_line(report)}
    report.__dict__[VERDICT] = verdict


def _category(outcome: str, error: BaseException | None) -> str:
    if outcome == BLOCKED_OUTCOME:
        return BLOCKED
    if outcome == BENCH_ERROR_OUTCOME:
        return BENCH_ERROR
    if isinstance(error, MeasurementExceeded):
        return LIMIT_EXCEEDED
    # Cluster and boards: a pytest run without a rig must not pay for them.
    from hil.invariants.watch import InvariantViolated

    if isinstance(error, InvariantViolated) or isinstance(getattr(error, "__context__", None), InvariantViolated):
        return INVARIANT_VIOLATED
    return PRODUCT_DEFECT


def failure_line(report: pytest.TestReport) -> str:
    """What a report shows of a failure, in one line."""
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        return str(crash.message).strip().partition("\n")[0]
    # Redaction turns a traceback into plain text. pytest marks the error itself with an E.
    text = report.longrepr if isinstance(report.longrepr, str) else report.longreprtext
    lines = text.strip().splitlines() or [""]
    return next((line[1:].strip() for line in lines if line.startswith("E ")), lines[0])
