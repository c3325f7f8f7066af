"""The recording of one test: its part of the rig's timeline, as text."""

import pytest

from hil.bench.sniffer import Frame, Sniffer
from hil.clock import Clock
from hil.events import Event, Timeline, TimelineEntry

RIG_TIME_PROPERTY = "rig_time_s"
"""Name of the pytest user property that says how many seconds of rig time the test took, preparation included."""


class Recording:
    """What happens on the rig during one test, for whoever reads its report. Valid until the next test begins."""

    def __init__(self, clock: Clock, timeline: Timeline, sniffer: Sniffer | None = None) -> None:
        self._clock = clock
        self._sniffer = sniffer
        self._timeline = timeline
        self._occupied_since_s = clock.now()
        self._first = self._mark = timeline.mark()
        timeline.begin(clock.now())

    def omit_preparation(self) -> None:
        """The boards are prepared: what comes now is the test, and what came before is left out."""
        self._mark = self._timeline.mark()

    @property
    def rig_time_s(self) -> float:
        """Seconds of rig time since the recording was made."""
        return round(self._clock.now() - self._occupied_since_s, 6)

    @property
    def began_s(self) -> float:
        """Rig time at which the test began, from which all that is shown counts."""
        return self._timeline.begun_s

    @property
    def now_s(self) -> float:
        """Rig time."""
        return self._clock.now()

    def entries(self) -> list[TimelineEntry]:
        """Everything that happened, by time."""
        return self._timeline.entries(self._mark)

    def preparation(self) -> list[TimelineEntry]:
        """What was done to prepare the boards; empty while that goes on."""
        return self._timeline.entries(self._first)[: self._mark - self._first]

    def run_events(self, since: int) -> list[Event]:
        """All that happened in the run, also before this test, but for the first ``since`` events."""
        return self._timeline.events(since)

    def time_text(self, time_s: float) -> str:
        """``time_s`` for people to read: seconds since the test began."""
        return self._timeline.time_text(time_s)

    def frames(self) -> list[Frame] | None:
        """What was on the air since the boards were prepared; None where nothing hears it."""
        return None if self._sniffer is None else self._sniffer.frames()

    def timeline_text(self) -> str:
        """Everything that happened, one line each: seconds since the test began, source, kind, text."""
        return self._timeline.text(self._timeline.entries(self._mark))

    def serial_text(self, board: str) -> str:
        """What ``board`` said on its serial line, one line each: seconds since the test began, text.

        Where its serial device came or went, and something may be missing, a line in dashes says so.
        """
        shown = {"serial": "{}", "link": "--- {} ---"}
        return "".join(
            f"{self._timeline.time_text(entry.time_s):>10} {shown[entry.kind].format(entry.text)}\n"
            for entry in self._timeline.entries(self._mark)
            if entry.kind in shown and entry.source == board
        )


RECORDING = pytest.StashKey[Recording]()
"""In ``item.stash`` from the moment the rig was there for the test."""
