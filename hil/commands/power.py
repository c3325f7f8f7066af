"""``hil power``: switch boards of a rig from the command line."""

from collections.abc import Callable, Sequence
from contextlib import closing
from enum import StrEnum
from typing import Annotated

import typer

from hil.bench.bench import Bench
from hil.board.power_sequencer import PowerSequencer
from hil.board.verified_port import VerifiedPort
from hil.commands.rig_option import DEFAULT_RIG, BoardNames, RigOption, named_boards, read_rig
from hil.config.rig import RigConfig
from hil.errors import HilError, PowerError
from hil.events import Timeline
from hil.rig import open_bench


class Action(StrEnum):
    """What to do to each board."""

    ON = "on"
    OFF = "off"
    CYCLE = "cycle"


def power(
    action: Annotated[Action, typer.Argument(help="'cycle' keeps the board off for the rig's `off_time_s`.")],
    boards: BoardNames = None,
    rig: RigOption = DEFAULT_RIG,
    every: Annotated[bool, typer.Option("--all", help="Every board of the rig.")] = False,
) -> None:
    """Switch the power of boards, and print what their ports say then.

    Nothing but the named boards' ports is touched. Boards that a test run has in use are refused.
    """
    try:
        config = read_rig(rig)
        names = named_boards(config, boards or [], every, "switch")
        with closing(open_bench(config)) as bench:
            failed = _switch(config, bench, names, action)
    except HilError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(code=2) from error
    if failed:
        raise typer.Exit(code=1)


def _switch(config: RigConfig, bench: Bench, names: Sequence[str], action: Action) -> set[str]:
    """Switch ``names``, also those behind one that fails, and say what became of each. Returns those that failed."""
    clock, timeline = bench.clock, Timeline()
    sequencer = PowerSequencer(clock, config.stagger_s)
    addresses = {board.name: str(board.power) for board in config.wired_boards}
    ports = {name: VerifiedPort(name, addresses[name], bench.power_port(name), clock, timeline) for name in names}
    failed: set[str] = set()

    def each(deed: Callable[[VerifiedPort], None]) -> None:
        for name in names:
            if name not in failed:
                try:
                    deed(ports[name])
                except PowerError as error:
                    typer.echo(str(error), err=True)
                    failed.add(name)

    def switch_on(port: VerifiedPort) -> None:
        with sequencer.turn():
            port.on()

    if action is not Action.ON:
        each(VerifiedPort.off)
    if action is Action.CYCLE:
        clock.sleep(config.power.off_time_s)
    if action is not Action.OFF:
        each(switch_on)
    each(lambda port: typer.echo(f"{port.board} ({port.address}): {'on' if port.is_on() else 'off'}"))
    for entry in timeline.entries():
        if entry.source not in failed:
            typer.echo(f"{entry.source}: {entry.text}", err=True)
    return failed
