"""The ``hil`` command."""

from importlib.metadata import version
from typing import Annotated

import typer

from hil.commands.console import console, logs
from hil.commands.discover import discover
from hil.commands.doctor import doctor
from hil.commands.flash import flash
from hil.commands.power import power
from hil.commands.rig_option import complete_rig, read_rig
from hil.commands.serve import serve
from hil.commands.trend import STATISTIC, trend
from hil.errors import ConfigError

app = typer.Typer(no_args_is_help=True, help="Tools around a rig of Pico W boards.")
rig_commands = typer.Typer(no_args_is_help=True, help="Rig files.")
app.add_typer(rig_commands, name="rig")
app.command()(discover)
app.command()(doctor)
app.command()(console)
app.command()(logs)
app.command()(flash)
app.command()(power)
app.command()(serve)
app.command(epilog=STATISTIC)(trend)


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"pico-hil {version('pico-hil')}")
        raise typer.Exit


@app.callback()
def main(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Tools around a rig of Pico W boards."""


@rig_commands.command()
def lint(
    rig: Annotated[
        str, typer.Argument(metavar="RIG", help="A rig file, or its name in rigs/.", autocompletion=complete_rig)
    ],
) -> None:
    """Check a rig file: prints 'ok', or everything that is wrong with it."""
    try:
        read_rig(rig)
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(code=2) from error
    typer.echo("ok")
