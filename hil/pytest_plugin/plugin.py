"""The pytest plugin: hooks only. Without a rig it adds options and markers, and nothing else.

Whatever costs time to import (pydantic, rich, the virtual bench) is imported once a rig is given.
"""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from hil.errors import ConfigError, HilError
from hil.fixtures.boards import PREPARED_RIG
from hil.fixtures.invariants import INVARIANTS
from hil.history.options import add_history_options, record_measurements
from hil.pytest_plugin.cells import CellAssignment, distributes, workers_for
from hil.pytest_plugin.checks import run_checks
from hil.pytest_plugin.markers import MARKERS
from hil.pytest_plugin.requirements import check_requirements
from hil.pytest_plugin.settings import SETTINGS, load_settings
from hil.report.outcome import TERMINAL_STATUS, TerminalStatus, note_bench_error, note_missing_devices, outcome_of
from hil.report.recording import RECORDING
from hil.report.traceback import end_in_test

pytest_plugins = (
    "hil.fixtures.rig",
    "hil.fixtures.clock",
    "hil.fixtures.boards",
    "hil.fixtures.invariants",
    "hil.fixtures.kernel_log",
    "hil.fixtures.cluster",
    "hil.fixtures.probe",
    "hil.fixtures.measure",
    "hil.fixtures.faults",
    "hil.fixtures.timing",
)

_USAGE_ERROR = "hil_usage_error"
"""Key under which a worker of xdist tells its controller what is wrong with the tests."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options and ini values."""
    group = parser.getgroup("hil", "hardware in the loop (pico-hil)")
    group.addoption("--rig", dest="hil_rig", metavar="RIG", help="rig to test on: a rig file, or its name in rigs/")
    cell_help = "the only cell to use, of a rig that has several: docs/rig.md"
    group.addoption("--hil-cell", dest="hil_cell", metavar="CELL", help=cell_help)
    group.addoption(
        "--hil-seed", dest="hil_seed", type=int, metavar="N", help="seed of a virtual rig, in place of the rig file's"
    )
    group.addoption(
        "--hil-artifacts", dest="hil_artifacts", type=Path, metavar="DIR", help="folder for the files of each test"
    )
    group.addoption(
        "--hil-condition",
        dest="hil_condition",
        metavar="FAULTS",
        help='what happens to packets in every test, such as "loss=0.1,latency=0.05"',
    )
    folders_help = "folder in which apps are looked up, before the project's own (repeatable)"
    group.addoption(
        "--hil-firmware", dest="hil_firmware", type=Path, action="append", default=[], metavar="DIR", help=folders_help
    )
    group.addoption(
        "--hil-summary",
        dest="hil_summary",
        type=Path,
        metavar="FILE",
        help="append the closing summary to FILE as Markdown, such as $GITHUB_STEP_SUMMARY",
    )
    add_history_options(group, parser)
    parser.addini("hil_rig", "rig to test on when --rig is not given", default="")
    parser.addini(
        "hil_condition", "what happens to packets in every test when --hil-condition is not given", default=""
    )
    parser.addini("hil_firmware_path", "folders in which apps are looked up, after --hil-firmware", "paths", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Read and check the rig, before anything is collected."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    # pyserial's, of which its user must hear nothing; where warnings are errors it would keep remote links shut.
    config.addinivalue_line("filterwarnings", "ignore:set(Daemon|Name):DeprecationWarning:serial.rfc2217")
    try:
        settings = load_settings(config)
    except ConfigError as error:
        raise pytest.UsageError(str(error)) from error
    if settings is None:
        return
    config.stash[SETTINGS] = settings

    from hil.report.category import CategoryNote
    from hil.report.job_summary import write_job_summary
    from hil.report.live.display import LiveDisplay
    from hil.report.retries import RetryNote
    from hil.report.short_summary import ShortSummary
    from hil.report.terminal import TerminalReport

    terminal_report = TerminalReport(settings.cells, settings.condition)
    config.pluginmanager.register(terminal_report, "hil-terminal-report")
    config.pluginmanager.register(ShortSummary(), "hil-short-summary")
    config.pluginmanager.register(CategoryNote(), "hil-category")
    config.pluginmanager.register(RetryNote(), "hil-retries")
    config.pluginmanager.register(LiveDisplay(settings.redactor), "hil-live")
    if distributes(config):
        config.pluginmanager.register(CellAssignment(settings.cells), "hil-cell-assignment")
    if config.getoption("allure_report_dir", default=None):
        from hil.report.allure import AllureReport

        config.pluginmanager.register(AllureReport(config, settings), "hil-allure")
    try:
        record_measurements(config, settings)
        write_job_summary(config, terminal_report, settings.redactor)
    except HilError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Check what the tests ask for; prepare the boards of each, or skip it when it asks for more than the rig has."""
    settings = config.stash.get(SETTINGS, None)
    try:
        check_requirements(items, settings)
    except ConfigError as error:
        if hasattr(config, "workeroutput"):
            config.workeroutput[_USAGE_ERROR] = str(error)
        raise pytest.UsageError(str(error)) from error


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """What ``-n auto`` means, asked before the plugin is configured."""
    try:
        settings = load_settings(config)
    except ConfigError as error:
        raise pytest.UsageError(str(error)) from error
    return None if settings is None else workers_for(settings.cells)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """A worker of xdist has ended: a usage error found there is one here, not a crash."""
    text = getattr(node, "workeroutput", {}).get(_USAGE_ERROR)
    if text is not None:
        raise pytest.UsageError(text)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None]:
    """After the body of a test, check what its fixtures watched."""
    yield
    run_checks(item)


# Outermost, so that what other plugins add to a report is redacted too.
@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell bench errors from failures, show what the boards said, and keep secrets out."""
    settings = item.config.stash.get(SETTINGS, None)
    if settings is None:
        return (yield)
    if call.excinfo is not None and not item.config.getoption("fulltrace", default=False):
        end_in_test(call.excinfo.value, item.path)
    report = yield
    prepared_rig = item.stash.get(PREPARED_RIG, None)
    if report.failed and prepared_rig is not None:
        note_missing_devices(report, prepared_rig, item.user_properties)
        prepared_rig.distrust_all()
    if call.excinfo is not None:
        note_bench_error(report, call.excinfo.value, item.user_properties)
    watch = item.stash.get(INVARIANTS, None)
    if report.failed and watch is not None and not watch.was_reported:
        report.sections += [("invariants that did not hold", text) for text in [watch.report()] if text]
    recording = item.stash.get(RECORDING, None)
    if report.failed and recording is not None:
        report.sections.append(("serial log (all boards, merged by rig time)", recording.timeline_text()))
    settings.redactor.redact_report(report)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.CollectReport | pytest.TestReport) -> TerminalStatus | None:
    """Category, letter and word of outcomes that pytest does not know."""
    return TERMINAL_STATUS.get(outcome_of(report))
