"""pytest's options for measurements as data, and what they switch on."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hil.errors import ConfigError

if TYPE_CHECKING:
    from hil.fixtures.settings import Settings
    from hil.report.result_collector import ResultCollector


def add_history_options(group: pytest.OptionGroup, parser: pytest.Parser) -> None:
    """The options of this package."""
    log_help = "write every measurement to FILE, one line of JSON each, in place of an earlier run's"
    group.addoption("--hil-measurements", dest="hil_measurements", type=Path, metavar="FILE", help=log_help)
    history_help = "add the measurements to the history in FILE (SQLite), and compare them with earlier runs"
    group.addoption("--hil-history", dest="hil_history", type=Path, metavar="FILE", help=history_help)
    group.addoption(
        "--hil-fail-on-regression",
        dest="hil_fail_on_regression",
        action="store_true",
        help="fail the run when a measurement got worse than in earlier runs: see `hil trend --help`",
    )
    parser.addini("hil_history", "history of measurements when --hil-history is not given", default="")


def record_measurements(config: pytest.Config, settings: "Settings", collector: "ResultCollector") -> None:
    """Register the recorder that the options ask for. Raises ``HilError`` for files that cannot be used."""
    log, history = config.getoption("hil_measurements"), _history(config)
    fail_on_regression = config.getoption("hil_fail_on_regression")
    if fail_on_regression and history is None:
        raise ConfigError("--hil-fail-on-regression needs earlier runs to compare with; give --hil-history FILE")
    if (log is None and history is None) or config.getoption("collectonly") or hasattr(config, "workerinput"):
        return

    from uuid import uuid4

    from hil.history.recorder import MeasurementRecorder
    from hil.report.measurement_log import new_run
    from hil.report.revision import git_revision

    rig = settings.rig
    run = new_run(
        began=datetime.now(UTC),
        suffix=uuid4().hex[:8],
        rig=rig.name,
        condition=settings.condition.text,
        seed=rig.virtual.seed if rig.is_virtual else None,
        revision=git_revision(config.rootpath),
    )
    recorder = MeasurementRecorder(
        run, collector, settings.redactor, log=log, history=history, fail_on_regression=fail_on_regression
    )
    config.pluginmanager.register(recorder, "hil-measurement-recorder")


def _history(config: pytest.Config) -> Path | None:
    given: Path | None = config.getoption("hil_history")
    written = str(config.getini("hil_history"))
    if given is not None:
        return given
    # The ini file's value is relative to the root folder, not to the folder that pytest was started in.
    return config.rootpath / written if written else None
