"""A picture of the history: one panel per measurement, runs from left to right."""

import math
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hil.history.regression import Verdict
from hil.history.store import Line
from hil.history.trend import Trend, bench_text, trend_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 2
PANEL_INCHES = (6.4, 2.9)
_DPI = 120
_TITLE_INCHES = 0.35
_VALUE_COLOUR = "#8fa3b5"
_MEDIAN_COLOUR = "#1f4e79"
_LIMIT_COLOUR = "#b03a2e"
_VERDICT_COLOUR = {
    Verdict.NEW: "#6b6b6b",
    Verdict.STEADY: "#2e7d32",
    Verdict.WORSE: "#c62828",
    Verdict.BETTER: "#2e7d32",
}
_MOST_LABELS = 6
"""So many dates fit under a panel."""


def plot(lines: Sequence[Line], path: Path) -> None:
    """Draw ``lines`` into a PNG file. Raises ``OSError`` when it cannot be written."""
    columns = min(COLUMNS, len(lines))
    rows = math.ceil(len(lines) / columns)
    size = (PANEL_INCHES[0] * columns, PANEL_INCHES[1] * rows + _TITLE_INCHES)
    # Not pyplot: it keeps every figure, and looks for a display.
    figure = Figure(figsize=size, dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    several_benches = len({bench_text(line.key) for line in lines}) > 1
    if not several_benches:
        figure.suptitle(bench_text(lines[0].key), fontsize=12, fontweight="bold")
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for panel, line in zip(panels[: len(lines)], lines, strict=True):
        _draw(panel, line, trend_of(line), with_bench=several_benches)
    for empty in panels[len(lines) :]:
        empty.set_axis_off()
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False, fontsize=9)
    with path.open("wb") as file:
        figure.savefig(file, format="png")


def _draw(panel: "Axes", line: Line, trend: Trend, *, with_bench: bool) -> None:
    places = range(1, len(line.points) + 1)
    medians = [statistics.median(point.values.values) for point in line.points]
    values = [(place, value) for place, point in zip(places, line.points, strict=True) for value in point.values.values]
    at, measured = [place for place, _ in values], [value for _, value in values]
    panel.scatter(at, measured, s=9, color=_VALUE_COLOUR, alpha=0.7, linewidths=0, label="each value")
    panel.plot(places, medians, color=_MEDIAN_COLOUR, linewidth=1.4, label="median of the run")
    limits = [point.values.limit for point in line.points]
    panel.step(places, limits, where="mid", color=_LIMIT_COLOUR, linewidth=1.1, linestyle="--", label="limit")
    if line.accepted:
        panel.axvline(line.accepted + 0.5, color=_VALUE_COLOUR, linewidth=1, linestyle=":")
    colour = _VERDICT_COLOUR[trend.comparison.verdict]
    panel.scatter([len(medians)], [medians[-1]], s=46, color=colour, zorder=3, label="last run")
    title = line.key.name if not with_bench else f"{line.key.name} ({bench_text(line.key)})"
    panel.set_title(title, loc="left", fontsize=10, fontweight="bold")
    panel.set_title(_verdict_text(trend), loc="right", fontsize=9, color=colour)
    panel.set_ylabel(line.key.unit, fontsize=9)
    lowest, highest = min(0.0, *measured, *limits), max(0.0, *measured, *limits)
    margin = 0.08 * (highest - lowest or 1.0)
    panel.set_ylim(lowest - (margin if lowest < 0 else 0), highest + margin)
    panel.set_xlim(0.5, len(medians) + 0.5)
    panel.xaxis.set_major_locator(MaxNLocator(_MOST_LABELS, integer=True))
    panel.xaxis.set_major_formatter(lambda place, _: _day(line, place))
    panel.tick_params(labelsize=8)
    panel.grid(axis="y", color="#e3e3e3", linewidth=0.8)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)


def _verdict_text(trend: Trend) -> str:
    if trend.comparison.verdict is Verdict.NEW:
        return "too few runs to compare"
    return f"{trend.comparison.verdict.value}, {trend.change_text}"


def _day(line: Line, place: float) -> str:
    index = round(place) - 1
    return line.points[index].run.began[:10] if 0 <= index < len(line.points) else ""
