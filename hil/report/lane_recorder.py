"""From timeline entries to the bands and marks of one lane: follows a board's state, and records where it changes."""

from dataclasses import dataclass, field

from hil import events
from hil.cluster import vocabulary
from hil.cluster.board_facts import Program, Wifi, WifiStatus
from hil.cluster.board_state import BoardState
from hil.events import Event, TimelineEntry
from hil.report.lane import Band, Lane, LaneMark, MarkKind, Track

_SHOWN_AS_BANDS = frozenset(
    {vocabulary.BOOT, vocabulary.AP_UP, vocabulary.JOINED, vocabulary.LINK_LOST, vocabulary.ROLE}
)
"""Events of the firmware that begin or end a band: no mark repeats them."""

_TROUBLE = frozenset(
    {
        *(vocabulary.ERROR, vocabulary.TRACEBACK, vocabulary.JOIN_FAILED, vocabulary.LINK_LOST, vocabulary.DROPPED),
        events.POWER_RETRY,
    }
)
"""Events to see first when looking for a cause."""

_USB_GONE = "USB gone"
_CLOSED_BEFORE_OFF_S = 2.0
"""A port is closed before its board's power is cut. In between a program is run to query the hub."""
SHOWN_CHARACTERS = 28
"""Longer labels are cut."""


@dataclass
class LaneRecorder:
    """Records one lane from the entries about one board, or about another part of the rig. They come by time."""

    name: str
    began_s: float
    """Rig time at which the test began."""
    bands: list[Band] = field(default_factory=list)
    marks: list[LaneMark] = field(default_factory=list)
    running: dict[Track, Band] = field(default_factory=dict)
    """The bands that have not ended, by track."""
    state: BoardState = field(default_factory=BoardState)

    def begin(
        self, track: Track, time_s: float, label: str, *, is_strong: bool = True, is_restart: bool = False
    ) -> None:
        self.end(track, time_s)
        self.running[track] = Band(track, time_s, time_s, label, is_strong, is_restart)

    def end(self, track: Track, time_s: float) -> None:
        band = self.running.pop(track, None)
        # Many tests wait for a role, and end as soon as it is there.
        if band is not None and (time_s > band.begin_s or track in (Track.ROLE, Track.FAULT)):
            self.bands.append(Band(track, band.begin_s, time_s, band.label, band.is_strong, band.is_restart))

    def mark(self, time_s: float, kind: MarkKind, label: str) -> None:
        self.marks.append(LaneMark(time_s, kind, label))

    def since(self, time_s: float) -> float:
        """Rig time as seconds since the test began."""
        return round(time_s - self.began_s, 6)

    def take(self, entry: TimelineEntry) -> None:
        """Add what ``entry`` means for this lane."""
        after = self.state.after(entry)
        if after is not self.state:
            # In two steps: a change by the mere passing of time gets a separate band.
            self._become(self.state.at(entry.time_s), entry.time_s)
            self._become(after, entry.time_s)
        for event in entry.events:
            self._mark_event(event, self.since(entry.time_s))

    def _become(self, state: BoardState, now_s: float) -> None:
        """Begin and end bands where ``state`` differs from the one before."""
        was, self.state = self.state, state
        if state is was:
            return
        time_s = self.since(now_s)
        if state.switched_s != was.switched_s or state.is_on is not was.is_on:
            self._end_or_begin(Track.POWER, time_s, "on" if state.is_on else "")
        if (
            state.program is not was.program
            or state.program_since_s != was.program_since_s
            or state.restarts != was.restarts
            or state.app != was.app
        ):
            self._program_becomes(state, is_restart=state.restarts > was.restarts, time_s=time_s)
        if state.wifi is not was.wifi:
            wifi = state.wifi.value if state.wifi is not None else None
            is_strong = wifi is not None and wifi.status in (WifiStatus.AP_UP, WifiStatus.JOINED)
            self._end_or_begin(Track.WIFI, time_s, _wifi_label(wifi), is_strong=is_strong)
        if state.holds_role != was.holds_role:
            is_strong = state.holds_role == vocabulary.MASTER
            self._end_or_begin(Track.ROLE, time_s, state.holds_role, is_strong=is_strong)

    def _program_becomes(self, state: BoardState, *, is_restart: bool, time_s: float) -> None:
        begin_s = self.since(state.program_since_s)
        restarts = f", restart {state.restarts}" if state.restarts else ""
        match state.program:
            case Program.BOOTING:
                label = f"boots{restarts}"
            case Program.RUNNING:
                label = f"{state.app} runs{restarts}".strip()
            case _:
                label = ""
        is_strong = state.program is Program.RUNNING
        self._end_or_begin(Track.PROGRAM, begin_s, label, is_strong=is_strong, is_restart=is_restart)
        if is_restart:
            self.mark(time_s, "trouble", f"restart {state.restarts}")

    def _end_or_begin(
        self, track: Track, time_s: float, label: str, *, is_strong: bool = True, is_restart: bool = False
    ) -> None:
        """An empty label ends the track, another one continues it."""
        if label:
            self.begin(track, time_s, label, is_strong=is_strong, is_restart=is_restart)
        else:
            self.end(track, time_s)

    def _mark_event(self, event: Event, time_s: float) -> None:
        match event.name:
            case events.POWER_OFF:
                # The port is closed before the supply is cut: that is not trouble.
                last = self.marks[-1] if self.marks else None
                if last is not None and last.label == _USB_GONE and time_s - last.time_s <= _CLOSED_BEFORE_OFF_S:
                    self.marks.pop()
            case events.SERIAL_GONE:
                if self.state.is_on:
                    self.mark(time_s, "trouble", _USB_GONE)
            case events.FAULT_BEGIN:
                self.begin(Track.FAULT, time_s, event.fields.get("fault", ""))
            case events.FAULT_END:
                self.end(Track.FAULT, time_s)
        if event.name in _TROUBLE:
            self.mark(time_s, "trouble", _label(event))
        elif event.name not in _SHOWN_AS_BANDS and event.line:
            self.mark(time_s, "event", _label(event))

    def finished(self, end_s: float) -> Lane:
        """The lane of a test that ended at ``end_s``, in seconds since it began."""
        self._become(self.state.at(self.began_s + end_s), self.began_s + end_s)
        for track in list(self.running):
            self.end(track, end_s)
        order = sorted(self.bands, key=lambda band: (band.begin_s, band.track))
        return Lane(self.name, tuple(order), tuple(self.marks))


def _wifi_label(wifi: Wifi | None) -> str:
    """The label of a band; empty for a board that has not reported anything about its Wi-Fi."""
    if wifi is None:
        return ""
    match wifi.status:
        case WifiStatus.NOT_YET:
            return "no Wi-Fi yet"
        case WifiStatus.AP_UP:
            return f"access point {wifi.ssid}".strip()
        case WifiStatus.AP_DOWN:
            return "access point closed"
        case WifiStatus.JOINED:
            return f"joined {wifi.ip}".strip()
        case WifiStatus.LOST:
            return "link lost"


def _label(event: Event) -> str:
    fields = " ".join(event.fields.values())
    return cut_label(f"{event.name} {fields}" if event.name in _TROUBLE else event.name)


def cut_label(text: str) -> str:
    """``text`` for a mark, with an ellipsis if it is cut."""
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
