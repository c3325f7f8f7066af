"""The folder of a server: claimed for one alone, cleared of what a killed one left, and of nothing else."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hil.bootsel.volume import INFO
from hil.errors import BenchError, ConfigError

CONTROL = "control"
"""The control socket's name in the folder."""

_LOCK = "lock"
_PTYS = "/dev/pts"
_LONGEST_SOCKET_PATH = 107
"""Bytes that the kernel has room for (unix(7), less the zero at the end)."""


def volume_path(folder: Path, board: str) -> Path:
    """Where the BOOTSEL volume of ``board`` appears."""
    return folder / f"{board}.RPI-RP2"


@contextmanager
def claimed_folder(folder: Path, boards: Sequence[str]) -> Iterator[None]:
    """``folder`` for one server of ``boards`` alone.

    Raises ``ConfigError`` for one that cannot be used, such as one in which something of somebody else has the name of
    a board; ``BenchError`` for one in which another server is at work.
    """
    socket_path = folder / CONTROL
    if len(os.fsencode(socket_path)) > _LONGEST_SOCKET_PATH:
        raise ConfigError(f"{folder}: this path is too long for the socket {CONTROL} in it; give a shorter --dir")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise ConfigError(f"{folder}: cannot be used ({error.strerror}); give another --dir") from error
    try:
        if os.fstat(lock).st_size:
            raise _in_the_way(folder / _LOCK)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BenchError(f"{folder}: another `hil serve` is at work there; end it, or give another --dir") from None
        try:
            for name in (CONTROL, *boards):
                _free(folder / name)
            for board in boards:
                _check_volume(volume_path(folder, board))
            yield
        finally:
            (folder / _LOCK).unlink(missing_ok=True)
    finally:
        os.close(lock)


def _free(path: Path) -> None:
    """Remove the socket, or the link to a pty, that a killed server has left at ``path``."""
    if path.is_socket() or (path.is_symlink() and path.readlink().is_relative_to(_PTYS)):
        path.unlink()
    elif path.is_symlink() or path.exists():
        raise _in_the_way(path)


def _check_volume(path: Path) -> None:
    """What a killed server has left says what it is; it goes when the board comes to show its volume."""
    if path.is_symlink() or (path.exists() and not (path / INFO).is_file()):
        raise _in_the_way(path)


def _in_the_way(path: Path) -> ConfigError:
    return ConfigError(f"{path}: is not of `hil serve`, and has the name of something that is; give another --dir")
