"""The ``hil`` command. Its commands are in ``hil/commands/table.py``; ``hil --help`` imports none of them."""

from importlib.metadata import version
from typing import Annotated

import typer

from hil.commands.table import CommandTable

app = typer.Typer(cls=CommandTable, no_args_is_help=True, help="Tools around a rig of Pico W boards.")


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
