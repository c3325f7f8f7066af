"""``hil power``: switch boards of a rig from the command line."""

from collections.abc import Callable, Sequence
from contextlib import closing
from enum import StrEnum
from typing import Annotated

import typer

from hil.bench.bench import Bench
from hil.board.factory import BoardFactory
from hil.board.power_switch import PowerSwitch
from hil.commands.rig_option import DEFAULT_RIG, BoardNames, RigOption, named_boards, read_rig
from hil.config.rig import RigConfig
from hil.errors import HilError, PowerError
from hil.events import Timeline
from hil.rig import open_bench


class Action(StrEnum):
    """What to do with each board."""

    ON = "on"
    OFF = "off"
    CYCLE = "cycle"


def power(
    action: Annotated[Action, typer.Argument(help="'cycle' keeps the board off for the rig's `off_time_s`.")],
    boards: BoardNames = None,
    rig: RigOption = DEFAULT_RIG,
    every: Annotated[bool, typer.Option("--all", help="Every board of the rig.")] = False,
) -> None:
    """Switch the power of boards, and print what their ports report afterwards.

    Only the ports of the named boards are touched. Boards that a test run is using are refused.
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
    """Switch ``names``, also after one has failed, and print the state of each. Returns those that failed."""
    timeline = Timeline()
    factory = BoardFactory(config, bench, timeline)
    switches = {name: factory.board(name).power for name in names}
    failed: set[str] = set()

    def each(act: Callable[[str, PowerSwitch], None]) -> None:
        for name, switch in switches.items():
            if name not in failed:
                try:
                    act(name, switch)
                except PowerError as error:
                    typer.echo(str(error), err=True)
                    failed.add(name)

    if action is not Action.ON:
        each(lambda _name, switch: switch.off())
    if action is not Action.OFF:
        # The serial devices are not touched: another program may have them open.
        each(lambda _name, switch: switch.on(listen=False))
    each(lambda name, switch: typer.echo(f"{name} ({switch.address}): {'on' if switch.is_on else 'off'}"))
    for entry in timeline.entries():
        if entry.kind == "note" and entry.source not in failed:
            typer.echo(f"{entry.source}: {entry.text}", err=True)
    return failed
