"""Parts of Allure's result of one test: category, first screen, labels, and what the bench did, as steps."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from allure_commons.model2 import Label, Status, TestStepResult

from hil.events import TimelineEntry
from hil.report.bench_record import CELL_PROPERTY
from hil.report.category import BENCH_ERROR, BLOCKED, INVARIANT_VIOLATED, LIMIT_EXCEEDED, PRODUCT_DEFECT
from hil.report.firmware import FIRMWARE_PROPERTY
from hil.report.lane import Band, Lane, Track
from hil.report.lanes import lanes_of
from hil.report.recording import Recording

CATEGORIES: Mapping[str, str] = {
    PRODUCT_DEFECT: Status.FAILED,
    LIMIT_EXCEEDED: Status.FAILED,
    INVARIANT_VIOLATED: Status.FAILED,
    # Broken is Allure's status for a test that came to no conclusion.
    BENCH_ERROR: Status.BROKEN,
    BLOCKED: Status.BROKEN,
}
"""Category to Allure's status. The category is the beginning of the message, and a label."""

CATEGORY_LABEL = "category"
_MOST_STEPS = 400
"""Per test: steps are for reading, and the timeline has everything."""
_STEP_KINDS = frozenset({"power", "deploy", "repl", "reset", "probe", "fault", "recovery", "measure", "note"})


def first_screen(category: str, failure: str, boards: Sequence[str], recording: Recording | None) -> str:
    """The message of a failure: what was expected, the state of each board and since when, and its last line."""
    text = f"{category}: {failure.strip()}"
    if recording is None or category == BLOCKED:
        return text
    entries = recording.entries()
    lanes = lanes_of(entries, boards, recording.began_s, recording.now_s)
    board_lines = [_board_line(lane, lanes.end_s, entries, recording) for lane in lanes.lanes if lane.name in boards]
    when = recording.time_text(recording.now_s)
    return "\n".join([text, "", f"The boards at {when} s (rig time since the test began):", *board_lines])


def _board_line(lane: Lane, now_s: float, entries: Iterable[TimelineEntry], recording: Recording) -> str:
    running: dict[Track, Band] = {band.track: band for band in lane.bands if band.end_s >= now_s}
    states = [_state(running[track]) for track in (Track.PROGRAM, Track.WIFI, Track.ROLE) if track in running]
    power = f"power on since {running[Track.POWER].begin_s:.3f} s" if Track.POWER in running else "no power"
    printed = [entry for entry in entries if entry.kind == "serial" and entry.source == lane.name]
    last = "it printed nothing"
    if printed:
        last = f"last line at {recording.time_text(printed[-1].time_s)} s: {printed[-1].text}"
    return f"  {lane.name}: {'; '.join([power, *states, last])}"


def _state(band: Band) -> str:
    return f"{band.label} since {band.begin_s:.3f} s"


def labels(rig: str, boards: Sequence[str], properties: Iterable[tuple[str, object]]) -> list[Label]:
    """Rig, cell, boards, firmware and digest, to search and filter by."""
    found = [Label("rig", rig), *(Label("board", board) for board in boards)]
    for name, value in properties:
        if name == FIRMWARE_PROPERTY:
            firmware, _, digest = str(value).rpartition(" ")
            found += [Label("firmware", firmware), Label("firmware digest", digest)]
        elif name == CELL_PROPERTY:
            found.append(Label("cell", str(value)))
    return found


def bench_steps(recording: Recording) -> list[TestStepResult]:
    """What the bench did, in two steps with substeps: before the test, and during it. Names have the rig time.

    They have no duration: the picture shows rig time, and the host's time is unrelated to it.
    """
    preparation = recording.preparation()
    parts = [("the bench prepares the boards", preparation), ("what the bench did", recording.entries())]
    return [
        TestStepResult(name=name, status=Status.PASSED, steps=steps)
        for name, entries in parts
        if (steps := list(_steps(entries, recording)))
    ]


def _steps(entries: Iterable[TimelineEntry], recording: Recording) -> Iterator[TestStepResult]:
    shown = [entry for entry in entries if entry.kind in _STEP_KINDS]
    for entry in shown[:_MOST_STEPS]:
        name = f"{recording.time_text(entry.time_s)} s  {entry.source}  {entry.kind}: {entry.text}"
        yield TestStepResult(name=name, status=Status.PASSED)
    if len(shown) > _MOST_STEPS:
        name = f"and {len(shown) - _MOST_STEPS} more: see the timeline"
        yield TestStepResult(name=name, status=Status.PASSED)
