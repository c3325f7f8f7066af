"""``hil rig``: what can be done with a rig file alone."""

from typing import Annotated

import typer

from hil.commands.rig_option import complete_rig, read_rig
from hil.errors import ConfigError

app = typer.Typer(no_args_is_help=True, help="Rig files.")


@app.callback()
def rig() -> None:
    """Rig files."""


@app.command()
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
