"""The closing summary as Markdown: the first page that somebody sees of a night's run on a CI server."""

import statistics
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hil.errors import ConfigError
from hil.report.markdown import escape, table
from hil.report.measurements import EXCEEDED, MET, format_quantity, verdict_of
from hil.report.outcome import OUTCOMES, PASSED, SKIPPED, outcome_of, reason_of
from hil.report.redaction import Redactor
from hil.report.summary import MeasurementRow, TestResult, measurement_rows, verdict_counts

if TYPE_CHECKING:
    from hil.report.terminal import TerminalReport

JOB_SUMMARY_PARTS = pytest.StashKey[list[str]]()
"""In ``config.stash``: Markdown that others want to have in the summary, behind its own tables."""

MAX_TESTS = 50
"""So many tests that did not pass are listed: GitHub cuts a summary of more than 1 MiB."""


class JobSummary:
    """Appends the summary to a file when the run ends, however it ends: what a step wrote before stays there."""

    def __init__(self, path: Path, terminal_report: "TerminalReport", redactor: Redactor) -> None:
        """Raises ``ConfigError`` when the file cannot be written."""
        try:
            path.open("a", encoding="utf-8").close()
        except OSError as error:
            text = f"--hil-summary {path}: {error.strerror}; name a file that can be written"
            raise ConfigError(text) from error
        self._path = path
        self._terminal_report = terminal_report
        self._redactor = redactor
        self._reasons: dict[str, tuple[str, str]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note why a test did not pass: the first reason is the one that people want to know."""
        outcome = outcome_of(report)
        if outcome not in (PASSED, SKIPPED):
            self._reasons.setdefault(report.nodeid, (outcome, reason_of(report) or _first_line(report)))

    # Last, so that others have added their parts.
    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the summary, unless no test ran."""
        results = self._terminal_report.results()
        if not results:
            return
        parts = [f"## Rig {escape(self._terminal_report.title)}\n", verdict_table(results), self._not_passed()]
        if rows := measurement_rows(results):
            parts.append(measurement_table(rows))
        added: list[str] = session.config.stash.setdefault(JOB_SUMMARY_PARTS, [])
        parts += added
        with self._path.open("a", encoding="utf-8") as file:
            file.write("\n".join(part for part in parts if part) + "\n")

    def _not_passed(self) -> str:
        if not self._reasons:
            return ""
        rows = [(self._redactor.redact(test), outcome, reason) for test, (outcome, reason) in self._reasons.items()]
        shown = table(("test", "outcome", "why"), rows[:MAX_TESTS], left=("test", "outcome", "why"))
        more = len(rows) - MAX_TESTS
        return shown if more <= 0 else f"{shown}\nand {more} more\n"


def write_job_summary(config: pytest.Config, terminal_report: "TerminalReport", redactor: Redactor) -> None:
    """Register the writer, if ``--hil-summary`` asks for it. Raises ``ConfigError``."""
    path: Path | None = config.getoption("hil_summary")
    if path is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(JobSummary(path, terminal_report, redactor), "hil-job-summary")


def verdict_table(results: Sequence[TestResult]) -> str:
    """Number of tests per testplan and outcome."""
    counts = verdict_counts(results)
    total = sum(counts.values(), Counter[str]())
    shown = [*counts.items(), *([("all", total)] if len(counts) > 1 else [])]
    rows = [(testplan, *(str(count[outcome] or "-") for outcome in OUTCOMES)) for testplan, count in shown]
    return table(("testplan", *OUTCOMES), rows, left=("testplan",))


def measurement_table(rows: Sequence[MeasurementRow]) -> str:
    """What was measured, against the limits."""
    cells = [
        (
            row.name,
            str(len(row.values)),
            format_quantity(statistics.median(row.values), row.unit),
            format_quantity(row.worst, row.unit),
            format_quantity(row.limit, row.unit),
            EXCEEDED if any(verdict_of(value, row.limit) == EXCEEDED for value in row.values) else MET,
        )
        for row in rows
    ]
    headings = ("measurement", "n", "median", "worst", "limit", "verdict")
    return table(headings, cells, left=("measurement", "verdict"))


def _first_line(report: pytest.TestReport) -> str:
    crash = getattr(report.longrepr, "reprcrash", None)
    if crash is not None:
        return str(crash.message).strip().partition("\n")[0]
    # Plain text: without its structure where a secret was taken out of it. pytest marks the error itself with an E.
    lines = report.longreprtext.strip().splitlines() or [""]
    return next((line[1:].strip() for line in lines if line.startswith("E ")), lines[0])
