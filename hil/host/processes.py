"""Other processes of this machine, for error messages: which have a file open, and how to describe a process."""

import os
import pwd
import shlex
from pathlib import Path

PROC = Path("/proc")

_SHOWN_CHARACTERS = 120
"""How much of a command line an error message shows."""


def describe(pid: int) -> str:
    """A process by its number, user and command; by its number alone when it is gone."""
    folder = PROC / str(pid)
    try:
        user = user_name(folder.stat().st_uid)
        arguments = (folder / "cmdline").read_bytes().decode("utf-8", "backslashreplace").rstrip("\0").split("\0")
    except OSError:
        return f"process {pid}"
    return f"process {pid} of user {user} ({command_text(arguments)})"


def command_text(arguments: list[str]) -> str:
    """A command line, shortened for an error message."""
    text = shlex.join(arguments)
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"


def user_name(uid: int) -> str:
    """The login name of a user, or the number if there is no name."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def holders(path: Path) -> list[int]:
    """The other processes that have the file ``path`` open, as far as this user may see them."""
    wanted = str(path.resolve())
    others = [folder for folder in PROC.iterdir() if folder.name.isdigit() and int(folder.name) != os.getpid()]
    return sorted(int(folder.name) for folder in others if _has_open(folder, wanted))


def _has_open(process: Path, wanted: str) -> bool:
    try:
        for descriptor in (process / "fd").iterdir():
            try:
                if str(descriptor.readlink()) == wanted:
                    return True
            except OSError:
                # Closed since it was listed.
                continue
    except OSError:
        # Of another user, or gone.
        pass
    return False
