"""``hil trend``: what the runs measured, and whether the last one was worse than those before."""

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
from hil.history.store import History, Line
from hil.history.trend import render, trend_of

STATISTIC = f"""\
The last run is `worse` if the median of how far its values lie above what the same tests measured before is beyond \
{SIGMAS:.0f} sigma, of which the spread of the earlier runs tells how large it is (by their median absolute deviation; \
with n runs it has to be beyond {SIGMAS:.0f} * (1 + {SIGMAS:.0f}/n) sigma), and beyond {RELEVANT_SHARE:.0%} of what is \
usual and {RELEVANT_SHARE_OF_LIMIT:.0%} of the limit. With fewer than {MIN_VALUES} values in a run, earlier runs are \
added until there are {MIN_VALUES}. It is compared with the {WINDOW_RUNS} runs before it; with fewer than {MIN_RUNS} \
it is `new`."""
"""For ``--help``: the statistic, as ``hil/history/regression.py`` has it."""


def trend(
    names: Annotated[list[str] | None, typer.Argument(metavar="NAME...", help="Measurements; all if none.")] = None,
    history: Annotated[
        Path, typer.Option(metavar="FILE", envvar="HIL_HISTORY", help="What runs with --hil-history wrote.")
    ] = Path("history.sqlite"),
    rig: Annotated[str | None, typer.Option(metavar="NAME", help="Only this rig.")] = None,
    condition: Annotated[
        str | None, typer.Option(metavar="FAULTS", help="Only runs with this --hil-condition; '' for those without.")
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw the runs into a PNG file; into a folder, one file per measurement."),
    ] = None,
    accept: Annotated[
        bool, typer.Option("--accept", help="What the last run measured is meant to be so: compare from there on.")
    ] = False,
    fail_on_regression: Annotated[
        bool, typer.Option("--fail-on-regression", help="Exit with status 1 if anything is worse.")
    ] = False,
) -> None:
    """Show per measurement n, median, p95, worst, and the last run against the earlier ones."""
    try:
        store = History(history)
        lines = _chosen(store.lines(), names or [], rig, condition)
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


def _chosen(lines: Sequence[Line], names: Sequence[str], rig: str | None, condition: str | None) -> list[Line]:
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


def _accept(store: History, lines: Sequence[Line], names: Sequence[str]) -> None:
    if not names:
        raise ConfigError("--accept needs the names of the measurements that are meant to be as they are")
    for line in lines:
        store.accept(line)
        typer.echo(f"{line.key.name} on {line.key.rig}: compared from the run of {line.points[-1].run.began} on")


def _plot(lines: Sequence[Line], path: Path) -> None:
    from hil.history.plot import plot, plot_each

    try:
        if path.is_dir():
            plot_each(lines, path)
        else:
            plot(lines, path)
    except OSError as error:
        raise ConfigError(f"--plot {path}: {error.strerror}; name a file that can be written") from error
