"""The closing summary as Markdown: the first page of a run on a CI server."""

import statistics
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from hil.errors import ConfigError
from hil.report.markdown import escape, table
from hil.report.measurements import EXCEEDED, MET, format_quantity, verdict_of
from hil.report.outcome import OUTCOMES, PASSED, SKIPPED
from hil.report.redaction import Redactor
from hil.report.result_collector import ResultCollector
from hil.report.results import TestResult
from hil.report.summary import MeasurementRow, measurement_rows, verdict_counts

JOB_SUMMARY_PARTS = pytest.StashKey[list[str]]()
"""In ``config.stash``: Markdown that other parts of pico-hil append to the summary."""

MAX_TESTS = 50
"""How many tests a table lists at most: GitHub cuts a summary of more than 1 MiB."""


class JobSummary:
    """Appends the summary to a file when the run ends, however it ends. What is in the file stays there."""

    def __init__(self, path: Path, title: str, collector: ResultCollector, redactor: Redactor) -> None:
        """``title`` names the rig. Raises ``ConfigError`` when the file cannot be written."""
        try:
            path.open("a", encoding="utf-8").close()
        except OSError as error:
            text = f"--hil-summary {path}: {error.strerror}; name a file that can be written"
            raise ConfigError(text) from error
        self._path = path
        self._title = title
        self._collector = collector
        self._redactor = redactor

    # Last, so that others have added their parts.
    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the summary, unless no test ran."""
        results = self._collector.results()
        if not results:
            return
        parts = [f"## Rig {escape(self._title)}\n", verdict_table(results), self._not_passed(results)]
        parts.append(self._repeated(results))
        if rows := measurement_rows(results):
            parts.append(measurement_table(rows))
        added: list[str] = session.config.stash.setdefault(JOB_SUMMARY_PARTS, [])
        parts += added
        with self._path.open("a", encoding="utf-8") as file:
            file.write("\n".join(part for part in parts if part) + "\n")

    def _not_passed(self, results: Sequence[TestResult]) -> str:
        rows = [
            (self._redactor.redact(result.nodeid), result.outcome, result.reason)
            for result in results
            if result.outcome not in (PASSED, SKIPPED)
        ]
        return _text_table(("test", "outcome", "why"), rows)

    def _repeated(self, results: Sequence[TestResult]) -> str:
        rows = [
            (self._redactor.redact(result.nodeid), result.attempts_text, f"{number}: {attempt.reason}")
            for result in results
            for number, attempt in enumerate(result.attempts[:-1], 1)
        ]
        return _text_table(("repeated test", "outcome", "earlier attempt"), rows)


def write_job_summary(config: pytest.Config, title: str, collector: ResultCollector, redactor: Redactor) -> None:
    """Register the writer, if ``--hil-summary`` asks for it. Raises ``ConfigError``."""
    path: Path | None = config.getoption("hil_summary")
    if path is not None and not hasattr(config, "workerinput"):
        config.pluginmanager.register(JobSummary(path, title, collector, redactor), "hil-job-summary")


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


def _text_table(headings: tuple[str, ...], rows: Sequence[Sequence[str]]) -> str:
    """A table of at most ``MAX_TESTS`` rows of text; empty without rows."""
    if not rows:
        return ""
    shown = table(headings, rows[:MAX_TESTS], left=headings)
    more = len(rows) - MAX_TESTS
    return shown if more <= 0 else f"{shown}\nand {more} more\n"
