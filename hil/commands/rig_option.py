"""What the commands that work on a rig have in common: which rig, which of its boards, and their names while typing."""

import os
from collections.abc import Sequence
from typing import Annotated

import typer

from hil.config import RIGS_FOLDER, BoardConfig, RigConfig, find_rig, load_rig
from hil.errors import ConfigError

DEFAULT_RIG = "rig"
"""The rig of a command that is told none: ``rigs/rig.yaml``."""


def complete_rig(incomplete: str) -> list[str]:
    """The names of the rig files in ``rigs/`` that begin so."""
    return [path.stem for path in sorted(RIGS_FOLDER.glob("*.yaml")) if path.stem.startswith(incomplete)]


def complete_board(context: typer.Context, incomplete: str) -> list[str]:
    """The names of boards that begin so and are not on the command line yet."""
    try:
        config = read_rig(str(context.params.get("rig") or DEFAULT_RIG))
    except ConfigError:
        # There is no place to say so while somebody types.
        return []
    named = context.params.get("boards") or ()
    return [
        board.name for board in config.wired_boards if board.name.startswith(incomplete) and board.name not in named
    ]


RigOption = Annotated[
    str,
    typer.Option(
        "--rig",
        metavar="RIG",
        envvar="HIL_RIG",
        help="A rig file, or its name in rigs/.",
        autocompletion=complete_rig,
    ),
]
"""``--rig``, of every command that works on a rig. Its default is :data:`DEFAULT_RIG`."""

BoardNames = Annotated[
    list[str] | None,
    typer.Argument(metavar="BOARD...", help="Names of the rig file.", autocompletion=complete_board),
]
"""Boards on a command line."""


def read_rig(rig: str) -> RigConfig:
    """The rig that ``--rig`` means. Raises ``ConfigError``."""
    return load_rig(find_rig(rig), os.environ)


def only(config: RigConfig, names: Sequence[str]) -> RigConfig:
    """The rig with just the boards ``names``, all of them if there are none; a board that is the probe is one as well.

    What is left out is not locked, and not touched. Raises ``ConfigError`` for a name that the rig does not have.
    """
    boards = {board.name: board for board in config.wired_boards}
    for name in names:
        if name not in boards:
            raise ConfigError(f"rig {config.name} has no board {name}; it has {', '.join(boards)}")
    ap = config.ap_board.name if not names or config.ap_board.name in names else names[0]
    chosen = {
        # A rig has one access point, whatever is left of it.
        name: BoardConfig(**{**dict(boards[name]), "role": "ap" if name == ap else "client"})
        for name in dict.fromkeys(names or boards)
    }
    return config.model_copy(update={"boards": chosen, "probe": None, "probe_board": None})
