"""One lane as SVG: bars for the states that lasted, signs for what happened at one moment."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from hil.report.lane import Band, Lane, LaneMark, MarkKind, Track
from hil.report.svg import END, LEFT, RIGHT, WIDTH, Scale, plain, rect

_MARKS_HEIGHT = 20
_LABEL_CHARACTER = 5.4
"""Pixels that a character of a small label takes, about."""
_SAME_PLACE = 7.0
"""Marks of one kind that are closer than this many pixels are drawn once: dense traffic must not fill the file."""
_GAP = 2.0
"""Width of the gap at the beginning of a bar where a program restarted unexpectedly, in pixels."""


class _TrackLook(NamedTuple):
    offset: int
    height: int
    strong: str
    weak: str
    name: str


_TRACKS: dict[Track, _TrackLook] = {
    Track.POWER: _TrackLook(0, 5, "#475569", "#475569", "power"),
    Track.PROGRAM: _TrackLook(9, 5, "#65a30d", "#fbbf24", "program"),
    Track.WIFI: _TrackLook(18, 13, "#3b82f6", "#dbeafe", "Wi-Fi"),
    Track.ROLE: _TrackLook(34, 17, "#6d28d9", "#ddd6fe", "role"),
    Track.FAULT: _TrackLook(54, _MARKS_HEIGHT, "#fee2e2", "#fee2e2", ""),
}
_BOARD_HEIGHT = 54 + _MARKS_HEIGHT
_ROLE_HEIGHT = 19
"""The lane of a board that holds no role is lower by this."""
_OTHER_HEIGHT = _MARKS_HEIGHT + 6

_MARK_COLOURS: dict[MarkKind, str] = {
    "fault": "#dc2626",
    "trouble": "#dc2626",
    "bench": "#a16207",
    "probe-sends": "#0e7490",
    "probe-hears": "#0e7490",
    "event": "#64748b",
}
"""The most important kinds first: they get their labels if not all fit."""


def height_of(lane: Lane) -> int:
    """Pixels; the lane of a board is higher than that of the probe or the air."""
    tracks = {band.track for band in lane.bands}
    if not tracks - {Track.FAULT}:
        return _OTHER_HEIGHT
    return _BOARD_HEIGHT if Track.ROLE in tracks else _BOARD_HEIGHT - _ROLE_HEIGHT


def draw_lane(scale: Scale, lane: Lane, y: int) -> Iterable[str]:
    """SVG elements of ``lane``, whose upper edge is at ``y``."""
    height = height_of(lane)
    is_board = height > _OTHER_HEIGHT
    yield f'<text class="n" x="16" y="{y + (30 if is_board else 16)}">{plain(lane.name)}</text>'
    if is_board:
        for track, look in _TRACKS.items():
            if look.name and (track is not Track.ROLE or height == _BOARD_HEIGHT):
                middle = f"{y + look.offset + look.height / 2 + 3:g}"
                yield f'<text class="k" x="{LEFT - 8}" y="{middle}">{look.name}</text>'
    marks_y = y + height - _MARKS_HEIGHT if is_board else y + 3
    for band in sorted(lane.bands, key=lambda band: band.track is not Track.FAULT):
        yield from _band(scale, band, marks_y if band.track is Track.FAULT else y + _TRACKS[band.track].offset)
    yield from _marks(scale, lane.marks, marks_y)


def _band(scale: Scale, band: Band, y: int) -> Iterable[str]:
    look = _TRACKS[band.track]
    begin, end = scale.x(band.begin_s), scale.x(band.end_s)
    if band.is_restart:
        begin = round(begin + _GAP, 1)
    width = max(round(end - begin, 1), 2.0)
    title = f"{band.label}, {band.begin_s:.3f} s to {band.end_s:.3f} s"
    yield rect(begin, y, width, look.height, look.strong if band.is_strong else look.weak, title, rounded=True)
    if look.height <= 10 or band.track is Track.FAULT:
        return
    at_y = f"{y + look.height - 3.5:g}"
    if width > len(band.label) * 6.4 + 6:
        style = "b w" if band.is_strong else "b"
        yield f'<text class="{style}" x="{begin + 5:.1f}" y="{at_y}">{plain(band.label)}</text>'
    elif band.track is Track.ROLE and end >= WIDTH - END - RIGHT:
        yield f'<text class="b" x="{end + 4:.1f}" y="{at_y}">{plain(band.label)}</text>'


def _marks(scale: Scale, marks: Sequence[LaneMark], y: int) -> Iterable[str]:
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
        yield sign(mark.kind, x, y + 8, f"{mark.time_s:.3f} s  {mark.label}")
        length = len(mark.label) * _LABEL_CHARACTER
        for begin, anchor, at in ((x + 7, "start", x + 7), (x - 7 - length, "end", x - 7)):
            end = begin + length
            if begin > LEFT and end < WIDTH and not any(one < end and begin < other for one, other in taken):
                taken.append((begin, end))
                look = f'text-anchor="{anchor}" style="fill:{_MARK_COLOURS[mark.kind]}"'
                yield f'<text class="l" x="{at:.1f}" y="{y + 11}" {look}>{plain(mark.label)}</text>'
                break


def sign(kind: MarkKind, x: float, y: float, title: str = "") -> str:
    """The sign that stands for marks of this kind, with its centre at ``x`` and ``y``."""
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
    tooltip = f"<title>{plain(title)}</title>" if title else ""
    return f'<path d="M{x} {y}{shapes[kind]}" {paint}>{tooltip}</path>'
