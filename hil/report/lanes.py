"""The timeline of a test as lanes, one per board and other part of the rig, and its measured intervals."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hil import events
from hil.events import TimelineEntry
from hil.report.lane import Lane
from hil.report.lane_recorder import LaneRecorder, cut_label
from hil.report.measurements import format_quantity

_BENCH_KINDS = frozenset({"repl", "reset", "recovery", "deploy"})
"""Timeline entries about what the framework did to a board."""


@dataclass(frozen=True)
class MeasuredInterval:
    """The interval of a ``with measure(…)``."""

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


def lanes_of(
    entries: Iterable[TimelineEntry], boards: Sequence[str], began_s: float = 0.0, ended_s: float | None = None
) -> Lanes:
    """Sort ``entries``, which are in order of time, into lanes: one per board, one per other part that has an entry.

    The test lasted from ``began_s`` to ``ended_s``, both in rig time; without the latter, until the last entry.
    """
    lanes = {name: LaneRecorder(name, began_s) for name in boards}
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
        if entry.source not in lanes:
            if entry.kind not in ("probe", "fault"):
                continue
            lanes[entry.source] = LaneRecorder(entry.source, began_s)
        lane = lanes[entry.source]
        lane.take(entry)
        if entry.kind == "probe":
            sends = not entry.text.startswith("hears")
            lane.mark(time_s, "probe-sends" if sends else "probe-hears", cut_label(entry.text))
        elif entry.kind == "fault":
            lane.mark(time_s, "fault", cut_label(entry.text))
        elif entry.kind in _BENCH_KINDS:
            lane.mark(time_s, "bench", cut_label(f"{entry.kind}: {entry.text}"))
    done = tuple(lane.finished(last_s) for lane in lanes.values())
    return Lanes(done, tuple(intervals), first_s, max(last_s, first_s + 1e-3))
