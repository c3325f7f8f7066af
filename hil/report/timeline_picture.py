"""The timeline of a test as a picture: SVG, written directly, so that every test can have one.

matplotlib needs a tenth of a second for one such picture, and many a test on the virtual bench takes a few of them.
SVG stays sharp at any size, its text can be searched, its bytes depend on the test alone: see docs/reports.md.
"""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from hil.report.lanes import Band, Lane, Lanes, Mark, MarkKind, MeasuredInterval, Track

WIDTH = 1280
"""Pixels, at the size at which the texts were chosen; the picture scales."""

_LEFT, _RIGHT = 116, 28
_END = 64
"""Pixels behind the end of the test, for what became of a board then."""
_TITLE_HEIGHT = 44
_INTERVAL_HEIGHT = 22
_LEGEND_HEIGHT = 40
_AXIS_HEIGHT = 24
_LANE_GAP = 10
_MARKS_HEIGHT = 20
_LABEL_CHARACTER = 5.4
"""Pixels that a character of a small label takes, about."""
_MOST_TICKS = 14
_SAME_PLACE = 7.0
"""Marks of one kind closer than so many pixels are drawn once: a flood of traffic must not make a flood of SVG."""


class _TrackLook(NamedTuple):
    offset: int
    height: int
    strong: str
    weak: str
    name: str


_TRACKS: dict[Track, _TrackLook] = {
    "power": _TrackLook(0, 5, "#475569", "#475569", "power"),
    "boot": _TrackLook(9, 5, "#65a30d", "#fbbf24", "program"),
    "wifi": _TrackLook(18, 13, "#3b82f6", "#dbeafe", "Wi-Fi"),
    "role": _TrackLook(34, 17, "#6d28d9", "#ddd6fe", "role"),
    "fault": _TrackLook(54, _MARKS_HEIGHT, "#fee2e2", "#fee2e2", ""),
}
_BOARD_HEIGHT = 54 + _MARKS_HEIGHT
_ROLE_HEIGHT = 19
"""By so much the lane of a board that holds no role is lower."""
_OTHER_HEIGHT = _MARKS_HEIGHT + 6

_MARK_COLOURS: dict[MarkKind, str] = {
    "fault": "#dc2626",
    "trouble": "#dc2626",
    "bench": "#a16207",
    "probe-sends": "#0e7490",
    "probe-hears": "#0e7490",
    "event": "#64748b",
}
"""By how much they matter: the first kinds get their labels when there is no room for all."""

_LEGEND: tuple[tuple[str, str], ...] = (
    ("#475569", "power on"),
    ("#fbbf24", "boots"),
    ("#65a30d", "program runs"),
    ("#dbeafe", "not in the Wi-Fi"),
    ("#3b82f6", "access point, or joined"),
    ("#6d28d9", "MASTER"),
    ("#ddd6fe", "another role"),
)
_MARK_LEGEND: tuple[tuple[MarkKind, str], ...] = (
    ("event", "event"),
    ("trouble", "trouble"),
    ("fault", "fault"),
    ("bench", "bench acts"),
    ("probe-sends", "probe sends"),
    ("probe-hears", "probe hears"),
)

_STYLE = (
    "text{font-family:Inter,'Segoe UI','DejaVu Sans',Helvetica,Arial,sans-serif;fill:#0f172a}"
    ".t{font-size:15px;font-weight:600}.s{font-size:11px;fill:#475569}.n{font-size:14px;font-weight:600}"
    ".k{font-size:8px;fill:#94a3b8;text-anchor:end}.l{font-size:9px;fill:#475569}.w{fill:#fff}"
    ".b{font-size:10.5px;font-weight:600}.a{font-size:10.5px;fill:#64748b;text-anchor:middle}"
    ".i{font-size:11.5px;font-weight:600;fill:#9a3412}"
)


class _Scale:
    """Rig time to pixels."""

    def __init__(self, begin_s: float, end_s: float) -> None:
        self._begin_s = begin_s
        self._per_s = (WIDTH - _LEFT - _END - _RIGHT) / (end_s - begin_s)

    def x(self, time_s: float) -> float:
        return round(_LEFT + (time_s - self._begin_s) * self._per_s, 1)


