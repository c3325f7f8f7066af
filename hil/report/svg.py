"""What a picture of a test is drawn with: the scale of time, rectangles, and text that XML can hold."""

from xml.sax.saxutils import escape, quoteattr

WIDTH = 1280
"""Pixels, at the size at which the texts were chosen; the picture scales."""
LEFT, RIGHT = 116, 28
"""Pixels beside the bars: on the left for the names of lanes and tracks."""
END = 64
"""Pixels behind the end of the test, for the last role of a board."""


class Scale:
    """Where a time is in the picture."""

    def __init__(self, begin_s: float, end_s: float) -> None:
        self._begin_s = begin_s
        self._per_s = (WIDTH - LEFT - END - RIGHT) / (end_s - begin_s)

    def x(self, time_s: float) -> float:
        """Pixels from the left edge; ``time_s`` is rig time in seconds since the test began."""
        return round(LEFT + (time_s - self._begin_s) * self._per_s, 1)


def plain(text: str) -> str:
    """``text`` for XML, which cannot hold control characters; a line of a board may have any."""
    return escape("".join(each if each.isprintable() else repr(each)[1:-1] for each in text))


def rect(
    x: float, y: float, width: float, height: float, colour: str, title: str = "", *, rounded: bool = False
) -> str:
    """A filled rectangle, in pixels, with a tooltip if ``title`` is given."""
    corner = ' rx="2"' if rounded else ""
    tooltip = f"<title>{plain(title)}</title>" if title else ""
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill={quoteattr(colour)}{corner}>{tooltip}</rect>'
