"""What pytest's terminal says about the rig: a header, bench errors in a section of their own, the closing summary."""

import textwrap
from collections.abc import Sequence
from typing import Any

import pytest

from hil.clock import MonotonicClock
from hil.config.rig import RigConfig
from hil.faults.condition import Condition
from hil.pytest_plugin.requirements import APP
from hil.report.category import noted_category
from hil.report.firmware import firmware_in, firmware_properties
from hil.report.measurements import measurements_in
from hil.report.outcome import BENCH_ERROR, OUTCOMES, PASSED, outcome_of
from hil.report.recording import RIG_TIME_PROPERTY
from hil.report.recoveries import KERNEL_LOG_PROPERTY, recovery_lines
from hil.report.retries import retry_lines, tally
from hil.report.summary import TestResult, render


class TerminalReport:
    """Collects the reports of all tests, of all xdist workers too, and shows what pytest itself does not."""

    def __init__(self, cells: Sequence[RigConfig], condition: Condition) -> None:
        """``cells``: those that the processes of this run work on."""
        self._rig = cells[0]
        self._cells = cells
        self._condition = condition
        self._host_clock = MonotonicClock()
        self._reports: dict[str, list[pytest.TestReport]] = {}

    def pytest_report_header(self) -> list[str]:
        """What rig this is, at the start: a line, and one for each cell of a rig that has several."""
        if self._rig.cell is None:
            return [f"rig: {self.title}, {_described(self._rig)}"]
        return [f"rig: {self.title}", *(f"cell: {cell.cell}, {_described(cell)}" for cell in self._cells)]

    def pytest_report_collectionfinish(self, config: pytest.Config, items: Sequence[pytest.Item]) -> list[str]:
        """Before the first test: the firmware that the boards get. Workers of xdist collect elsewhere."""
        apps = {app.name: app for item in items if (app := item.stash.get(APP, None)) is not None}
        firmware = firmware_in(entry for app in apps.values() for entry in firmware_properties(app))
        return _firmware_lines(firmware, config.get_terminal_writer().fullwidth)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note one phase of one test."""
        self._reports.setdefault(report.nodeid, []).append(report)

    def results(self) -> list[TestResult]:
        """What became of each test so far, in the order in which they began."""
        return [result for nodeid, reports in self._reports.items() if (result := _result(nodeid, reports))]

    def pytest_terminal_summary(self, terminalreporter: Any, config: pytest.Config) -> None:
        """Show bench errors, which pytest lists nowhere, then the summary."""
        self._show_bench_errors(terminalreporter)
        results = self.results()
        if not results:
            return
        terminalreporter.write_sep("=", f"rig {self.title}", bold=True)
        writer = config.get_terminal_writer()
        terminalreporter.write_line(render(results, writer.fullwidth, writer.hasmarkup))
        terminalreporter.write_line("")
        last = [reports[-1] for reports in self._reports.values()]
        properties = [entry for report in last for entry in report.user_properties]
        for line in _firmware_lines(firmware_in(properties), writer.fullwidth):
            terminalreporter.write_line(line)
        for line in (*retry_lines(properties), *recovery_lines(properties), *_told_once(properties)):
            terminalreporter.write_line(line, yellow=True)
        rig_time_s = sum(_rig_time_s(reports[-1]) for reports in self._reports.values())
        terminalreporter.write_line(tally(properties))
        terminalreporter.write_line(f"{rig_time_s:.0f} s of rig time in {self._host_clock.now():.1f} s")

    @property
    def title(self) -> str:
        """The rig and what its run depends on."""
        virtual = any(hub.driver == "virtual" for hub in self._rig.hubs.values())
        seed = f", seed {self._rig.virtual.seed}" if virtual else ""
        condition = "" if self._condition.is_clear else f", condition {self._condition.text}"
        return f"{self._rig.name}{seed}{condition}"

    def _show_bench_errors(self, terminalreporter: Any) -> None:
        reports = terminalreporter.getreports(BENCH_ERROR)
        if not reports:
            return
        terminalreporter.write_sep("=", "BENCH ERRORS")
        for report in reports:
            terminalreporter.write_sep("_", f"{report.when} of {report.nodeid}", yellow=True, bold=True)
            terminalreporter.write_line(report.longreprtext)
            for title, content in report.sections:
                terminalreporter.write_sep("-", title)
                terminalreporter.write_line(content)


def _firmware_lines(firmware: Sequence[str], width: int) -> list[str]:
    """What the boards held, in lines of at most ``width`` columns; no line when they held nothing."""
    # A name and its digest stay together.
    text = ", ".join(entry.replace(" ", "\0") for entry in firmware)
    label = "firmware: "
    lines = textwrap.wrap(text, width - len(label), break_long_words=False, break_on_hyphens=False)
    starts = [label, *[" " * len(label)] * len(lines)]
    return [start + line.replace("\0", " ") for start, line in zip(starts, lines, strict=False)]


def _described(cell: RigConfig) -> str:
    clients = " ".join(board.name for board in cell.client_boards) or "none"
    probe = "none" if cell.probe is None else cell.probe.driver
    return f"AP {cell.ap_board.name}, clients {clients}, probe {probe}"


def _result(nodeid: str, reports: list[pytest.TestReport]) -> TestResult | None:
    """What became of a test; None when it was interrupted: a verdict must be earned."""
    worst = max((outcome_of(report) for report in reports), key=OUTCOMES.index)
    if worst == PASSED and reports[-1].when != "teardown":
        return None
    # User properties accumulate over the phases: the last phase has them all.
    return TestResult(
        nodeid=nodeid,
        outcome=worst,
        measurements=tuple(measurements_in(reports[-1].user_properties)),
        category=next((noted_category(report) for report in reports if outcome_of(report) == worst), ""),
        rig_time_s=_rig_time_s(reports[-1]),
        took_s=sum(report.duration for report in reports),
    )


def _told_once(properties: list[tuple[str, object]]) -> list[str]:
    return sorted({str(value) for name, value in properties if name == KERNEL_LOG_PROPERTY})


def _rig_time_s(report: pytest.TestReport) -> float:
    return sum(float(str(value)) for name, value in report.user_properties if name == RIG_TIME_PROPERTY)
