"""The trend of each measurement, as rows of a table: earlier runs, and the last run compared with them."""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import StringIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from hil.history.regression import Comparison, Verdict, compare
from hil.history.store import TrendLine, TrendLineKey
from hil.report.markdown import escape, table
from hil.report.measurements import format_quantity

_STYLE = {Verdict.NEW: "dim", Verdict.STEADY: "green", Verdict.WORSE: "bold red", Verdict.BETTER: "bold green"}
HEADINGS = ("measurement", "runs", "n", "median", "p95", "worst", "limit", "last", "change", "verdict")
"""Of the columns of ``cells``."""
_TEXT_COLUMNS = ("measurement", "verdict")


@dataclass(frozen=True, kw_only=True)
class Trend:
    """One measurement over all runs of its line. All numbers are in its unit."""

    key: TrendLineKey
    runs: int
    values: int
    median: float
    p95: float
    """The smallest measured value that 95 % of the values do not exceed."""
    worst: float
    limit: float
    """The limit of the last run."""
    last: float
    """Median of the last run's values."""
    comparison: Comparison

    @property
    def change_text(self) -> str:
        """The difference of the last run from the usual value; as a share of it, unless that is 0."""
        change, usual = self.comparison.change, self.comparison.usual
        if change is None:
            return "-"
        if not usual:
            return f"{change:+.3g} {self.key.unit}"
        return f"{change / abs(usual):+.1%}"

    def cells(self) -> tuple[str, ...]:
        """One row of the table, under ``HEADINGS``."""
        quantities = (self.median, self.p95, self.worst, self.limit, self.last)
        shown = (format_quantity(value, self.key.unit) for value in quantities)
        verdict = self.comparison.verdict.value
        return (self.key.name, str(self.runs), str(self.values), *shown, self.change_text, verdict)


def trend_of(line: TrendLine) -> Trend:
    """The trend of ``line``, which has at least one run."""
    values = sorted(value for point in line.points for value in point.values.values)
    last = line.points[-1].values
    return Trend(
        key=line.key,
        runs=len(line.points),
        values=len(values),
        median=statistics.median(values),
        p95=values[math.ceil(0.95 * len(values)) - 1],
        worst=values[-1],
        limit=last.limit,
        last=statistics.median(last.values),
        comparison=compare(line.compared),
    )


def bench_text(key: TrendLineKey) -> str:
    """The rig and the condition of a measurement, for a heading."""
    return f"rig {key.rig}, condition {key.condition}" if key.condition else f"rig {key.rig}"


def render(trends: Iterable[Trend], width: int, colour: bool) -> str:
    """A table per rig and condition, of at most ``width`` columns; control characters only with ``colour``."""
    text = StringIO()
    console = Console(
        file=text, width=width, force_terminal=colour, color_system="standard" if colour else None, legacy_windows=False
    )
    for heading, group in _by_bench(trends).items():
        if text.tell():
            console.print()
        console.print(Text(heading, style="bold"))
        console.print(_table(group))
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())


def markdown(trends: Iterable[Trend]) -> str:
    """The same tables in Markdown."""
    groups = _by_bench(trends)
    return "\n".join(
        f"{escape(heading)}\n\n{table(HEADINGS, [trend.cells() for trend in group], left=_TEXT_COLUMNS)}"
        for heading, group in groups.items()
    )


def _by_bench(trends: Iterable[Trend]) -> dict[str, list[Trend]]:
    groups: dict[str, list[Trend]] = {}
    for trend in trends:
        groups.setdefault(bench_text(trend.key), []).append(trend)
    return groups


def _table(trends: Sequence[Trend]) -> Table:
    shown = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for heading in HEADINGS:
        shown.add_column(heading, justify="left" if heading in _TEXT_COLUMNS else "right", overflow="fold")
    for trend in trends:
        *cells, verdict = trend.cells()
        shown.add_row(*map(Text, cells), Text(verdict, style=_STYLE[trend.comparison.verdict]))
    return shown
