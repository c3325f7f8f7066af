"""``hil serve``: the boards of a virtual rig in real time, for mpremote, Thonny or minicom, or pytest as a real rig."""

from pathlib import Path
from typing import Annotated

import platformdirs
import typer

from hil.clock import MonotonicClock
from hil.commands.rig_option import complete_rig, read_rig
from hil.config import RigConfig
from hil.errors import HilError
from hil.serve.rig_text import rig_text
from hil.serve.server import CONTROL, Server
from hil.serve.twin import virtual_twin

RIG_FILE = "rig.yaml"
"""The name of the rig file that is written into the folder."""


def serve(
    rig: Annotated[
        str, typer.Option(metavar="RIG", help="A rig file, or its name in rigs/.", autocompletion=complete_rig)
    ] = "virtual",
    folder: Annotated[
        Path | None,
        typer.Option("--dir", help="Where the boards appear. Default: a folder of the user's, named like the rig."),
    ] = None,
    speed: Annotated[float, typer.Option(min=1, max=100, help="How much faster than real time boards live.")] = 1.0,
) -> None:
    """Serve a rig's boards virtually, in real time: each is a serial port that any program can open. Ctrl-C ends it.

    A rig of real boards is served as its virtual twin: boards of the same names on hubs of the same ports.
    """
    try:
        config = virtual_twin(read_rig(rig))
        where = (folder or platformdirs.user_runtime_path("pico-hil") / config.name).absolute()
        server = Server(config, where, MonotonicClock(), speed)
        written = where / RIG_FILE
        try:
            written.unlink(missing_ok=True)
            written.touch(mode=0o600)
            written.write_text(rig_text(config, where, where / CONTROL), encoding="utf-8")
            server.run(lambda: _tell(config, server, speed))
        finally:
            written.unlink(missing_ok=True)
            server.close()
    except HilError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(code=2) from error


def _tell(config: RigConfig, server: Server, speed: float) -> None:
    pace = "in real time" if speed == 1 else f"at {speed:g} times real time"
    typer.echo(f"Serving the boards of rig {config.name} {pace}; Ctrl-C ends it.")
    for board in server.boards:
        typer.echo(f"  {board.board}  on {board.hub}/{board.port}:  mpremote connect {board.tty}")
    typer.echo(f"Test them like real ones:  pytest --rig {server.folder / RIG_FILE} testplans")
    typer.echo(f"Switch their power:  hil power off BOARD --rig {server.folder / RIG_FILE}")
