"""The timeline of a test as a picture: SVG, written directly, so that every test can have one.

matplotlib takes a tenth of a second for one such picture; many tests on the virtual bench take little longer.
SVG is sharp at any size, its text can be searched, and its bytes depend on the test alone: see docs/reports.md.
"""

import math
from collections.abc import Iterable, Sequence

from hil.report.lane import MarkKind
from hil.report.lane_drawing import draw_lane, height_of, sign
from hil.report.lanes import Lanes, MeasuredInterval
from hil.report.svg import WIDTH, Scale, plain, rect

_TITLE_HEIGHT = 44
_INTERVAL_HEIGHT = 22
_LEGEND_HEIGHT = 40
_AXIS_HEIGHT = 24
_LANE_GAP = 10
_MOST_TICKS = 14

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


def timeline_picture(lanes: Lanes, title: str, subtitle: str = "") -> str:
    """``lanes`` as an SVG document; ``title`` is what was tested, ``subtitle`` for example on which rig."""
    scale = Scale(lanes.begin_s, lanes.end_s)
    rows = _rows(lanes.intervals)
    top = _TITLE_HEIGHT + _INTERVAL_HEIGHT * (max(rows, default=-1) + 1)
    places = []
    y = top + 6
    for lane in lanes.lanes:
        places.append(y)
        y += height_of(lane) + _LANE_GAP
    bottom = y
    height = bottom + _AXIS_HEIGHT + _LEGEND_HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}">',
        f"<title>{plain(title)}</title><style>{_STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        f'<text class="t" x="16" y="22">{plain(title)}</text><text class="s" x="16" y="38">{plain(subtitle)}</text>',
    ]
    for index, (lane, at) in enumerate(zip(lanes.lanes, places, strict=True)):
        if index % 2 == 0:
            parts.append(rect(0, at - 5, WIDTH, height_of(lane) + _LANE_GAP, "#f8fafc"))
    parts += _axis(scale, lanes, top, bottom)
    parts += [
        part
        for interval, row in zip(lanes.intervals, rows, strict=True)
        for part in _interval(scale, interval, _TITLE_HEIGHT + row * _INTERVAL_HEIGHT, bottom)
    ]
    parts += [part for lane, at in zip(lanes.lanes, places, strict=True) for part in draw_lane(scale, lane, at)]
    parts += _legend(bottom + _AXIS_HEIGHT + 20)
    parts.append("</svg>\n")
    return "\n".join(parts)


def _rows(intervals: Sequence[MeasuredInterval]) -> list[int]:
    """The row above the lanes in which each interval has its bracket, so that none touches another."""
    ends: list[float] = []
    rows = []
    for interval in intervals:
        row = next((index for index, end_s in enumerate(ends) if end_s <= interval.begin_s), len(ends))
        ends[row : row + 1] = [interval.end_s]
        rows.append(row)
    return rows


def _axis(scale: Scale, lanes: Lanes, top: int, bottom: int) -> Iterable[str]:
    step_s = _step_s(lanes.end_s - lanes.begin_s)
    for tick in range(math.ceil(lanes.begin_s / step_s), math.floor(lanes.end_s / step_s) + 1):
        x = scale.x(tick * step_s)
        yield f'<path d="M{x} {top}V{bottom}" stroke="#e2e8f0"/>'
        yield f'<text class="a" x="{x}" y="{bottom + 15}">{tick * step_s:g} s</text>'


def _step_s(span_s: float) -> float:
    """The distance of ticks: 1, 2 or 5 of a power of ten."""
    power = 10.0 ** math.floor(math.log10(span_s / _MOST_TICKS))
    return next(round(power * factor, 9) for factor in (1, 2, 5, 10) if power * factor * _MOST_TICKS >= span_s)


def _interval(scale: Scale, interval: MeasuredInterval, y: int, bottom: int) -> Iterable[str]:
    begin, end = scale.x(interval.begin_s), scale.x(interval.end_s)
    colour = "#ea580c"
    yield f'<rect x="{begin}" y="{y + 18}" width="{max(end - begin, 1):.1f}" height="{bottom - y - 18}" '
    yield f'fill="{colour}" fill-opacity="0.09"/>'
    yield f'<path d="M{begin} {bottom}V{y + 18}H{end}V{bottom}" fill="none" stroke="{colour}" stroke-dasharray="3 2"/>'
    yield f'<path d="M{begin} {y + 18}H{end}" stroke="{colour}" stroke-width="3"/>'
    at, anchor = (begin, "start") if begin < WIDTH * 0.7 else (end, "end")
    yield f'<text class="i" x="{at}" y="{y + 13}" text-anchor="{anchor}">{plain(interval.label)}</text>'


def _legend(y: int) -> Iterable[str]:
    x = 16.0
    for colour, name in _LEGEND:
        yield rect(x, y - 8, 16, 9, colour, rounded=True)
        yield f'<text class="s" x="{x + 21}" y="{y}">{name}</text>'
        x += 36 + len(name) * 6.0
    x += 10
    for kind, name in _MARK_LEGEND:
        yield sign(kind, x, y - 4)
        yield f'<text class="s" x="{x + 9}" y="{y}">{name}</text>'
        x += 26 + len(name) * 6.0
