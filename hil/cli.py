"""The ``hil`` command."""

import os
from importlib.metadata import version
from typing import Annotated

import typer

from hil.config import find_rig, load_rig
from hil.errors import ConfigError

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Tools around a rig of Pico W boards.")
rig_commands = typer.Typer(no_args_is_help=True, help="Rig files.")
app.add_typer(rig_commands, name="rig")


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
def lint(rig: Annotated[str, typer.Argument(metavar="RIG", help="A rig file, or its name in rigs/.")]) -> None:
    """Check a rig file: prints 'ok', or everything that is wrong with it."""
    try:
        load_rig(find_rig(rig), os.environ)
    except ConfigError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(code=2) from error
    typer.echo("ok")
