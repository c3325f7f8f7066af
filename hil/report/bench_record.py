"""What the bench did for one test, and what the test leaves: user properties for all reports, and its artifacts."""

import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hil.report.attempts import attempt_number, outcome_so_far
from hil.report.firmware import MICROPYTHON_PROPERTY, firmware_properties
from hil.report.kernel_watch import KERNEL_LOG_FILE, KernelWatch
from hil.report.measurements import measurements_in
from hil.report.recording import RECORDING, Recording
from hil.report.recoveries import quarantine_property, recovery_property

if TYPE_CHECKING:
    # Costly imports: a pytest run without a rig must not pay for them.
    from hil.board.board import Board
    from hil.config.app import App
    from hil.report.artifact import Artifact
    from hil.report.redaction import Redactor
    from hil.rig import Rig

CELL_PROPERTY = "cell"
"""Name of the pytest user property with the cell in which a test was run, on a rig that has several."""
KERNEL_LOG_PROPERTY = "kernel-log"
"""Name of the pytest user property with the reason why the kernel's log could not be watched: once per run."""
RIG_TIME_PROPERTY = "rig_time_s"
"""Name of the pytest user property with the seconds of rig time that the test took, preparation included."""


class BenchRecord:
    """Records one attempt of one test, from the preparation of its boards on."""

    def __init__(
        self, item: pytest.Item, rig: "Rig", app: "App | None", kernel_watch: KernelWatch, boards: Iterable["Board"]
    ) -> None:
        """``boards`` are those that the test is about to get, with ``app`` on them."""
        self._item = item
        self._rig = rig
        self._app = app
        self._kernel_watch = kernel_watch
        self._boards = list(boards)
        self._recording = Recording(rig.clock, rig.timeline, rig.sniffer)
        self._recoveries_before = len(rig.recoveries)
        self._quarantined_before = set(rig.quarantine.reasons)
        item.stash[RECORDING] = self._recording
        # What the kernel logged between two tests belongs to neither.
        kernel_watch.take_trouble()

    def test_begins(self, boards: Iterable["Board"]) -> None:
        """The preparation is over; the test got ``boards``, some of them perhaps in place of quarantined ones."""
        self._boards = list(boards)
        self._recording.omit_preparation()

    def finish(
        self, redactor: "Redactor", folder: Path | None, artifacts: Callable[[], Mapping[str, "type[Artifact]"]]
    ) -> None:
        """Add what was recorded to the reports of the test, and write its ``artifacts`` into ``folder``, if given.

        ``redactor`` removes secrets from both.
        """
        properties = [(name, redactor.redact(value)) for name, value in self._properties()]
        self._item.user_properties += [*properties, (RIG_TIME_PROPERTY, self._recording.rig_time_s)]
        kernel_trouble = self._kernel_watch.take_trouble()
        if kernel_trouble:
            self._item.add_report_section("teardown", "kernel log (USB)", kernel_trouble)
        if folder is None:
            return
        _forget_attempts(folder, since=attempt_number(self._item))
        # Drawing and packets: costly imports.
        from hil.report.artifact import RecordedTest
        from hil.report.artifacts import artifacts_of, write_artifacts

        names = [board.name for board in self._boards]
        probe_board = self._rig.probe_board
        if probe_board is not None and self._recording.has_entries_of(probe_board.name):
            names.append(probe_board.name)
        measured, outcome = measurements_in(self._item.user_properties), outcome_so_far(self._item)
        test = RecordedTest(self._item.nodeid, names, self._recording, measured, outcome, redactor)
        write_artifacts(folder, artifacts_of(test, artifacts()))
        if kernel_trouble:
            (folder / KERNEL_LOG_FILE).write_text(kernel_trouble, encoding="utf-8")

    def _properties(self) -> list[tuple[str, str]]:
        rig, app = self._rig, self._app
        found = [recovery_property(attempt) for attempt in rig.recoveries[self._recoveries_before :]]
        found += [
            quarantine_property(board, reason)
            for board, reason in rig.quarantine.reasons.items()
            if board not in self._quarantined_before
        ]
        found += [(KERNEL_LOG_PROPERTY, text) for text in [self._kernel_watch.take_problem()] if text]
        found += [] if app is None else firmware_properties(app)
        found += [] if rig.config.cell is None else [(CELL_PROPERTY, rig.config.cell)]
        versions = {board.micropython for board in self._boards if board.micropython is not None}
        return [*found, *((MICROPYTHON_PROPERTY, version) for version in sorted(versions))]


def keep_attempt(folder: Path, number: int, *, has_artifacts: bool) -> None:
    """A test is run again: its artifacts in ``folder`` become those of attempt ``number``, in a separate folder.

    ``has_artifacts``: whether that attempt got far enough to leave any. If not, only those of earlier runs are deleted.
    """
    kept = attempt_folder(folder, number)
    shutil.rmtree(kept, ignore_errors=True)
    if has_artifacts and folder.is_dir():
        folder.rename(kept)


def _forget_attempts(folder: Path, since: int) -> None:
    """Delete the folders that an earlier run left of attempts that this one has not come to, from number ``since``."""
    for kept in folder.parent.glob("*.attempt-*"):
        name, _, number = kept.name.rpartition(".attempt-")
        if name == folder.name and number.isdecimal() and int(number) >= since:
            shutil.rmtree(kept, ignore_errors=True)


def attempt_folder(folder: Path, number: int) -> Path:
    """Where the artifacts of attempt ``number`` are once the test was run again: ``folder`` has the last attempt's."""
    return folder.with_name(f"{folder.name}.attempt-{number}")
