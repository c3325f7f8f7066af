"""Commands to power ports that had to be repeated. Many of them indicate that a hub is wearing out."""

from collections import Counter
from collections.abc import Generator, Iterable

import pytest

from hil.events import POWER_RETRY, Timeline
from hil.report.recording import RECORDING

POWER_RETRY_PROPERTY = "power-retry"
"""Name of the pytest user property with the board whose power port needed a command again: one per retry."""


class PowerRetries:
    """Adds retries to the last report of each test, those since the test before and of opening the rig included."""

    def __init__(self) -> None:
        self._timeline: Timeline | None = None
        self._seen = 0

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Add them."""
        report = yield
        recording = item.stash.get(RECORDING, None)
        if call.when == "teardown" and recording is not None:
            if recording.timeline is not self._timeline:
                # The first test of the run, or the rig was closed and opened again.
                self._timeline, self._seen = recording.timeline, 0
            happened = recording.timeline.events(self._seen)
            self._seen += len(happened)
            retries = [(POWER_RETRY_PROPERTY, event.board) for event in happened if event.name == POWER_RETRY]
            item.user_properties += retries
            report.user_properties = [*report.user_properties, *retries]
        return report


def power_retry_lines(boards: Iterable[str]) -> list[str]:
    """One line per board, from the boards of all retries of commands to power ports."""
    return [
        f"board {board}: commands to its power port were repeated {'once' if count == 1 else f'{count} times'}"
        for board, count in sorted(Counter(boards).items())
    ]
