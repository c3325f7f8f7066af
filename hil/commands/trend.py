"""``hil trend``: the measurements of earlier runs, and whether the last run was worse than those before."""

import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from hil.errors import ConfigError, HilError
from hil.history.regression import (
    MIN_RUNS,
    MIN_VALUES,
    RELEVANT_SHARE,
    RELEVANT_SHARE_OF_LIMIT,
    SIGMAS,
    WINDOW_RUNS,
    Verdict,
)
from hil.history.store import History, TrendLine
from hil.history.trend import render, trend_of

STATISTIC = f"""\
The last run is compared with the {WINDOW_RUNS} runs before it. Each of its values is compared with what the same test \
measured earlier; the change is the median of these differences. The run is `worse` if the change is beyond \
{RELEVANT_SHARE:.0%} of the usual value, beyond {RELEVANT_SHARE_OF_LIMIT:.0%} of the limit, and beyond {SIGMAS:.0f} \
sigma. Sigma is the noise of the n earlier runs, estimated from their median absolute deviation; to be exact, the \
change has to be beyond {SIGMAS:.0f} * (1 + {SIGMAS:.0f}/n) sigma. If a run has fewer than {MIN_VALUES} values, \
earlier runs are added to it until there are {MIN_VALUES}. With fewer than {MIN_RUNS} earlier runs it is `new`."""
"""The statistic of ``hil/history/regression.py``, for ``--help``."""


app = typer.Typer()


@app.command(epilog=STATISTIC)
def trend(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME...", help="Measurements; all if none.")] = None,
    history: Annotated[
        Path, typer.Option(metavar="FILE", envvar="HIL_HISTORY", help="The history that runs with --hil-history wrote.")
    ] = Path("history.sqlite"),
    rig: Annotated[str | None, typer.Option(metavar="NAME", help="Only this rig.")] = None,
    condition: Annotated[
        str | None, typer.Option(metavar="FAULTS", help="Only runs with this --hil-condition; '' for those without.")
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw the runs into a PNG file, or into a folder: a file per measurement."),
    ] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="Accept the values of the last run: compare with it from now on.")
    ] = False,
    fail_on_regression: Annotated[
        bool, typer.Option("--fail-on-regression", help="Exit with status 1 if anything is worse.")
    ] = False,
) -> None:
    """Show n, median, p95 and worst of each measurement, and the last run compared with the earlier ones."""
    try:
        store = History(history)
        lines = _selected(store.lines(), names or [], rig, condition)
        if accept:
            _accept(store, lines, names or [])
            return
        if plot is not None:
            _plot(lines, plot)
    except HilError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(code=2) from error
    trends = [trend_of(line) for line in lines]
    typer.echo(render(trends, shutil.get_terminal_size((120, 24)).columns, sys.stdout.isatty()))
    if fail_on_regression and any(found.comparison.verdict is Verdict.WORSE for found in trends):
        raise typer.Exit(code=1)


def _selected(
    lines: Sequence[TrendLine], names: Sequence[str], rig: str | None, condition: str | None
) -> list[TrendLine]:
    on_bench = [
        line for line in lines if rig in (None, line.key.rig) and (condition is None or condition == line.key.condition)
    ]
    if not on_bench:
        benches = ", ".join(sorted({f"{line.key.rig} {line.key.condition}".strip() for line in lines})) or "nothing yet"
        raise ConfigError(f"the history has no such runs; it has measurements of: {benches}")
    known = sorted({line.key.name for line in on_bench})
    for name in names:
        if name not in known:
            raise ConfigError(f"no measurement {name!r} in the history; it has: {', '.join(known)}")
    return [line for line in on_bench if not names or line.key.name in names]


def _accept(store: History, lines: Sequence[TrendLine], names: Sequence[str]) -> None:
    if not names:
        raise ConfigError("--accept needs measurements; name those whose last values are right")
    for line in lines:
        store.accept(line)
        typer.echo(f"{line.key.name} on {line.key.rig}: compared from the run of {line.points[-1].run.began} on")


def _plot(lines: Sequence[TrendLine], path: Path) -> None:
    from hil.history.plot import plot, plot_each

    try:
        if path.is_dir():
            plot_each(lines, path)
        else:
            plot(lines, path)
    except OSError as error:
        raise ConfigError(f"--plot {path}: {error.strerror}; name a file that can be written") from error
