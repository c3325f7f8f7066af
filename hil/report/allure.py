"""Allure: adds what the bench knows to the results that ``--alluredir`` collects. Active in workers of xdist too."""

from collections.abc import Callable, Generator, Mapping, Sequence
from copy import deepcopy
from pathlib import Path
from uuid import uuid4

import allure_commons
import pytest
from allure_commons.model2 import Attachment, Label, Parameter, Status, StatusDetails, TestResult
from allure_commons.utils import now

from hil.config.rig import RigConfig
from hil.faults.condition import Condition
from hil.report import allure_result, outcome
from hil.report.allure_run import write_run
from hil.report.allure_writer import redact_results
from hil.report.artifact import Artifact, RecordedTest
from hil.report.artifacts import artifacts_of
from hil.report.attempts import attempt_number, last_error, outcome_so_far
from hil.report.category import BLOCKED, category_of
from hil.report.measurements import measurements_in
from hil.report.recording import RECORDING
from hil.report.redaction import Redactor
from hil.report.result_collector import ResultCollector

_SHOWN_OUTCOME = pytest.StashKey[str]()
"""The outcome of the phase whose failure Allure's result shows."""


class AllureReport:
    """Adds rig, boards, firmware, bench and category. Registered when ``--alluredir`` is given."""

    def __init__(
        self,
        config: pytest.Config,
        rig: RigConfig,
        condition: Condition,
        redactor: Redactor,
        collector: ResultCollector,
        artifacts: Callable[[], Mapping[str, type[Artifact]]],
    ) -> None:
        self._config = config
        self._rig = rig
        self._condition = condition
        self._redactor = redactor
        self._collector = collector
        self._artifacts = artifacts
        self._folder = Path(config.getoption("allure_report_dir")).absolute()

    def pytest_sessionstart(self) -> None:
        """Keep secrets out of everything that Allure writes."""
        redact_results(self._config, self._folder, self._redactor)

    # Outermost: by then the report has its verdict, and Allure has its result of this phase.
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add the reason of a failure to Allure's result, and at the end of the test its artifacts."""
        before = attempt_number(item)
        report = yield
        result = self._result()
        if result is None:
            return report
        error = None if call.excinfo is None else call.excinfo.value
        if attempt_number(item) != before:
            # pytest-retry: the report is that of the last attempt, of which Allure knows nothing.
            error = last_error(item)
            result.status = Status.PASSED
        if report.failed and _is_worse(outcome.outcome_of(report), item.stash.get(_SHOWN_OUTCOME, outcome.PASSED)):
            item.stash[_SHOWN_OUTCOME] = outcome.outcome_of(report)
            self._add_failure(result, item, report, error)
        if report.when == "setup":
            _name_case(result, item)
            self._add_parameters(result)
        if report.when == "teardown":
            self._add_bench(result, item, report.user_properties)
        return report

    def attempt_over(self, item: pytest.Item, _number: int, failure: pytest.TestReport | None) -> None:
        """The test is run again: give the finished attempt its own result, which Allure shows as a retry."""
        result = self._result()
        if result is not None:
            # Where it is None, Allure has written the result: it does for plugins that call its hooks per attempt.
            over = deepcopy(result)
            over.uuid, over.stop = str(uuid4()), now()  # type: ignore[no-untyped-call]
            if failure is not None:
                over.status = Status.FAILED
                self._add_failure(over, item, failure, last_error(item))
            self._add_bench(over, item, item.user_properties)
            allure_commons.plugin_manager.hook.report_result(result=over)
            result.status, result.statusDetails = Status.PASSED, None
            result.start = now()  # type: ignore[no-untyped-call]
            result.steps, result.attachments, result.labels, result.links = [], [], [], []
        if _SHOWN_OUTCOME in item.stash:
            del item.stash[_SHOWN_OUTCOME]

    def pytest_sessionfinish(self) -> None:
        """Write the files of the complete run; workers leave that to their controller."""
        if not hasattr(self._config, "workerinput"):
            write_run(
                self._folder,
                rig=self._rig,
                condition=self._condition,
                attempts=self._collector.attempts(),
                root=self._config.rootpath,
                redactor=self._redactor,
            )

    def _result(self) -> TestResult | None:
        listener = self._config.pluginmanager.get_plugin("allure_listener")
        return None if listener is None else listener.allure_logger.get_test(None)

    def _boards(self, item: pytest.Item) -> list[str]:
        """The boards of the test; all of the rig if the test did not get any."""
        funcargs = getattr(item, "funcargs", None) or {}
        return list(funcargs.get("hil_prepared_boards", self._rig.boards))

    def _add_failure(
        self, result: TestResult, item: pytest.Item, report: pytest.TestReport, error: BaseException | None
    ) -> None:
        category = category_of(report)
        text = outcome.reason_of(report) if category == BLOCKED else _failure_text(error, report)
        recording = item.stash.get(RECORDING, None)
        result.status = allure_result.CATEGORIES[category]
        result.statusDetails = StatusDetails(
            message=allure_result.first_screen(category, text, self._boards(item), recording), trace=report.longreprtext
        )
        result.labels = [label for label in result.labels if label.name != allure_result.CATEGORY_LABEL]
        result.labels.append(Label(allure_result.CATEGORY_LABEL, category))

    def _add_parameters(self, result: TestResult) -> None:
        # Part of a test's identity, so that the history of one rig is not that of another.
        result.parameters.append(Parameter(name="rig", value=self._rig.name))
        if not self._condition.is_clear:
            result.parameters.append(Parameter(name="condition", value=self._condition.text))
        if self._rig.is_virtual:
            result.parameters.append(Parameter(name="seed", value=str(self._rig.virtual.seed), excluded=True))

    def _add_bench(self, result: TestResult, item: pytest.Item, properties: Sequence[tuple[str, object]]) -> None:
        boards = self._boards(item)
        result.labels += allure_result.labels(self._rig.name, boards, properties)
        recording = item.stash.get(RECORDING, None)
        if recording is None:
            return
        result.steps += allure_result.bench_steps(recording)
        measured = measurements_in(properties)
        test = RecordedTest(item.nodeid, boards, recording, measured, outcome_so_far(item), self._redactor)
        for file in artifacts_of(test, self._artifacts()):
            name = f"{uuid4()}-attachment{Path(file.file).suffix}"
            allure_commons.plugin_manager.hook.report_attached_data(body=file.content, file_name=name)
            result.attachments.append(Attachment(name=file.title, source=name, type=file.media_type))


def _is_worse(found: str, shown: str) -> bool:
    """Whether ``found`` replaces ``shown``: of equally bad phases the first counts, as in the closing summary."""
    return outcome.OUTCOMES.index(found) > outcome.OUTCOMES.index(shown)


def _name_case(result: TestResult, item: pytest.Item) -> None:
    """Let pytest's id of the parameters, unique and the same in every run, identify the test in Allure.

    Allure itself writes ``<class 'bytes'>`` for all bytes, and would take tests of several datagrams for retries of
    one, of which it shows the last. Of other objects it writes addresses, which differ from run to run.
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


def _failure_text(error: BaseException | None, report: pytest.TestReport) -> str:
    """What went wrong, as written in the error and its notes: our errors state what was expected."""
    if error is None:
        return report.longreprtext
    text = str(error) or type(error).__name__
    return "\n".join([text, *getattr(error, "__notes__", [])])
