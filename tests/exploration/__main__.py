"""Explores random schedules of faults, and replays one: `python -m tests.exploration --help`."""

import multiprocessing
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from hil.config.app import FirmwareCatalog
from tests.exploration.apps import APPS, AppUnderFaults, app_called
from tests.exploration.play import FIRMWARE, play, rig_config
from tests.exploration.schedule import Schedule
from tests.exploration.search import Failure, Findings, search_block

BLOCK = 50
"""Schedules of one search. After a failure the other blocks continue, with their own seeds."""

TOLD_EVERY = 10
"""Blocks between two reports of progress."""

cli = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)
console = Console(emoji=False, highlight=False, markup=False, soft_wrap=True)

Firmware = Annotated[Path, typer.Option(help="folder of the apps, if not the project's")]


@cli.command()
def explore(
    runs: Annotated[int, typer.Option(help="schedules per app")] = 200,
    jobs: Annotated[int, typer.Option(help="processes")] = 2,
    app: Annotated[list[str] | None, typer.Option(help="only this app (repeatable)")] = None,
    first_seed: Annotated[int, typer.Option(help="seed of the first block of schedules")] = 0,
    firmware: Firmware = FIRMWARE,
) -> None:
    """Play random schedules against each app; print the shortest that goes wrong, and the command that replays it."""
    kinds = [_kind(name) for name in app or [kind.name for kind in APPS]]
    blocks = [(kind.name, block) for block in _blocks(runs, first_seed) for kind in kinds]
    found: dict[str, list[Findings]] = {kind.name: [] for kind in kinds}
    started = time.perf_counter()
    with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
        futures = {pool.submit(search_block, name, firmware, *block): name for name, block in blocks}
        for done, future in enumerate(as_completed(futures), start=1):
            name, findings = futures[future], future.result()
            found[name].append(findings)
            if findings.found is not None and findings.shortest is not None:
                _print_failure(findings.found, findings.shortest, firmware)
            if done % TOLD_EVERY == 0:
                console.print(f"{done} of {len(blocks)} blocks after {time.perf_counter() - started:.0f} s")
    elapsed_s = time.perf_counter() - started
    console.print(_table(found))
    total = sum(findings.played for several in found.values() for findings in several)
    console.print(f"{total} schedules in {elapsed_s:.0f} s: {60 * total / elapsed_s:.0f} a minute, {jobs} processes")
    raise typer.Exit(int(any(findings.found for several in found.values() for findings in several)))


@cli.command()
def replay(
    app: Annotated[str, typer.Argument(help="name of the app")],
    schedule: Annotated[str, typer.Argument(help='such as "settled seed=7; +0.5 cut MASTER for 2"')],
    firmware: Firmware = FIRMWARE,
) -> None:
    """Play one schedule, and print everything that happened."""
    kind, config = _kind(app), rig_config()
    try:
        read = Schedule.parse(schedule, tuple(config.boards))
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    outcome = play(kind, FirmwareCatalog([firmware]).load(app), config, read)
    console.print(outcome.timeline)
    for problem in outcome.problems:
        console.print(f"{problem.kind}: {problem.text}")
    recovery = (
        "never complete" if outcome.recovery_s is None else f"complete {outcome.recovery_s:.1f} s after the last fault"
    )
    console.print(f"{len(outcome.problems)} problems, {recovery}")
    raise typer.Exit(int(bool(outcome.problems)))


def _blocks(runs: int, first_seed: int) -> Iterator[tuple[int, int]]:
    """Seed and number of schedules of each block."""
    for number, begin in enumerate(range(0, runs, BLOCK)):
        yield first_seed + number, min(BLOCK, runs - begin)


def _kind(name: str) -> type[AppUnderFaults]:
    try:
        return app_called(name)
    except KeyError as error:
        raise typer.BadParameter(str(error)) from error


def _print_failure(found: Failure, shortest: Failure, firmware: Path) -> None:
    console.rule(f"{found.app}: {found.kind}")
    console.print(f"{shortest}\nfound as: {found.schedule}\nreplay:   {shortest.command(firmware)}\n")


def _table(found: dict[str, list[Findings]]) -> Table:
    table = Table("app", "schedules", "failures", "recovery: median", "p95", "worst", "limit")
    for name, several in found.items():
        recoveries = sorted((one for findings in several for one in findings.recoveries), key=lambda pair: pair[0])
        times = [recovery_s for recovery_s, _ in recoveries]
        p95 = times[max(0, -(-len(times) * 95 // 100) - 1)] if times else 0.0
        shown = [f"{value:.1f} s" for value in (statistics.median(times), p95, times[-1])] if times else ["", "", ""]
        table.add_row(
            name,
            str(sum(findings.played for findings in several)),
            str(sum(findings.found is not None for findings in several)),
            *shown,
            f"{_kind(name).complete_within_s:g} s",
        )
        if recoveries:
            console.print(f"{name}: slowest recovery: {recoveries[-1][1]}")
    return table


if __name__ == "__main__":
    cli()
