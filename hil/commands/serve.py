"""``hil serve``: virtual boards in real time, for mpremote, Thonny or minicom, or for pytest as a bench."""

from pathlib import Path
from typing import Annotated

import platformdirs
import typer

from hil.clock import MonotonicClock
from hil.commands.rig_option import complete_rig, read_cells
from hil.config.rig import RigConfig, merged
from hil.errors import ConfigError, HilError
from hil.serve.folder import CONTROL
from hil.serve.rig_text import HEADER, rig_text
from hil.serve.server import Server
from hil.serve.twin import virtual_twin

RIG_FILE = "rig.yaml"
"""Name of the rig file in the served folder."""


def serve(
    rig: Annotated[
        str, typer.Option(metavar="RIG", help="A rig file, or its name in rigs/.", autocompletion=complete_rig)
    ] = "virtual",
    folder: Annotated[
        Path | None,
        typer.Option(
            "--dir",
            help="Where the boards appear. Default: a folder in the user's runtime directory, named like the rig.",
        ),
    ] = None,
    speed: Annotated[float, typer.Option(min=1, max=100, help="Speed of the boards, relative to real time.")] = 1.0,
) -> None:
    """Serve the boards of a rig as virtual boards in real time. Each is a serial device that any program can open.

    Ctrl-C ends it. A rig of real boards is served as its virtual twin: the same names on the same hub ports.
    """
    try:
        cells = [virtual_twin(cell) for cell in read_cells(rig)]
        config = merged(cells)
        served_folder = (folder or platformdirs.user_runtime_path("pico-hil") / config.name).absolute()
        rig_file = served_folder / RIG_FILE
        _check_replaceable(rig_file)
        server = Server(config, served_folder, MonotonicClock(), speed)
        try:
            rig_file.unlink(missing_ok=True)
            rig_file.touch(mode=0o600)
            rig_file.write_text(rig_text(cells, served_folder, served_folder / CONTROL), encoding="utf-8")
            server.run(lambda: _print_boards(config, server, speed))
        finally:
            rig_file.unlink(missing_ok=True)
            server.close()
    except HilError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(code=2) from error


def _check_replaceable(path: Path) -> None:
    """Raise ``ConfigError`` unless ``path`` is free or was left by a killed server."""
    if path.is_file() and path.read_text(encoding="utf-8", errors="replace").startswith(HEADER):
        return
    if path.exists():
        raise ConfigError(
            f"{path}: was not written by `hil serve`, which would overwrite and remove it; give another --dir"
        )


def _print_boards(config: RigConfig, server: Server, speed: float) -> None:
    pace = "in real time" if speed == 1 else f"at {speed:g} times real time"
    typer.echo(f"Serving the boards of rig {config.name} {pace}; Ctrl-C ends it.")
    for board in server.boards:
        typer.echo(f"  {board.board}  on {board.hub}/{board.port}:  mpremote connect {board.tty}")
    typer.echo(f"Test them like real ones:  pytest --rig {server.folder / RIG_FILE} testplans")
    typer.echo(f"Switch their power:  hil power off BOARD --rig {server.folder / RIG_FILE}")
