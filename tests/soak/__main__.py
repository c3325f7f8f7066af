"""Long runs against served boards: `python -m tests.soak --help`, `make soak`."""

import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from tests.soak.bench import served_boards
from tests.soak.kills import Runs
from tests.soak.power_cycles import Reading, cycle_power

MEMORY_KB = 4096
"""Permitted growth after the first stretch: 1 KB per cycle would be four times as much in 1,000 cycles."""

cli = typer.Typer(help=__doc__, no_args_is_help=True, pretty_exceptions_enable=False)


@cli.command("power-cycles")
def power_cycles(
    cycles: Annotated[int, typer.Option(help="power cycles of each board")] = 1000,
    every: Annotated[int, typer.Option(help="power cycles between two readings")] = 100,
) -> None:
    """Cycle the power of four boards; exit status 1 if anything was left behind."""
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder, served_boards(Path(folder), "ABCD") as served:

        def print_reading(reading: Reading) -> None:
            elapsed_s = time.perf_counter() - started
            typer.echo(f"{reading.cycles:5} cycles of 4 boards, {elapsed_s:4.0f} s")
            typer.echo(f"  run {reading.run}\n  server {reading.server}")

        readings = cycle_power(served, cycles, every, print_reading)
    # The first stretch fills caches, modules and pools of the allocator once.
    first, last = readings[1], readings[-1]
    grown = [f"run: {text}" for text in last.run.grown_since(first.run, MEMORY_KB)]
    grown += [f"hil serve: {text}" for text in last.server.grown_since(first.server, MEMORY_KB)]
    for text in grown:
        typer.echo(f"left behind: {text}", err=True)
    raise typer.Exit(int(bool(grown)))


@cli.command()
def kills(
    times: Annotated[int, typer.Option(help="runs to kill")] = 50,
    seed: Annotated[int, typer.Option(help="seed of the random moments")] = 1,
) -> None:
    """Kill runs of pytest at random moments; exit status 1 if any next run did not start clean."""
    killed = dirty = recovered = 0
    with tempfile.TemporaryDirectory() as folder, served_boards(Path(folder), "AB") as served:
        runs = Runs(Path(folder) / "plan", served, seed)
        runs.prepare()
        for number, kill in enumerate(runs.kill(times), start=1):
            killed += kill.was_running
            dirty += bool(kill.printed)
            recovered += len(kill.recoveries)
            left = f"{len(kill.locks_left)} lock files left; " if kill.locks_left else ""
            next_run = "next run NOT clean" if kill.printed else "next run clean"
            typer.echo(f"{number:3}  killed after {kill.after_s:6.3f} s; {left}{next_run} {' '.join(kill.recoveries)}")
            if kill.printed:
                typer.echo(kill.printed, err=True)
    typer.echo(f"{killed} of {times} runs killed before their end; {dirty} not clean after; {recovered} recoveries")
    raise typer.Exit(int(bool(dirty)))


if __name__ == "__main__":
    cli()
