"""The timeline of a test as lanes: each board's supply, program, Wi-Fi and role over time. Data, no drawing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from hil import events
from hil.cluster.cluster import MASTER, NO_ROLE
from hil.events import Event, TimelineEntry
from hil.report.measurements import format_quantity

Track = Literal["power", "boot", "wifi", "role", "fault"]
"""The bands of one lane, from top to bottom; ``fault`` lies behind the marks."""

MarkKind = Literal["event", "trouble", "fault", "bench", "probe-sends", "probe-hears"]
"""What a mark stands for; the order in which the report explains them."""

PROBE = "probe"
"""Name of the lane of the rig's probe."""

_STATES = frozenset({"boot", "ap-up", "joined", "link-lost", "role"})
"""Events of the firmware that begin or end a band: no mark says them again."""

_TROUBLE = frozenset({"error", "traceback", "join-failed", "link-lost", "dropped", events.POWER_RETRY})
"""Events that somebody who looks for a cause wants to see first."""

_BENCH_KINDS = frozenset({"repl", "reset", "recovery", "deploy"})
"""Timeline entries that are what the framework did to a board."""

_USB_GONE = "USB gone"
_CLOSED_BEFORE_OFF_S = 2.0
"""A port is closed before its board's power is cut; what lies between is a question to the hub: a program is run."""
_SHOWN_CHARACTERS = 28


@dataclass(frozen=True)
class Band:
    """A state that lasted. Times are rig time, in seconds since the test began."""

    track: Track
    begin_s: float
    end_s: float
    label: str
    is_strong: bool = True
    """Whether the state is the one that everybody waits for, and not the way to it: joined rather than joining."""


@dataclass(frozen=True)
class Mark:
    """Something that happened at one moment."""

    time_s: float
    kind: MarkKind
    label: str


