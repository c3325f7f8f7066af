"""A plot of the history: one panel per measurement, runs from left to right. Needs matplotlib, the extra ``plots``."""

import math
import re
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from hil.errors import ConfigError
from hil.history.regression import Verdict
from hil.history.store import TrendLine
from hil.history.trend import Trend, bench_text, trend_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

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
"""Dates that fit under a panel."""
_LONGEST_NAME = 100
"""Characters of a file's name; file systems end at 255 bytes."""


def plot(lines: Sequence[TrendLine], path: Path) -> None:
    """Draw ``lines`` into the PNG file ``path``.

    Raises ``ConfigError`` when matplotlib is not installed, ``OSError`` when the file cannot be written.
    """
    columns = min(COLUMNS, len(lines))
    rows = math.ceil(len(lines) / columns)
    size = (PANEL_INCHES[0] * columns, PANEL_INCHES[1] * rows + _TITLE_INCHES)
    figure = _figure(size)
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


def plot_each(lines: Sequence[TrendLine], folder: Path) -> None:
    """Draw each of ``lines`` into a separate PNG file in ``folder``, named after the measurement.

    Raises ``ConfigError`` and ``OSError`` as :func:`plot` does.
    """
    several_benches = len({bench_text(line.key) for line in lines}) > 1
    taken: set[str] = set()
    for line in lines:
        title = f"{line.key.name} ({bench_text(line.key)})" if several_benches else line.key.name
        name = _file_name(title)
        if name.lower() in taken:
            name = _file_name(f"{title} {line.key.unit} {len(taken) + 1}")
        taken.add(name.lower())
        plot([line], folder / f"{name}.png")


def _figure(size_inches: tuple[float, float]) -> "Figure":
    # Imported here: an installation without the extra has no matplotlib, and importing it takes 0.65 s.
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ConfigError(f"plots need matplotlib ({error}); run `pip install 'pico-hil[plots]'`") from error
    # Not pyplot: it keeps every figure, and looks for a display.
    figure = Figure(figsize=size_inches, dpi=_DPI, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _file_name(text: str) -> str:
    """``text`` as a file name that every file system accepts. A report shows it as the plot's title."""
    return re.sub(r"[^\w .,()=+%'-]+", "_", text)[:_LONGEST_NAME].strip(" .") or "_"


def _draw(panel: "Axes", line: TrendLine, trend: Trend, *, with_bench: bool) -> None:
    places = range(1, len(line.points) + 1)
    medians = [statistics.median(point.values.values) for point in line.points]
    values = [(place, value) for place, point in zip(places, line.points, strict=True) for value in point.values.values]
    at, measured = [place for place, _ in values], [value for _, value in values]
    panel.scatter(at, measured, s=9, color=_VALUE_COLOUR, alpha=0.7, linewidths=0, label="each value")
    panel.plot(places, medians, color=_MEDIAN_COLOUR, linewidth=1.4, label="median of the run")
    limits = [point.values.limit for point in line.points]
    # From edge to edge: with a single run the line would have no length.
    edges = [0.5, *(place + 0.5 for place in places)]
    panel.step(
        edges, [limits[0], *limits], where="pre", color=_LIMIT_COLOUR, linewidth=1.1, linestyle="--", label="limit"
    )
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
    panel.set_xticks(*_dates(line))
    panel.tick_params(labelsize=8)
    panel.grid(axis="y", color="#e3e3e3", linewidth=0.8)
    panel.set_axisbelow(True)
    panel.spines[["top", "right"]].set_visible(False)


def _verdict_text(trend: Trend) -> str:
    if trend.comparison.verdict is Verdict.NEW:
        return "too few runs to compare"
    return f"{trend.comparison.verdict.value}, {trend.change_text}"


def _dates(line: TrendLine) -> tuple[list[int], list[str]]:
    """Places on the axis, first and last run included, and labels: the day, or day and time where days repeat."""
    began = [point.run.began for point in line.points]
    count = min(len(began), _MOST_LABELS)
    shown = sorted({round(number * (len(began) - 1) / max(count - 1, 1)) for number in range(count)})
    days = {text[:10] for text in began}
    texts = [began[index][:10] if len(days) == len(began) else began[index][5:16].replace("T", " ") for index in shown]
    return [index + 1 for index in shown], texts
