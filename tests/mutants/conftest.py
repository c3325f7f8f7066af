"""The table of mutants at the end of a run of this folder."""

import pytest

from tests.mutants.run import MUTANT_PROPERTY


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print which tests caught each mutant."""
    rows: list[tuple[str, str, list[str]]] = []
    for outcome, verdict in (("passed", "caught"), ("failed", "NOT AS MEANT")):
        for report in terminalreporter.getreports(outcome):
            properties = dict(report.user_properties)
            if report.when == "call" and MUTANT_PROPERTY in properties:
                name, failed = properties[MUTANT_PROPERTY]
                rows.append((name, verdict, failed))
    if not rows:
        return
    terminalreporter.section(f"{len(rows)} mutants")
    width = max(len(name) for name, _, _ in rows)
    for name, verdict, failed in sorted(rows):
        tests = [test.removeprefix("testplans/") for test in failed] or ["nothing"]
        for number, test in enumerate(tests):
            shown = f"{name:<{width}}  {verdict}  " if number == 0 else " " * (width + len(verdict) + 4)
            terminalreporter.write_line(f"{shown}{test}")
