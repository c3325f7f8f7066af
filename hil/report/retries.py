"""Retries of the bench in reports: what went well only when it was tried again. Many of them, and a bench wears out."""

import json
from collections import Counter
from collections.abc import Generator, Iterable

import pytest

from hil.events import POWER_RETRY
from hil.report.recording import RECORDING
from hil.report.recoveries import QUARANTINE_PROPERTY, RECOVERY_PROPERTY

RETRY_PROPERTY = "power-retry"
"""Name of the pytest user property that says of which board the power port was told again: one per retry."""


class RetryNote:
    """Notes retries in the last report of each test, those since the test before and of opening the rig included."""

    def __init__(self) -> None:
        self._told = 0

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Note them."""
        report = yield
        recording = item.stash.get(RECORDING, None)
        if call.when == "teardown" and recording is not None:
            happened = recording.run_events(self._told)
            self._told += len(happened)
            retries = [(RETRY_PROPERTY, event.board) for event in happened if event.name == POWER_RETRY]
            report.user_properties = [*report.user_properties, *retries]
        return report


def retry_lines(properties: Iterable[tuple[str, object]]) -> list[str]:
    """One line per board whose power port had to be told again, from the user properties of all tests."""
    retries = Counter(str(value) for name, value in properties if name == RETRY_PROPERTY)
    return [
        f"board {board}: its power port was told again {'once' if count == 1 else f'{count} times'}"
        for board, count in sorted(retries.items())
    ]


def tally(properties: Iterable[tuple[str, object]]) -> str:
    """How much of what a run shows was not had at the first try, in a few words."""
    told = list(properties)
    retries = sum(name == RETRY_PROPERTY for name, _ in told)
    recoveries = sum(json.loads(str(value))["helped"] for name, value in told if name == RECOVERY_PROPERTY)
    lost = {json.loads(str(value))["board"] for name, value in told if name == QUARANTINE_PROPERTY}
    parts = [_counted(retries, "retry", "retries"), _counted(recoveries, "recovery", "recoveries")]
    parts += [f"{_counted(len(lost), 'board', 'boards')} quarantined"] if lost else []
    return ", ".join(parts)


def _counted(count: int, one: str, many: str) -> str:
    return f"{count or 'no'} {one if count == 1 else many}"
