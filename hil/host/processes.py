"""Other processes of this machine, for error messages: who has a file open, and what to call a process."""

import os
import pwd
import shlex
from pathlib import Path

PROC = Path("/proc")

_SHOWN_CHARACTERS = 120
"""How much of a command line an error message shows."""


def describe(pid: int) -> str:
    """A process as people know it: its number, user and command. Just the number when it is gone."""
    folder = PROC / str(pid)
    try:
        user = user_name(folder.stat().st_uid)
        arguments = (folder / "cmdline").read_bytes().decode("utf-8", "backslashreplace").rstrip("\0").split("\0")
    except OSError:
        return f"process {pid}"
    return f"process {pid} of user {user} ({command_text(arguments)})"


def command_text(arguments: list[str]) -> str:
    """A command line, shortened to what an error message has room for."""
    text = shlex.join(arguments)
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"


def user_name(uid: int) -> str:
    """The login name of a user, or the number of one that has none here."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def holders(path: Path) -> list[int]:
    """The processes that have the file ``path`` open, as far as this user may see that; this one is not among them."""
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
