"""``hil flash``: put MicroPython and an app's files onto boards of a rig, side by side."""

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn

from hil.bench.bench import Bench
from hil.board.board import Board
from hil.board.factory import BoardFactory
from hil.bootsel.uf2 import Uf2Error, Uf2Image, load_uf2
from hil.commands.rig_option import DEFAULT_RIG, BoardNames, RigOption, named_boards, read_rig, with_boards
from hil.config.app import App, FirmwareCatalog
from hil.config.board_type import BoardType
from hil.config.rig import RigConfig
from hil.config.rig_file import Role
from hil.errors import ConfigError, HilError
from hil.events import Timeline
from hil.rig import open_bench

FIRMWARE_FOLDER = Path("firmware")
"""Where apps are looked up when no other folder is named."""


def flash(
    boards: BoardNames = None,
    rig: RigOption = DEFAULT_RIG,
    uf2: Annotated[
        Path | None,
        typer.Option("--uf2", metavar="FILE", help="MicroPython for the type of the boards. Files on them stay."),
    ] = None,
    app: Annotated[
        str | None, typer.Option("--app", help="A firmware app: each board gets the files of its role.")
    ] = None,
    firmware: Annotated[
        list[Path] | None, typer.Option("--firmware", metavar="DIR", help="Folder of apps. Default: firmware/")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every board of the rig.")] = False,
) -> None:
    """Put MicroPython, an app's files, or both onto boards, and check what they run then.

    Before any board is touched, the image is checked for the type of each named board. A board that was on runs its new
    program afterwards; one that was off is off again. A board that is the probe has no role in an app: it gets
    MicroPython alone. Exit status 1: not every board has what it should.
    """
    try:
        config = read_rig(rig)
        names = named_boards(config, boards or [], every, "flash")
        images = _images(config, names, uf2) if uf2 is not None else {}
        application = FirmwareCatalog(firmware or [FIRMWARE_FOLDER]).load(app) if app is not None else None
        if uf2 is None and application is None:
            raise ConfigError("nothing to put onto the boards; give --uf2 FILE, --app APP, or both")
        if uf2 is None:
            names = _with_role(config, names, every)
        chosen = with_boards(config, names)
        roles = {name: board.role for name, board in config.boards.items()}
        with closing(open_bench(chosen)) as bench:
            failed = _flash_all(chosen, bench, roles, images, application)
    except HilError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(code=2) from error
    if failed:
        raise typer.Exit(code=1)


def _images(config: RigConfig, names: Sequence[str], path: Path) -> dict[str, Uf2Image]:
    """The image in the file at ``path`` for each board of ``names``, by its type. Raises ``HilError``."""
    images: dict[BoardType, Uf2Image] = {}
    types = {board.name: board.type for board in config.wired_boards if board.name in names}
    for name, board_type in types.items():
        if board_type not in images:
            try:
                images[board_type] = load_uf2(path, board_type)
            except Uf2Error as error:
                if len(set(types.values())) == 1:
                    raise
                raise ConfigError(f"board {name} is {board_type.a_title}: {error}") from error
    return {name: images[board_type] for name, board_type in types.items()}


def _with_role(config: RigConfig, names: Sequence[str], every: bool) -> list[str]:
    """Those of ``names`` with a role. A board that was named and has none is an error."""
    for name in names:
        if name not in config.boards and not every:
            text = f"board {name} of rig {config.name} is its probe and has no role in an app"
            raise ConfigError(f"{text}; leave it out, or give --uf2 FILE as well")
    return [name for name in names if name in config.boards]


def _flash_all(
    config: RigConfig, bench: Bench, roles: Mapping[str, Role], images: Mapping[str, Uf2Image], app: App | None
) -> bool:
    """Flash all boards of ``config`` side by side and print the result of each; returns whether any failed."""
    factory = BoardFactory(config, bench, Timeline())
    boards = [factory.board(name) for name in config.boards]
    console = Console(stderr=True)
    results: dict[str, str] = {}
    failures: dict[str, HilError] = {}
    columns = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console, disable=not console.is_terminal) as progress:
        # A person who reads this can press a button.
        ask = progress.console.print if sys.stdin.isatty() and console.is_terminal else None
        rows = {board.name: progress.add_task(board.name, total=None) for board in boards}

        def flash_one(board: Board) -> None:
            show = _Row(progress, rows[board.name])
            try:
                results[board.name] = _flash_one(board, roles.get(board.name), images.get(board.name), app, show, ask)
                show("done", 1, 1)
            except HilError as error:
                failures[board.name] = error
                show("failed", 0, 1)

        bench.clock.run_concurrently([partial(flash_one, board) for board in boards])
    for board in boards:
        if board.name in failures:
            typer.echo(str(failures[board.name]), err=True)
        else:
            typer.echo(f"{board.name}: {results[board.name]}")
    return bool(failures)


class _Row:
    """The progress bar of one board."""

    def __init__(self, progress: Progress, row: TaskID) -> None:
        self._progress = progress
        self._row = row
        self._name = progress.tasks[row].description

    def __call__(self, doing: str, done: int, total: int | None) -> None:
        self._progress.update(self._row, description=f"{self._name}: {doing}", completed=done, total=total)


def _flash_one(
    board: Board,
    role: Role | None,
    image: Uf2Image | None,
    app: App | None,
    show: Callable[[str, int, int | None], None],
    ask: Callable[[str], None] | None,
) -> str:
    was_on = board.power.is_on
    done = []
    try:
        if image is not None:
            show("to BOOTSEL mode", 0, None)
            version = board.flash_uf2(image, partial(show, "writing UF2"), ask)
            done.append(f"runs MicroPython {version}" if version else f"has {image.name}, which is not MicroPython")
        if app is not None and role is not None:
            show(f"files of {app.name}/{role}", 0, None)
            done.append(f"{app.name}/{role}: {board.deploy(app, role)}")
        if was_on and (image is None or image.micropython_version is not None):
            board.reset()
    finally:
        if not was_on:
            board.power.off()
    return "; ".join(done)