def timeline_picture(lanes: Lanes, title: str, subtitle: str = "") -> str:
    """``lanes`` as an SVG document; ``title`` is what was tested, ``subtitle`` for example on which rig."""
    scale = _Scale(lanes.begin_s, lanes.end_s)
    rows = _rows(lanes.intervals)
    top = _TITLE_HEIGHT + _INTERVAL_HEIGHT * (max(rows, default=-1) + 1)
    places = []
    y = top + 6
    for lane in lanes.lanes:
        places.append(y)
        y += _height(lane) + _LANE_GAP
    bottom = y
    height = bottom + _AXIS_HEIGHT + _LEGEND_HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">',
        f"<title>{_plain(title)}</title><style>{_STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text class="t" x="16" y="22">{_plain(title)}</text><text class="s" x="16" y="38">{_plain(subtitle)}</text>',
    ]
    for index, (lane, at) in enumerate(zip(lanes.lanes, places, strict=True)):
        if index % 2 == 0:
            parts.append(_rect(0, at - 5, WIDTH, _height(lane) + _LANE_GAP, "#f8fafc"))
    parts += _axis(scale, lanes, top, bottom)
    parts += [
        part
        for interval, row in zip(lanes.intervals, rows, strict=True)
        for part in _interval(scale, interval, _TITLE_HEIGHT + row * _INTERVAL_HEIGHT, bottom)
    ]
    parts += [part for lane, at in zip(lanes.lanes, places, strict=True) for part in _lane(scale, lane, at)]
    parts += _legend(bottom + _AXIS_HEIGHT + 20)
    parts.append("</svg>\n")
    return "\n".join(parts)


def _plain(text: str) -> str:
    """``text`` for XML, which has no place for control characters: a board's line may hold any."""
    return escape("".join(each if each.isprintable() else repr(each)[1:-1] for each in text))


def _height(lane: Lane) -> int:
    tracks = {band.track for band in lane.bands}
    if not tracks - {"fault"}:
        return _OTHER_HEIGHT
    return _BOARD_HEIGHT if "role" in tracks else _BOARD_HEIGHT - _ROLE_HEIGHT


def _rows(intervals: Sequence[MeasuredInterval]) -> list[int]:
    """In which row above the lanes each interval has its bracket: none touches another."""
    ends: list[float] = []
    rows = []
    for interval in intervals:
        row = next((index for index, end_s in enumerate(ends) if end_s <= interval.begin_s), len(ends))
        ends[row : row + 1] = [interval.end_s]
        rows.append(row)
    return rows


# ---- time


def _axis(scale: _Scale, lanes: Lanes, top: int, bottom: int) -> Iterable[str]:
    step_s = _step_s(lanes.end_s - lanes.begin_s)
    for tick in range(math.ceil(lanes.begin_s / step_s), math.floor(lanes.end_s / step_s) + 1):
        x = scale.x(tick * step_s)
        yield f'<path d="M{x} {top}V{bottom}" stroke="#e2e8f0"/>'
        yield f'<text class="a" x="{x}" y="{bottom + 15}">{tick * step_s:g} s</text>'


def _step_s(span_s: float) -> float:
    """The distance of ticks: 1, 2 or 5 of a power of ten."""
    power = 10.0 ** math.floor(math.log10(span_s / _MOST_TICKS))
    return next(round(power * factor, 9) for factor in (1, 2, 5, 10) if power * factor * _MOST_TICKS >= span_s)


def _interval(scale: _Scale, interval: MeasuredInterval, y: int, bottom: int) -> Iterable[str]:
    begin, end = scale.x(interval.begin_s), scale.x(interval.end_s)
    colour = "#ea580c"
    yield f'<rect x="{begin}" y="{y + 18}" width="{max(end - begin, 1):.1f}" height="{bottom - y - 18}" '
    yield f'fill="{colour}" fill-opacity="0.09"/>'
    yield f'<path d="M{begin} {bottom}V{y + 18}H{end}V{bottom}" fill="none" stroke="{colour}" stroke-dasharray="3 2"/>'
    yield f'<path d="M{begin} {y + 18}H{end}" stroke="{colour}" stroke-width="3"/>'
    at, anchor = (begin, "start") if begin < WIDTH * 0.7 else (end, "end")
    yield f'<text class="i" x="{at}" y="{y + 13}" text-anchor="{anchor}">{_plain(interval.label)}</text>'


# ---- lanes


