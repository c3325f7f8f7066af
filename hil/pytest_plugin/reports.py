"""What the plugin adds to reports of tests with a rig: the verdict of each phase, and the plugins that report a run."""

from traceback import format_exc
from typing import TYPE_CHECKING, Any

import pytest

from hil.fixtures.boards import PREPARED_RIG
from hil.fixtures.checks import CHECKS
from hil.fixtures.invariants import INVARIANTS
from hil.fixtures.markers import APP
from hil.fixtures.settings import SETTINGS, Settings
from hil.history.options import record_measurements
from hil.pytest_plugin.cells import CellAssignment, distributes
from hil.report.outcome import VERDICT, mark_bench_error, mark_missing_devices
from hil.report.recording import RECORDING

if TYPE_CHECKING:
    # A pytest run without a rig must not pay for it.
    from hil.invariants.watch import Invariants

_INVARIANTS_TITLE = "invariants that did not hold"
_SERIAL_TITLE = "serial log (all boards, merged by rig time)"


def register_reports(config: pytest.Config, settings: Settings) -> None:
    """Register everything that reports a run with a rig. Raises ``HilError`` for a file that cannot be used."""
    from hil.report.attempts import AttemptRecorder
    from hil.report.job_summary import write_job_summary
    from hil.report.live.display import LiveDisplay
    from hil.report.power_retries import PowerRetries
    from hil.report.result_collector import ResultCollector
    from hil.report.short_summary import ShortSummary
    from hil.report.terminal import TerminalReport

    plugins = config.pluginmanager
    collector = ResultCollector()
    plugins.register(collector, "hil-results")
    attempts = AttemptRecorder(judge, settings.redactor)
    plugins.register(attempts, "hil-attempts")
    terminal_report = TerminalReport(
        settings.cells, settings.condition, collector, lambda item: item.stash.get(APP, None)
    )
    plugins.register(terminal_report, "hil-terminal-report")
    plugins.register(ShortSummary(), "hil-short-summary")
    plugins.register(PowerRetries(), "hil-power-retries")
    plugins.register(LiveDisplay(settings.redactor), "hil-live")
    if distributes(config):
        plugins.register(CellAssignment(settings.cells, collector), "hil-cell-assignment")
    if config.getoption("allure_report_dir", default=None):
        from hil.report.allure import AllureReport

        # After the attempts, so that its hooks run around theirs.
        allure = AllureReport(
            config,
            settings.rig,
            settings.condition,
            settings.redactor,
            collector,
            lambda: settings.artifact_kinds,
        )
        plugins.register(allure, "hil-allure")
        attempts.before_repeat.append(allure.attempt_over)
    # Last: it removes what the others read.
    attempts.before_repeat.append(_attempt_over)
    record_measurements(config, settings, collector)
    write_job_summary(config, terminal_report.title, collector, settings.redactor)


def judge(item: pytest.Item, report: pytest.TestReport, error: BaseException | None) -> None:
    """Give ``report`` its verdict and explanation, without secrets. ``error`` is what ended the phase, if any."""
    from hil.report.category import record_verdict

    settings = item.config.stash[SETTINGS]
    # pytest-retry reuses the report of the first attempt.
    report.__dict__.pop(VERDICT, None)
    report.sections = [section for section in report.sections if section[0] not in (_INVARIANTS_TITLE, _SERIAL_TITLE)]
    rig = item.stash.get(PREPARED_RIG, None)
    if report.failed and rig is not None:
        mark_missing_devices(report, rig, item.user_properties)
        rig.distrust_all()
    if error is not None:
        mark_bench_error(report, error, item.user_properties)
    watch = item.stash.get(INVARIANTS, None)
    if report.failed and watch is not None and not watch.was_reported:
        report.sections += [(_INVARIANTS_TITLE, text) for text in [_report_of(watch)] if text]
    recording = item.stash.get(RECORDING, None)
    if report.failed and recording is not None:
        report.sections.append((_SERIAL_TITLE, recording.timeline_text()))
    settings.redactor.redact_report(report)
    record_verdict(report, error)


def _report_of(watch: "Invariants") -> str:
    try:
        return watch.report()
    except Exception:  # noqa: BLE001  # of an invariant: the report of the test must not end the run
        return f"invariants could not be checked:\n{format_exc()}"


def _attempt_over(item: pytest.Item, number: int, _failure: pytest.TestReport | None) -> None:
    """The test is run again: keep the artifacts of the attempt, and drop what belongs only to it."""
    from hil.report.bench_record import keep_attempt

    folder = item.config.stash[SETTINGS].artifact_folder(item.nodeid)
    if folder is not None:
        keep_attempt(folder, number, has_artifacts=RECORDING in item.stash)
    keys: tuple[pytest.StashKey[Any], ...] = (RECORDING, PREPARED_RIG, INVARIANTS, CHECKS)
    for key in keys:
        if key in item.stash:
            del item.stash[key]