@dataclass(frozen=True)
class Lane:
    """One board, the probe, or another part of the rig."""

    name: str
    bands: tuple[Band, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class MeasuredInterval:
    """What ``with measure(…)`` measured."""

    name: str
    begin_s: float
    end_s: float
    is_complete: bool = True

    @property
    def label(self) -> str:
        """Name and length."""
        if not self.is_complete:
            return f"{self.name}: not completed"
        return f"{self.name}  {format_quantity(self.end_s - self.begin_s, 's')}"


@dataclass(frozen=True)
class Lanes:
    """Everything that the picture of a test shows."""

    lanes: tuple[Lane, ...]
    intervals: tuple[MeasuredInterval, ...]
    begin_s: float
    end_s: float


@dataclass
class _LaneInProgress:
    name: str
    bands: list[Band] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    running: dict[Track, Band] = field(default_factory=dict)
    """The bands that have not ended, by track."""

    def begin(self, track: Track, time_s: float, label: str, *, is_strong: bool = True) -> None:
        self.end(time_s, track)
        self.running[track] = Band(track, time_s, time_s, label, is_strong)

    def end(self, time_s: float, *tracks: Track) -> None:
        for track in tracks:
            band = self.running.pop(track, None)
            # What a board became at the very end is what many a test waits for.
            if band is not None and (time_s > band.begin_s or track in ("role", "fault")):
                self.bands.append(Band(track, band.begin_s, time_s, band.label, band.is_strong))

    def mark(self, time_s: float, kind: MarkKind, label: str) -> None:
        self.marks.append(Mark(time_s, kind, label))

    def take(self, time_s: float, event: Event) -> None:
        match event.name:
            case events.POWER_ON:
                self.begin("power", time_s, "on")
                self.begin("boot", time_s, "boots", is_strong=False)
            case events.POWER_OFF:
                # Whoever cuts the supply closes the port before.
                last = self.marks[-1] if self.marks else None
                if last is not None and last.label == _USB_GONE and time_s - last.time_s <= _CLOSED_BEFORE_OFF_S:
                    self.marks.pop()
                self.end(time_s, "power", "boot", "wifi", "role")
            case events.STOPPED:
                self.end(time_s, "boot", "wifi", "role")
            case events.SERIAL_GONE:
                if "power" in self.running:
                    self.mark(time_s, "trouble", _USB_GONE)
            case events.FAULT_BEGIN:
                self.begin("fault", time_s, event.fields.get("fault", ""))
            case events.FAULT_END:
                self.end(time_s, "fault")
            case "boot":
                self.end(time_s, "wifi", "role")
                self.begin("boot", time_s, f"{event.fields.get('app', '')} runs".strip())
                self.begin("wifi", time_s, "no Wi-Fi yet", is_strong=False)
            case "ap-up":
                self.begin("wifi", time_s, f"access point {event.fields.get('ssid', '')}".strip())
            case "joined":
                self.begin("wifi", time_s, f"joined {event.fields.get('ip', '')}".strip())
            case "link-lost":
                self.begin("wifi", time_s, "link lost", is_strong=False)
            case "role":
                self._take_role(time_s, event.fields.get("role", ""))
        if event.name in _TROUBLE:
            self.mark(time_s, "trouble", _label(event))
        elif event.name not in _STATES and event.line:
            self.mark(time_s, "event", _label(event))

    def _take_role(self, time_s: float, role: str) -> None:
        band = self.running.get("role")
        if band is not None and band.label == role:
            return
        self.end(time_s, "role")
        if role and role != NO_ROLE:
            self.begin("role", time_s, role, is_strong=role == MASTER)

    def finished(self, end_s: float) -> Lane:
        self.end(end_s, *list(self.running))
        order = sorted(self.bands, key=lambda band: (band.begin_s, band.track))
        return Lane(self.name, tuple(order), tuple(self.marks))


def lanes_of(
    entries: Iterable[TimelineEntry], boards: Sequence[str], began_s: float = 0.0, ended_s: float | None = None
) -> Lanes:
    """Sort ``entries``, which are in order of time, into lanes: one per board, one per other part that says something.

    The test lasted from ``began_s`` to ``ended_s``, both in rig time; without the latter, until the last entry.
    """
    lanes = {name: _LaneInProgress(name) for name in boards}
    begun: dict[str, float] = {}
    intervals: list[MeasuredInterval] = []
    first_s, last_s = 0.0, 0.0 if ended_s is None else round(ended_s - began_s, 6)
    for entry in entries:
        time_s = round(entry.time_s - began_s, 6)
        first_s, last_s = min(first_s, time_s), max(last_s, time_s)
        if entry.kind == "measure":
            for event in entry.events:
                name = event.fields["measurement"]
                if event.name == events.MEASURE_BEGIN:
                    begun[name] = time_s
                elif name in begun:
                    is_complete = event.fields["state"] != events.NOT_COMPLETED
                    intervals.append(MeasuredInterval(name, begun.pop(name), time_s, is_complete))
            continue
        if entry.source not in lanes and entry.kind not in ("probe", "fault"):
            continue
        lane = lanes.setdefault(entry.source, _LaneInProgress(entry.source))
        for event in entry.events:
            lane.take(time_s, event)
        if entry.kind == "probe":
            sends = not entry.text.startswith("hears")
            lane.mark(time_s, "probe-sends" if sends else "probe-hears", _cut(entry.text))
        elif entry.kind == "fault":
            lane.mark(time_s, "fault", _cut(entry.text))
        elif entry.kind in _BENCH_KINDS:
            lane.mark(time_s, "bench", _cut(f"{entry.kind}: {entry.text}"))
    done = tuple(lane.finished(last_s) for lane in lanes.values())
    return Lanes(done, tuple(intervals), first_s, max(last_s, first_s + 1e-3))


def _label(event: Event) -> str:
    fields = " ".join(event.fields.values())
    return _cut(f"{event.name} {fields}" if event.name in _TROUBLE else event.name)


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"