def _lane(scale: _Scale, lane: Lane, y: int) -> Iterable[str]:
    height = _height(lane)
    is_board = height > _OTHER_HEIGHT
    yield f'<text class="n" x="16" y="{y + (30 if is_board else 16)}">{_plain(lane.name)}</text>'
    if is_board:
        for track, look in _TRACKS.items():
            if look.name and (track != "role" or height == _BOARD_HEIGHT):
                middle = f"{y + look.offset + look.height / 2 + 3:g}"
                yield f'<text class="k" x="{_LEFT - 8}" y="{middle}">{look.name}</text>'
    marks_y = y + height - _MARKS_HEIGHT if is_board else y + 3
    for band in sorted(lane.bands, key=lambda band: band.track != "fault"):
        yield from _band(scale, band, marks_y if band.track == "fault" else y + _TRACKS[band.track].offset)
    yield from _marks(scale, lane.marks, marks_y)


def _band(scale: _Scale, band: Band, y: int) -> Iterable[str]:
    look = _TRACKS[band.track]
    begin, end = scale.x(band.begin_s), scale.x(band.end_s)
    width = max(round(end - begin, 1), 2.0)
    title = f"{band.label}, {band.begin_s:.3f} s to {band.end_s:.3f} s"
    yield _rect(begin, y, width, look.height, look.strong if band.is_strong else look.weak, title, rounded=True)
    if look.height <= 10 or band.track == "fault":
        return
    at_y = f"{y + look.height - 3.5:g}"
    if width > len(band.label) * 6.4 + 6:
        style = "b w" if band.is_strong else "b"
        yield f'<text class="{style}" x="{begin + 5:.1f}" y="{at_y}">{_plain(band.label)}</text>'
    elif band.track == "role" and end >= WIDTH - _END - _RIGHT:
        yield f'<text class="b" x="{end + 4:.1f}" y="{at_y}">{_plain(band.label)}</text>'


def _marks(scale: _Scale, marks: Sequence[Mark], y: int) -> Iterable[str]:
    kinds = list(_MARK_COLOURS)
    drawn: dict[MarkKind, float] = {}
    visible = []
    for mark in marks:
        x = scale.x(mark.time_s)
        if x - drawn.get(mark.kind, -math.inf) >= _SAME_PLACE:
            drawn[mark.kind] = x
            visible.append((mark, x))
    taken = [(x - 4, x + 4) for _, x in visible]
    for mark, x in sorted(visible, key=lambda place: (kinds.index(place[0].kind), place[1])):
        yield _sign(mark.kind, x, y + 8, f"{mark.time_s:.3f} s  {mark.label}")
        length = len(mark.label) * _LABEL_CHARACTER
        for begin, anchor, at in ((x + 7, "start", x + 7), (x - 7 - length, "end", x - 7)):
            end = begin + length
            if begin > _LEFT and end < WIDTH and not any(one < end and begin < other for one, other in taken):
                taken.append((begin, end))
                look = f'text-anchor="{anchor}" style="fill:{_MARK_COLOURS[mark.kind]}"'
                yield f'<text class="l" x="{at:.1f}" y="{y + 11}" {look}>{_plain(mark.label)}</text>'
                break


def _sign(kind: MarkKind, x: float, y: float, title: str = "") -> str:
    shapes: dict[MarkKind, str] = {
        "event": "m-3 0a3 3 0 1 0 6 0a3 3 0 1 0 -6 0",
        "trouble": "m-4 -4l8 8m0 -8l-8 8",
        "fault": "m0 -5l5 9h-10z",
        "bench": "m-3.5 -3.5h7v7h-7z",
        "probe-sends": "m0 -5l4 8h-8z",
        "probe-hears": "m0 4l4 -8h-8z",
    }
    colour = _MARK_COLOURS[kind]
    paint = f'stroke="{colour}" stroke-width="2" fill="none"' if kind == "trouble" else f'fill="{colour}"'
    told = f"<title>{_plain(title)}</title>" if title else ""
    return f'<path d="M{x} {y}{shapes[kind]}" {paint}>{told}</path>'


def _rect(
    x: float, y: float, width: float, height: float, colour: str, title: str = "", *, rounded: bool = False
) -> str:
    corner = ' rx="2"' if rounded else ""
    told = f"<title>{_plain(title)}</title>" if title else ""
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill={quoteattr(colour)}{corner}>{told}</rect>'


def _legend(y: int) -> Iterable[str]:
    x = 16.0
    for colour, name in _LEGEND:
        yield _rect(x, y - 8, 16, 9, colour, rounded=True)
        yield f'<text class="s" x="{x + 21}" y="{y}">{name}</text>'
        x += 36 + len(name) * 6.0
    x += 10
    for kind, name in _MARK_LEGEND:
        yield _sign(kind, x, y - 4)
        yield f'<text class="s" x="{x + 9}" y="{y}">{name}</text>'
        x += 26 + len(name) * 6.0
