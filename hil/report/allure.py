"""Allure: what ``--alluredir`` collects, made to say what a bench has to say. Active in workers of xdist too."""

import json
import os
import platform
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

import allure_commons
import pytest
from allure_commons.logger import AllureFileLogger
from allure_commons.model2 import Attachment, Label, Parameter, StatusDetails, TestResult

from hil.pytest_plugin.settings import Settings
from hil.report import allure_result, outcome
from hil.report.artifacts import artifacts_of
from hil.report.category import BLOCKED, category_of
from hil.report.firmware import MICROPYTHON_PROPERTY, firmware_in
from hil.report.measurements import measurements_in
from hil.report.recording import RECORDING
from hil.report.redaction import Redactor
from hil.report.revision import git_revision

_TOLD_OUTCOME = pytest.StashKey[str]()
"""Of the phase whose failure Allure's result tells."""


class RedactedResults(AllureFileLogger):
    """Writes what Allure collects without the secrets: results, fixtures, and attachments of whoever attached them."""

    def __init__(self, folder: Path, redactor: Redactor) -> None:
        super().__init__(folder)  # type: ignore[no-untyped-call]
        self._redactor = redactor

    def _report_item(self, item: Any) -> None:
        super()._report_item(self._clean(item))  # type: ignore[no-untyped-call]

    @allure_commons.hookimpl
    def report_attached_file(self, source: str, file_name: str) -> None:
        self.report_attached_data(Path(source).read_bytes(), file_name)

    @allure_commons.hookimpl
    def report_attached_data(self, body: str | bytes, file_name: str) -> None:
        data = body.encode("utf-8", "backslashreplace") if isinstance(body, str) else body
        super().report_attached_data(self._redactor.redact_bytes(data), file_name)  # type: ignore[no-untyped-call]

    def _clean(self, item: Any) -> Any:
        """``item`` of Allure's model, or a list or text in it, redacted in place."""
        if isinstance(item, str):
            return self._redactor.redact(item)
        if isinstance(item, list):
            return [self._clean(inner) for inner in item]
        for name in getattr(item, "__dict__", {}):
            setattr(item, name, self._clean(getattr(item, name)))
        return item


