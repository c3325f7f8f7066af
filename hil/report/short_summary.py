"""Bench errors and blocked tests in pytest's short test summary, which only knows pytest's own outcomes."""

from collections.abc import Generator
from typing import Any

import pytest

from hil.report.outcome import BENCH_ERROR, BLOCKED, TERMINAL_STATUS, outcome_of, reason_of

_PYTESTS_OWN = {"f": "failed", "E": "error", "x": "xfailed", "X": "xpassed", "s": "skipped", "p": "passed"}
"""Characters of pytest's option ``-r``, and the statistics that each lists in the short test summary."""


class ShortSummary:
    """Adds one line per bench error and blocked test, when pytest shows one per error: ``-rE``, its default."""

    # Outermost, so that the lines come after pytest's own.
    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(self, terminalreporter: Any) -> Generator[None]:
        """Let pytest and other plugins write, then add the lines."""
        yield
        shown = terminalreporter.reportchars
        reports = [*terminalreporter.getreports(BENCH_ERROR), *terminalreporter.getreports(BLOCKED)]
        if "E" not in shown or not reports or getattr(terminalreporter, "no_summary", False):
            return
        if not any(terminalreporter.stats.get(_PYTESTS_OWN[char]) for char in shown if char in _PYTESTS_OWN):
            terminalreporter.write_sep("=", "short test summary info", cyan=True, bold=True)
        for report in reports:
            word, markup = TERMINAL_STATUS[outcome_of(report)][2]
            terminalreporter.write(word, **markup)
            terminalreporter.write_line(f" {report.nodeid} - {reason_of(report)}")
