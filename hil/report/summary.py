"""The closing summary: verdicts per testplan and category, measurements against their limits, the slowest tests."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from io import StringIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from hil.report.category import CATEGORY_ORDER
from hil.report.measurements import EXCEEDED, MET, format_quantity, verdict_of
from hil.report.outcome import BENCH_ERROR, BLOCKED, FAILED, OUTCOMES, PASSED, SKIPPED
from hil.report.results import TestResult

WIDE = 120
"""Minimum width of the terminal, in columns, for the test that measured the worst value."""

SLOWEST = 5
"""How many of the slowest tests are listed."""
_WORTH_LISTING_S = 0.05

_STYLE = {PASSED: "green", FAILED: "bold red", BENCH_ERROR: "bold yellow", BLOCKED: "yellow", SKIPPED: "yellow"}


@dataclass(frozen=True, kw_only=True)
class MeasurementRow:
    """All values with the same name, unit and limit."""

    name: str
    unit: str
    limit: float
    values: tuple[float, ...]
    worst_test: str
    """Node id of the test that measured the worst value."""

    @property
    def worst(self) -> float:
        """The largest value: limits are upper limits."""
        return max(self.values)


def measurement_rows(results: Iterable[TestResult]) -> list[MeasurementRow]:
    """One row per measurement, in the order in which they were first made."""
    found: dict[tuple[str, str, float], list[tuple[float, str]]] = defaultdict(list)
    for result in results:
        for measurement in result.measurements:
            key = (measurement.name, measurement.unit, measurement.limit)
            found[key].append((measurement.value, result.nodeid))
    return [
        MeasurementRow(
            name=name, unit=unit, limit=limit, values=tuple(value for value, _ in measured), worst_test=max(measured)[1]
        )
        for (name, unit, limit), measured in found.items()
    ]


def verdict_counts(results: Iterable[TestResult]) -> dict[str, Counter[str]]:
    """The number of tests per outcome, by testplan; testplans sorted by name."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for result in results:
        counts[result.testplan][result.outcome] += 1
    return dict(sorted(counts.items()))


def verdicts_by_category(results: Iterable[TestResult]) -> Counter[str]:
    """Number of tests that passed, were skipped, or are of each category, in the order of reports."""
    counts = Counter(result.category or result.outcome for result in results)
    order = [*(outcome for outcome in OUTCOMES if outcome in (PASSED, SKIPPED)), *CATEGORY_ORDER]
    return Counter({name: counts[name] for name in [*order, *sorted(counts.keys() - order)] if counts[name]})


def slowest(results: Iterable[TestResult]) -> list[TestResult]:
    """The tests that take longest on a real bench, where rig time is real time, or took longest here.

    Those that took hardly any time, such as blocked ones, are left out.
    """
    slow = [result for result in results if result.longest_s >= _WORTH_LISTING_S]
    return sorted(slow, key=lambda result: result.longest_s, reverse=True)[:SLOWEST]


def render(results: Iterable[TestResult], width: int, colour: bool) -> str:
    """All tables as text of at most ``width`` columns; control characters only with ``colour``."""
    finished = list(results)
    text = StringIO()
    console = Console(
        file=text, width=width, force_terminal=colour, color_system="standard" if colour else None, legacy_windows=False
    )
    console.print(_verdict_table(verdict_counts(finished)))
    if any(result.category for result in finished):
        counts = verdicts_by_category(finished)
        console.print()
        console.print(Text(", ".join(f"{count} {name}" for name, count in counts.items())))
    rows = measurement_rows(finished)
    if rows:
        console.print()
        console.print(_measurement_table(rows, with_test=width >= WIDE))
    slow = slowest(finished)
    if len(slow) > 1:
        console.print()
        console.print(_slowest_table(slow))
    # rich pads cells to the width of the table.
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())


def _table() -> Table:
    # Without a box, a log of any encoding can hold it.
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")


def _verdict_table(counts: Mapping[str, Counter[str]]) -> Table:
    table = _table()
    table.add_column("testplan", overflow="fold")
    for outcome in OUTCOMES:
        table.add_column(outcome, justify="right", overflow="fold")
    for testplan, count in counts.items():
        table.add_row(Text(testplan), *(_number(count[outcome], outcome) for outcome in OUTCOMES))
    if len(counts) > 1:
        total = sum(counts.values(), Counter[str]())
        table.add_row("all", *(_number(total[outcome], outcome) for outcome in OUTCOMES))
    return table


def _number(count: int, outcome: str) -> Text:
    return Text(str(count), style=_STYLE[outcome]) if count else Text("-", style="dim")


def _measurement_table(rows: Iterable[MeasurementRow], with_test: bool) -> Table:
    table = _table()
    table.add_column("measurement", overflow="fold")
    for heading in ("n", "median", "worst", "limit"):
        table.add_column(heading, justify="right", overflow="fold")
    table.add_column("verdict", overflow="fold")
    if with_test:
        table.add_column("worst in", overflow="fold")
    for row in rows:
        exceeded = any(verdict_of(value, row.limit) == EXCEEDED for value in row.values)
        table.add_row(
            Text(row.name),
            str(len(row.values)),
            format_quantity(statistics.median(row.values), row.unit),
            format_quantity(row.worst, row.unit),
            format_quantity(row.limit, row.unit),
            Text(EXCEEDED, style=_STYLE[FAILED]) if exceeded else Text(MET, style=_STYLE[PASSED]),
            *([Text(row.worst_test.rpartition("/")[2])] if with_test else []),
        )
    return table


def _slowest_table(results: Iterable[TestResult]) -> Table:
    table = _table()
    table.add_column("slowest", overflow="fold")
    for heading in ("rig time", "took"):
        table.add_column(heading, justify="right", overflow="fold")
    for result in results:
        # Without its file, which is long: `pytest -k` finds the test by its name.
        name = Text(result.nodeid.partition("::")[2] or result.nodeid)
        table.add_row(name, f"{result.rig_time_s:.1f} s", f"{result.took_s:.1f} s")
    return table
