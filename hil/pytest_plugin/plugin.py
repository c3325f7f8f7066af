"""The pytest plugin: hooks only. Without a rig it adds options and markers, and nothing else.

Costly modules (pydantic, rich, the virtual bench) are imported only when a rig is given.
"""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

from hil.errors import ConfigError, HilError
from hil.fixtures.checks import run_checks
from hil.fixtures.markers import MARKERS
from hil.fixtures.settings import SETTINGS
from hil.history.options import add_history_options
from hil.pytest_plugin import hookspecs
from hil.pytest_plugin.cells import workers_for
from hil.pytest_plugin.requirements import check_requirements
from hil.pytest_plugin.settings import load_settings
from hil.report.outcome import TerminalStatus, terminal_status

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
"""Key under which an xdist worker sends its controller a usage error in the tests."""


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
        help='packet faults in every test, such as "loss=0.1,latency=0.05"',
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
    parser.addini("hil_condition", "packet faults in every test when --hil-condition is not given", default="")
    parser.addini("hil_firmware_path", "folders in which apps are looked up, after --hil-firmware", "paths", default=[])


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Hooks of our own."""
    pluginmanager.add_hookspecs(hookspecs)


def pytest_configure(config: pytest.Config) -> None:
    """Read and check the rig, before anything is collected."""
    for marker in MARKERS:
        config.addinivalue_line("markers", marker)
    # pyserial's own: where warnings are errors, it would prevent remote links from opening.
    config.addinivalue_line("filterwarnings", "ignore:set(Daemon|Name):DeprecationWarning:serial.rfc2217")
    try:
        settings = load_settings(config)
    except ConfigError as error:
        raise pytest.UsageError(str(error)) from error
    if settings is None:
        return
    config.stash[SETTINGS] = settings

    from hil.pytest_plugin.reports import register_reports

    try:
        register_reports(config, settings)
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
    """After the body of a test, run the checks that its fixtures registered."""
    yield
    run_checks(item)


# Not the outermost: plugins that repeat tests, which are, must see the verdict.
@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Distinguish bench errors from failures, add the serial log, and remove secrets."""
    if SETTINGS not in item.config.stash:
        return (yield)

    from hil.pytest_plugin.reports import judge
    from hil.report.attempts import record_phase
    from hil.report.traceback import end_in_test

    error = None if call.excinfo is None else call.excinfo.value
    if error is not None and not item.config.getoption("fulltrace", default=False):
        end_in_test(error, item.path)
    report = yield
    judge(item, report, error)
    record_phase(item, report)
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_report_teststatus(report: pytest.CollectReport | pytest.TestReport) -> TerminalStatus | None:
    """Category, letter and name of outcomes that pytest does not know."""
    return terminal_status(report)
