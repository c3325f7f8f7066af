"""``hil serve``: the boards of a virtual rig in real time, for mpremote, Thonny or minicom, or pytest as a real rig."""

from pathlib import Path
from typing import Annotated

import platformdirs
import typer

from hil.clock import MonotonicClock
from hil.commands.rig_option import complete_rig, read_cells
from hil.config.rig import RigConfig, whole
from hil.errors import ConfigError, HilError
from hil.serve.folder import CONTROL
from hil.serve.rig_text import FIRST_WORDS, rig_text
from hil.serve.server import Server
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
        cells = [virtual_twin(cell) for cell in read_cells(rig)]
        config = whole(cells)
        where = (folder or platformdirs.user_runtime_path("pico-hil") / config.name).absolute()
        written = where / RIG_FILE
        _check_replaceable(written)
        server = Server(config, where, MonotonicClock(), speed)
        try:
            written.unlink(missing_ok=True)
            written.touch(mode=0o600)
            written.write_text(rig_text(cells, where, where / CONTROL), encoding="utf-8")
            server.run(lambda: _tell(config, server, speed))
        finally:
            written.unlink(missing_ok=True)
            server.close()
    except HilError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(code=2) from error


def _check_replaceable(path: Path) -> None:
    """Whether ``path`` is free, or was left by a server that was killed. Raises ``ConfigError``."""
    if path.is_file() and path.read_text(encoding="utf-8", errors="replace").startswith(FIRST_WORDS):
        return
    if path.exists():
        text = f"{path}: is not of `hil serve`, which would replace it and take it away at its end"
        raise ConfigError(f"{text}; give another --dir")


def _tell(config: RigConfig, server: Server, speed: float) -> None:
    pace = "in real time" if speed == 1 else f"at {speed:g} times real time"
    typer.echo(f"Serving the boards of rig {config.name} {pace}; Ctrl-C ends it.")
    for board in server.boards:
        typer.echo(f"  {board.board}  on {board.hub}/{board.port}:  mpremote connect {board.tty}")
    typer.echo(f"Test them like real ones:  pytest --rig {server.folder / RIG_FILE} testplans")
    typer.echo(f"Switch their power:  hil power off BOARD --rig {server.folder / RIG_FILE}")
