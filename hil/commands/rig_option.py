"""Options of the commands that work on a rig: the rig, its boards, and completion of their names."""

import os
from collections.abc import Sequence
from typing import Annotated

import typer

from hil.config.rig import RIGS_FOLDER, BoardConfig, RigConfig, find_rig, load_cells, merged
from hil.config.rig_file import Role
from hil.errors import ConfigError

DEFAULT_RIG = "rig"
"""The rig of a command without ``--rig``: ``rigs/rig.yaml``."""


def complete_rig(incomplete: str) -> list[str]:
    """The names of the rig files in ``rigs/`` that begin with ``incomplete``."""
    return [path.stem for path in sorted(RIGS_FOLDER.glob("*.yaml")) if path.stem.startswith(incomplete)]


def complete_board(context: typer.Context, incomplete: str) -> list[str]:
    """The names of boards that begin with ``incomplete`` and are not on the command line yet."""
    try:
        config = read_rig(str(context.params.get("rig") or DEFAULT_RIG))
    except ConfigError:
        # A shell has no place for an error while it completes a word.
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
"""The names of boards on a command line."""


def read_cells(rig: str) -> tuple[RigConfig, ...]:
    """The rig that ``--rig`` names, cell by cell. Raises ``ConfigError``."""
    return load_cells(find_rig(rig), os.environ)


def read_rig(rig: str) -> RigConfig:
    """The rig that ``--rig`` names, with the boards of all its cells. Raises ``ConfigError``."""
    return merged(read_cells(rig))


def with_boards(config: RigConfig, names: Sequence[str]) -> RigConfig:
    """The rig with the boards ``names`` only, or with all of them if no name is given. The probe's board counts.

    Boards that are left out are neither locked nor touched. Raises ``ConfigError`` for a name that the rig does not
    have.
    """
    _check_known(config, names)
    boards = {board.name: board for board in config.wired_boards}
    roles: dict[str, Role] = {
        name: config.boards[name].role if name in config.boards else "client" for name in names or boards
    }
    if "ap" not in roles.values():
        # Every rig has an access point.
        roles[next(iter(roles))] = "ap"
    chosen = {name: BoardConfig(**{**dict(boards[name]), "role": role}) for name, role in roles.items()}
    return config.model_copy(update={"boards": chosen, "probe": None, "probe_boards": ()})


def named_boards(config: RigConfig, names: Sequence[str], every: bool, verb: str) -> list[str]:
    """The boards that a command works on: ``names``, or ``every`` board of the rig, including the probe's.

    ``verb`` is what the command does to them. Raises ``ConfigError`` when neither is given, or both, or for a name that
    the rig does not have.
    """
    known = [board.name for board in config.wired_boards]
    if bool(names) == every:
        raise ConfigError(f"name the boards to {verb}, or give --all; boards of rig {config.name}: {', '.join(known)}")
    _check_known(config, names)
    return list(dict.fromkeys(names or known))


def _check_known(config: RigConfig, names: Sequence[str]) -> None:
    known = [board.name for board in config.wired_boards]
    for name in names:
        if name not in known:
            raise ConfigError(f"rig {config.name} has no board {name}; it has {', '.join(known)}")
