"""The recording of one test: its part of the rig's timeline, as text."""

import pytest

from hil.bench.sniffer import Frame, Sniffer
from hil.clock import Clock
from hil.events import Timeline, TimelineEntry


class Recording:
    """What happens on the rig during one test, for its reports. Valid until the next test begins."""

    def __init__(self, clock: Clock, timeline: Timeline, sniffer: Sniffer | None = None) -> None:
        self._clock = clock
        self._sniffer = sniffer
        self._timeline = timeline
        self._occupied_since_s = clock.now()
        self._first = self._mark = timeline.mark()
        timeline.begin(clock.now())

    def omit_preparation(self) -> None:
        """The boards are prepared: the test begins, and earlier entries are left out."""
        self._mark = self._timeline.mark()

    @property
    def rig_time_s(self) -> float:
        """Seconds of rig time since the recording was made."""
        return round(self._clock.now() - self._occupied_since_s, 6)

    @property
    def began_s(self) -> float:
        """Rig time at which the test began. Reports count from it."""
        return self._timeline.begun_s

    @property
    def now_s(self) -> float:
        """Rig time."""
        return self._clock.now()

    def entries(self) -> list[TimelineEntry]:
        """Everything that happened, by time."""
        return self._timeline.entries(self._mark)

    def preparation(self) -> list[TimelineEntry]:
        """What was done to prepare the boards; empty until they are prepared."""
        return self._timeline.entries(self._first)[: self._mark - self._first]

    @property
    def timeline(self) -> Timeline:
        """The timeline of the rig: of the run, so that it has what came before this test too."""
        return self._timeline

    def time_text(self, time_s: float) -> str:
        """``time_s`` as text: seconds since the test began."""
        return self._timeline.time_text(time_s)

    def frames(self) -> list[Frame] | None:
        """What was on the air since the boards were prepared; None on a bench without a sniffer."""
        return None if self._sniffer is None else self._sniffer.frames()

    def has_entries_of(self, source: str) -> bool:
        """Whether anything happened to ``source``, a board for example."""
        return any(entry.source == source for entry in self.entries())

    def timeline_text(self) -> str:
        """Everything that happened, one line each: seconds since the test began, source, kind, text.

        Without ``raw`` entries: what a probe's board reports is here as what the probe sends and hears.
        """
        return self._timeline.text([entry for entry in self.entries() if entry.kind != "raw"])

    def serial_text(self, board: str) -> str:
        """What ``board`` wrote to its serial line, one line each: seconds since the test began, text.

        A line in dashes marks where its serial device came or went, and output may be missing.
        """
        shown = {"serial": "{}", "raw": "{}", "link": "--- {} ---"}
        return "".join(
            f"{self._timeline.time_text(entry.time_s):>10} {shown[entry.kind].format(entry.text)}\n"
            for entry in self._timeline.entries(self._mark)
            if entry.kind in shown and entry.source == board
        )


RECORDING = pytest.StashKey[Recording]()
"""In ``item.stash`` from the moment the boards of the test are about to be prepared."""