class AllureReport:
    """Tells Allure about rig, boards, firmware, bench and category. Registered when ``--alluredir`` is given."""

    def __init__(self, config: pytest.Config, settings: Settings) -> None:
        self._config = config
        self._settings = settings
        self._folder = Path(config.getoption("allure_report_dir")).absolute()
        self._properties: list[tuple[str, Any]] = []
        self._micropython: set[str] = set()

    def pytest_sessionstart(self) -> None:
        """Put the writer that redacts in the place of Allure's own, until the end."""
        manager = allure_commons.plugin_manager
        own = RedactedResults(self._folder, self._settings.redactor)
        for writer in [each for each in manager.get_plugins() if type(each) is AllureFileLogger]:
            name = manager.get_name(writer)
            manager.unregister(writer)
            manager.register(own, name)

            def put_back(writer: AllureFileLogger = writer, name: str = name) -> None:
                # Allure looks for the one that it registered.
                manager.unregister(own)
                manager.register(writer, name)

            self._config.add_cleanup(put_back)

    # Outermost: the report has its outcome by then, and Allure its result of this phase.
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Say in Allure's result why a test failed, and at its end what it leaves."""
        report = yield
        result = self._result()
        if result is None:
            return report
        boards = self._boards(item)
        if report.failed and _is_worse(outcome.outcome_of(report), item.stash.get(_TOLD_OUTCOME, outcome.PASSED)):
            item.stash[_TOLD_OUTCOME] = outcome.outcome_of(report)
            self._tell_failure(result, item, call, report, boards)
        if report.when == "setup":
            _name_case(result, item)
            self._add_parameters(result)
        if report.when == "teardown":
            result.labels += allure_result.labels(self._settings.rig.name, boards, report.user_properties)
            self._attach(result, item, report, boards)
        return report

    def _result(self) -> TestResult | None:
        listener = self._config.pluginmanager.get_plugin("allure_listener")
        return None if listener is None else listener.allure_logger.get_test(None)

    def _boards(self, item: pytest.Item) -> list[str]:
        """The boards of the test; all of the rig when it did not get so far."""
        funcargs = getattr(item, "funcargs", None) or {}
        return list(funcargs.get("hil_prepared_boards", self._settings.rig.boards))

    def _tell_failure(
        self,
        result: TestResult,
        item: pytest.Item,
        call: pytest.CallInfo[None],
        report: pytest.TestReport,
        boards: list[str],
    ) -> None:
        category = category_of(report, call)
        failure = outcome.reason_of(report) if category == BLOCKED else _failure_text(call, report)
        recording = item.stash.get(RECORDING, None)
        result.status = allure_result.CATEGORIES[category]
        result.statusDetails = StatusDetails(
            message=allure_result.first_screen(category, failure, boards, recording), trace=report.longreprtext
        )
        result.labels = [label for label in result.labels if label.name != allure_result.CATEGORY_LABEL]
        result.labels.append(Label(allure_result.CATEGORY_LABEL, category))

    def _add_parameters(self, result: TestResult) -> None:
        # Part of a test's identity, so that the history of one rig is not that of another.
        result.parameters.append(Parameter(name="rig", value=self._settings.rig.name))
        if not self._settings.condition.is_clear:
            result.parameters.append(Parameter(name="condition", value=self._settings.condition.text))
        if self._settings.rig.is_virtual:
            seed = str(self._settings.rig.virtual.seed)
            result.parameters.append(Parameter(name="seed", value=seed, excluded=True))

    def _attach(self, result: TestResult, item: pytest.Item, report: pytest.TestReport, boards: list[str]) -> None:
        recording = item.stash.get(RECORDING, None)
        if recording is None:
            return
        result.steps += allure_result.bench_steps(recording)
        measured = measurements_in(report.user_properties)
        for artifact in artifacts_of(item.nodeid, boards, recording, measured, self._settings.redactor):
            name = f"{uuid4()}-attachment{Path(artifact.file).suffix}"
            allure_commons.plugin_manager.hook.report_attached_data(body=artifact.content, file_name=name)
            result.attachments.append(Attachment(name=artifact.title, source=name, type=artifact.media_type))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember what tests, those of workers too, say about firmware."""
        if report.when == "teardown":
            self._properties += report.user_properties
            self._micropython |= {str(value) for name, value in report.user_properties if name == MICROPYTHON_PROPERTY}

    def pytest_sessionfinish(self) -> None:
        """Write what belongs to the whole run; workers leave that to their controller."""
        if hasattr(self._config, "workerinput"):
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        self._write("environment.properties", _java_properties(self._environment()))
        categories = [
            {"name": name, "messageRegex": f"(?s){name}: .*", "matchedStatuses": [status]}
            for name, status in allure_result.CATEGORIES.items()
        ]
        self._write("categories.json", json.dumps(categories, indent=2) + "\n")
        if executor := executor_of(os.environ):
            self._write("executor.json", json.dumps(executor, indent=2) + "\n")

    def _write(self, name: str, text: str) -> None:
        (self._folder / name).write_text(self._settings.redactor.redact(text), encoding="utf-8")

    def _environment(self) -> dict[str, str]:
        rig = self._settings.rig
        told = {
            "rig": rig.name,
            "boards": ", ".join(rig.boards),
            "bench": "virtual" if rig.is_virtual else "real",
            "seed": str(rig.virtual.seed) if rig.is_virtual else "",
            "condition": self._settings.condition.text,
            "MicroPython": ", ".join(sorted(self._micropython)),
            "firmware": ", ".join(firmware_in(self._properties)),
            "git revision": git_revision(self._config.rootpath) or "",
            "Python": platform.python_version(),
        }
        return {name: value for name, value in told.items() if value}


def _is_worse(found: str, told: str) -> bool:
    """Whether ``found`` says more about the test: the first of the worst phases does, as in the closing summary."""
    return outcome.OUTCOMES.index(found) > outcome.OUTCOMES.index(told)


def _name_case(result: TestResult, item: pytest.Item) -> None:
    """Let pytest's id of the parameters, which is unique and the same in every run, tell apart what Allure compares.

    Allure itself writes ``<class 'bytes'>`` for all bytes, and would take the tests of several datagrams for retries of
    one, of which it shows the last; and of other objects it writes addresses, with which no run is like another.
    """
    callspec = getattr(item, "callspec", None)
    if callspec is None:
        return
    for parameter in result.parameters:
        value = callspec.params.get(parameter.name)
        if parameter.name in callspec.params:
            parameter.excluded = True
            if isinstance(value, bytes | bytearray):
                parameter.value = repr(value)
    result.parameters.append(Parameter(name="case", value=callspec.id))


def _failure_text(call: pytest.CallInfo[None], report: pytest.TestReport) -> str:
    """What went wrong, in the words of the error, its notes included: our errors say what was expected."""
    if call.excinfo is None:
        return report.longreprtext
    error = call.excinfo.value
    text = str(error) or type(error).__name__
    return "\n".join([text, *getattr(error, "__notes__", [])])


def executor_of(environ: Mapping[str, str]) -> dict[str, Any]:
    """Which CI server runs this, for Allure's executor; empty when none does. Knows GitHub Actions."""
    if environ.get("GITHUB_ACTIONS") != "true":
        return {}
    server, repository, run = (environ.get(f"GITHUB_{name}", "") for name in ("SERVER_URL", "REPOSITORY", "RUN_ID"))
    return {
        "name": "GitHub Actions",
        "type": "github",
        "buildName": f"{environ.get('GITHUB_WORKFLOW', 'run')} #{environ.get('GITHUB_RUN_NUMBER', '?')}",
        "buildOrder": int(environ.get("GITHUB_RUN_NUMBER", "0")),
        "buildUrl": f"{server}/{repository}/actions/runs/{run}",
    }


def _java_properties(values: Mapping[str, str]) -> str:
    lines = (f"{name.replace(' ', '.')}={value}" for name, value in values.items())
    return "".join(line.replace("\\", "\\\\").replace("\n", " ") + "\n" for line in lines)
