"""Stores what a run measures, and shows at its end what got worse. Only in the process that the user started."""

from pathlib import Path
from typing import Any

import pytest

from hil.history.regression import Verdict
from hil.history.store import History, HistoryError
from hil.history.trend import Trend, markdown, render, trend_of
from hil.report.job_summary import JOB_SUMMARY_PARTS
from hil.report.measurement_log import MeasurementLog, MeasurementRecord, Run, records_of
from hil.report.redaction import Redactor
from hil.report.result_collector import ResultCollector
from hil.report.results import Attempt


class MeasurementRecorder:
    """Writes the measurements of all tests, those of xdist's workers too, to a log and to the history."""

    def __init__(
        self,
        run: Run,
        collector: ResultCollector,
        redactor: Redactor,
        *,
        log: Path | None,
        history: Path | None,
        fail_on_regression: bool,
    ) -> None:
        """Open the files. Raises ``ConfigError`` and ``HistoryError`` for those that cannot be used."""
        self._run = run
        self._redactor = redactor
        self._history = None if history is None else History(history, create=True)
        self._log = None if log is None else MeasurementLog(log)
        self._fail_on_regression = fail_on_regression
        self._records: list[MeasurementRecord] = []
        self._trends: list[Trend] = []
        self._failure: HistoryError | None = None
        self._collector = collector
        collector.subscribe(self._attempt_over)

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Add the run to the history, and compare it."""
        self._collector.publish_unfinished()
        if self._log is not None:
            self._log.close()
        comparable = [record for record in self._records if record.is_comparable]
        if self._history is None or not comparable:
            return
        try:
            self._history.add(self._run, comparable)
            lines = [line for line in self._history.lines() if line.points[-1].run.run == self._run.run]
        except HistoryError as error:
            self._failure = error
            self._fail(session)
            return
        self._trends = [trend_of(line) for line in lines]
        session.config.stash.setdefault(JOB_SUMMARY_PARTS, []).append(
            f"### Measurements against earlier runs\n\n{markdown(self._trends)}"
        )
        if self._fail_on_regression and self._worse():
            self._fail(session)

    # After the closing summary, which shows what was measured.
    @pytest.hookimpl(trylast=True)
    def pytest_terminal_summary(self, terminalreporter: Any, config: pytest.Config) -> None:
        """Show what got worse; one line if nothing did."""
        if self._failure is not None:
            terminalreporter.write_line(f"{self._failure}; this run is not in the history", red=True, bold=True)
        if not self._trends:
            return
        worse = self._worse()
        if worse:
            terminalreporter.write_sep("=", "worse than before", red=True, bold=True)
            writer = config.get_terminal_writer()
            terminalreporter.write_line(render(worse, writer.fullwidth, writer.hasmarkup))
            consequence = "this fails the run" if self._fail_on_regression else "--hil-fail-on-regression fails the run"
            terminalreporter.write_line(f"{consequence}; if the change is intended: hil trend --accept NAME")
            return
        compared = [trend for trend in self._trends if trend.comparison.verdict is not Verdict.NEW]
        text = f"measurements against earlier runs: none of {len(compared)} got worse"
        new = len(self._trends) - len(compared)
        terminalreporter.write_line(f"{text}, {new} with too few runs to compare" if new else text)

    def _worse(self) -> list[Trend]:
        return [trend for trend in self._trends if trend.comparison.verdict is Verdict.WORSE]

    def _attempt_over(self, nodeid: str, attempt: Attempt, _worker: object) -> None:
        records = records_of(self._redactor.redact(nodeid), attempt)
        self._records += records
        if self._log is not None:
            self._log.append(self._run, records)

    @staticmethod
    def _fail(session: pytest.Session) -> None:
        if session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
