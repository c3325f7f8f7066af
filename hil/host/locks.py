"""Locks of boards: two runs on one machine never drive the same board, whatever rig files they have.

The kernel holds a lock (``flock``) for the process that took it, and frees it when the process ends, however that
happens. The content of the file is only for the error message of the next process.
"""

import fcntl
import json
import os
import re
import stat
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from hil.errors import BenchError
from hil.host.processes import PROC, command_text, user_name

LOCK_FOLDERS = (Path("/run/lock"), Path("/var/lock"), Path("/tmp"))
"""Boards are locked in the first of these that every user may write to: one place for the complete machine."""

_FOLDER_MODE = 0o1777
_FILE_MODE = 0o666
_OWNER_BYTES = 4096


class BoardsInUse(BenchError):
    """A board of the rig is locked by another run; nothing of the rig is locked now."""


@dataclass(frozen=True)
class Owner:
    """The process that holds a lock, as it has described itself."""

    pid: int
    user: str
    command: str
    since: str
    """Local time of day."""

    def __str__(self) -> str:
        return f"process {self.pid} of user {self.user} ({self.command}), since {self.since}"


class BoardLocks:
    """The locks on the boards of one rig: all of them or none."""

    def __init__(self, keys: Mapping[str, Iterable[str]], folder: Path | None = None) -> None:
        """Take them at once. ``keys``: by board, everything that identifies it: serial number, hub port, link.

        Raises ``BoardsInUse``, which names the board and its owner, or ``BenchError`` when no lock can be taken at all.
        """
        self._folder = folder or _machine_folder()
        with ExitStack() as stack:
            self._make_folder()
            for board, names in keys.items():
                for key in sorted(set(names)):
                    path = self._folder / (re.sub(r"[^A-Za-z0-9.-]+", "_", key) + ".lock")
                    stack.callback(_unlock, path, self._take(board, key, path))
            self._held = stack.pop_all()

    def release(self) -> None:
        """Release the boards for other runs."""
        self._held.close()

    def _take(self, board: str, key: str, path: Path) -> int:
        try:
            descriptor = _open(path)
        except OSError as error:
            text = f"board {board} cannot be locked ({path}: {error.strerror}), so other runs would not see it in use"
            raise BenchError(f"{text}; correct the rights of {self._folder}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = _read_owner(descriptor)
            os.close(descriptor)
            text = f"board {board} ({key}) is in use by {owner or 'another process'}"
            raise BoardsInUse(f"{text}; wait until that ends, or end it ({path})") from None
        if not _is_at(path, descriptor):
            # Its owner has just released it and deleted the file, so this lock is worthless.
            os.close(descriptor)
            return self._take(board, key, path)
        _write_owner(descriptor)
        return descriptor

    def _make_folder(self) -> None:
        try:
            self._folder.mkdir(exist_ok=True)
            if self._folder.stat().st_uid == os.getuid():
                self._folder.chmod(_FOLDER_MODE)  # independent of the umask
        except OSError as error:
            raise BenchError(f"{self._folder}: boards cannot be locked there ({error.strerror}); correct it") from error


def _machine_folder() -> Path:
    for folder in LOCK_FOLDERS:
        if folder.is_dir() and folder.stat().st_mode & stat.S_IWOTH:
            return folder / "pico-hil"
    names = ", ".join(str(folder) for folder in LOCK_FOLDERS)
    raise BenchError(f"no folder in which every user can lock boards; make one of these writable for all: {names}")


def _open(path: Path) -> int:
    # Without O_CREAT if the file exists: in a folder that all may write to, the kernel refuses that flag for files of
    # other users (fs.protected_regular).
    flags = os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW
    # Other processes create and delete the file at any time, also between the two attempts.
    while True:
        with suppress(FileNotFoundError):
            return os.open(path, flags)
        with suppress(FileExistsError):
            descriptor = os.open(path, flags | os.O_CREAT | os.O_EXCL, _FILE_MODE)
            os.fchmod(descriptor, _FILE_MODE)  # independent of the umask
            return descriptor


def _is_at(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _unlock(path: Path, descriptor: int) -> None:
    # Delete the file while the lock is held. A file of another user stays, which does no harm.
    with suppress(OSError):
        path.unlink()
    os.close(descriptor)


def _write_owner(descriptor: int) -> None:
    arguments = (PROC / "self" / "cmdline").read_bytes().decode("utf-8", "backslashreplace").rstrip("\0").split("\0")
    since = datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
    owner = Owner(os.getpid(), user_name(os.getuid()), command_text(arguments), since)
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, json.dumps(asdict(owner)).encode(), 0)


def _read_owner(descriptor: int) -> Owner | None:
    try:
        return Owner(**json.loads(os.pread(descriptor, _OWNER_BYTES, 0)))
    except (ValueError, TypeError):
        # Its owner has taken the lock and not described itself yet.
        return None
