"""What pytest's terminal shows about the rig: a header, a section with bench errors, the closing summary."""

import textwrap
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from hil.clock import MonotonicClock
from hil.config.app import App
from hil.config.rig import RigConfig
from hil.faults.condition import Condition
from hil.report.firmware import firmware_in, firmware_properties
from hil.report.outcome import BENCH_ERROR
from hil.report.power_retries import power_retry_lines
from hil.report.recoveries import recovery_lines
from hil.report.repeats import attempt_lines, repeats_text
from hil.report.result_collector import ResultCollector
from hil.report.results import Attempt
from hil.report.summary import render


class TerminalReport:
    """Shows what pytest itself does not report."""

    def __init__(
        self,
        cells: Sequence[RigConfig],
        condition: Condition,
        collector: ResultCollector,
        app_of: Callable[[pytest.Item], App | None],
    ) -> None:
        """``cells`` are those that the processes of this run work on; ``app_of`` returns what a test's boards get."""
        self._rig = cells[0]
        self._cells = cells
        self._condition = condition
        self._host_clock = MonotonicClock()
        self._collector = collector
        self._app_of = app_of

    def pytest_report_header(self) -> list[str]:
        """The rig, in a line; with a line for each cell of a rig that has several."""
        if self._rig.cell is None:
            return [f"rig: {self.title}, {_described(self._rig)}"]
        return [f"rig: {self.title}", *(f"cell: {cell.cell}, {_described(cell)}" for cell in self._cells)]

    def pytest_report_collectionfinish(self, config: pytest.Config, items: Sequence[pytest.Item]) -> list[str]:
        """Before the first test: the firmware that the boards get. With xdist, the workers collect."""
        apps = {app.name: app for item in items if (app := self._app_of(item)) is not None}
        firmware = firmware_in(entry for app in apps.values() for entry in firmware_properties(app))
        return _firmware_lines(firmware, config.get_terminal_writer().fullwidth)

    def pytest_terminal_summary(self, terminalreporter: Any, config: pytest.Config) -> None:
        """Show bench errors, which pytest does not list, then the summary."""
        self._show_bench_errors(terminalreporter)
        results, attempts = self._collector.results(), self._collector.attempts()
        if not results:
            return
        terminalreporter.write_sep("=", f"rig {self.title}", bold=True)
        writer = config.get_terminal_writer()
        terminalreporter.write_line(render(results, writer.fullwidth, writer.hasmarkup))
        terminalreporter.write_line("")
        firmware = sorted({name for attempt in attempts for name in attempt.firmware})
        for line in _firmware_lines(firmware, writer.fullwidth):
            terminalreporter.write_line(line)
        for line in (*attempt_lines(results), *_bench_lines(attempts)):
            terminalreporter.write_line(line, yellow=True)
        rig_time_s = sum(attempt.rig_time_s for attempt in attempts)
        terminalreporter.write_line(repeats_text(attempts, results))
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
    """What the boards held, in lines of at most ``width`` columns; none if they held nothing."""
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


def _bench_lines(attempts: Sequence[Attempt]) -> list[str]:
    """What the bench had to repeat, and what it could not watch."""
    return [
        *power_retry_lines(board for attempt in attempts for board in attempt.power_retries),
        *recovery_lines(
            (recovery for attempt in attempts for recovery in attempt.recoveries),
            (lost for attempt in attempts for lost in attempt.quarantined),
        ),
        *sorted({problem for attempt in attempts for problem in attempt.kernel_log_problems}),
    ]
