"""The base class of artifacts, and what one is made from: a test as it was recorded, without secrets."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from hil.bench.sniffer import Frame
from hil.events import Event, TimelineEntry
from hil.report.measurements import Measurement
from hil.report.recording import Recording
from hil.report.redaction import Redactor


@dataclass(frozen=True)
class ArtifactFile:
    """One file that a test leaves."""

    file: str
    """Its name within the folder of the test: without a folder, and not hidden."""
    title: str
    """What a report calls it."""
    media_type: str
    """Such as ``text/plain``: how a report shows it."""
    content: str | bytes
    """Text is encoded as UTF-8. Secrets that are in it in plain are masked, in bytes too."""


class RecordedTest:
    """One attempt of a test, for artifacts. Secrets of the rig are masked in everything that is read here."""

    def __init__(
        self,
        nodeid: str,
        boards: Sequence[str],
        recording: Recording,
        measurements: Iterable[Measurement],
        outcome: str,
        redactor: Redactor,
    ) -> None:
        self.nodeid = redactor.redact(nodeid)
        """pytest's name of the test."""
        self.boards = tuple(boards)
        """The names of its boards: the AP, then the clients, then the probe's board if it did anything."""
        self.measurements = tuple(
            replace(measured, name=redactor.redact(measured.name), unit=redactor.redact(measured.unit))
            for measured in measurements
        )
        """What it measured, in order."""
        self.outcome = outcome
        """The worst outcome of its setup and body, such as ``passed``: see ``hil/report/outcome.py``."""
        self._recording = recording
        self._redactor = redactor

    @property
    def began_s(self) -> float:
        """Rig time at which the test began. Files count from it, so that they do not depend on earlier tests."""
        return self._recording.began_s

    @property
    def now_s(self) -> float:
        """Rig time."""
        return self._recording.now_s

    def time_text(self, time_s: float) -> str:
        """``time_s`` as text: seconds since the test began."""
        return self._recording.time_text(time_s)

    @cached_property
    def entries(self) -> tuple[TimelineEntry, ...]:
        """Everything that happened since the boards were prepared, by time."""

        def clean(event: Event) -> Event:
            fields = {name: self.redact(value) for name, value in event.fields.items()}
            return replace(event, fields=fields, line=self.redact(event.line))

        return tuple(
            replace(entry, text=self.redact(entry.text), events=tuple(clean(event) for event in entry.events))
            for entry in self._recording.entries()
        )

    def frames(self) -> list[Frame] | None:
        """What was on the air, oldest first; None on a bench without a sniffer.

        A secret in a payload is masked in place. The checksum of that packet stays, and is then wrong.
        """
        frames = self._recording.frames()
        if frames is None:
            return None
        return [replace(frame, data=self._redactor.redact_bytes(frame.data)) for frame in frames]

    def timeline_text(self) -> str:
        """Everything that happened, one line each: seconds since the test began, source, kind, text."""
        return self.redact(self._recording.timeline_text())

    def serial_text(self, board: str) -> str:
        """What ``board`` wrote to its serial line, one line each: seconds since the test began, text."""
        return self.redact(self._recording.serial_text(board))

    def redact(self, text: str) -> str:
        """``text`` with every secret replaced by ``***``: for text from elsewhere that is drawn or compressed."""
        return self._redactor.redact(text)

    def redact_bytes(self, data: bytes) -> bytes:
        """``data`` with every secret replaced by as many asterisks."""
        return self._redactor.redact_bytes(data)


class Artifact(ABC):
    """Makes files from a test that is over. Made without arguments, once per attempt of each test.

    What it raises is written into a file in place of its own, and is a warning; the other artifacts are written.
    """

    @abstractmethod
    def files(self, test: RecordedTest) -> Iterable[ArtifactFile]:
        """The files that ``test`` leaves; none if there is nothing to show.

        The same test with the same seed must give the same bytes: no time of day, no absolute path.
        """
