"""The folder of a server: locked for one server, and cleared of what a killed server left, of nothing else."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from hil.bootsel.volume import INFO
from hil.config.board_type import BoardType
from hil.errors import BenchError, ConfigError

CONTROL = "control"
"""The control socket's name in the folder."""

_LOCK = "lock"
_PTYS = "/dev/pts"
_LONGEST_SOCKET_PATH = 107
"""Bytes, without the zero at the end. unix(7)."""


def volume_path(folder: Path, board: str, board_type: BoardType) -> Path:
    """Where the BOOTSEL volume of ``board`` appears."""
    return folder / f"{board}.{board_type.volume_label}"


@contextmanager
def claimed_folder(folder: Path, boards: Mapping[str, BoardType]) -> Iterator[None]:
    """Reserve ``folder`` for one server of ``boards``.

    Raises ``ConfigError`` when it cannot be used, for example when a file of the user has the name of a board there;
    ``BenchError`` when another server uses it.
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
            raise _not_ours(folder / _LOCK)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise BenchError(
                f"{folder}: another `hil serve` is using it; end that one, or give another --dir"
            ) from None
        try:
            for name in (CONTROL, *boards):
                _remove_stale(folder / name)
            for board in boards:
                _check_volume(volume_path(folder, board, boards[board]))
            yield
        finally:
            (folder / _LOCK).unlink(missing_ok=True)
    finally:
        os.close(lock)


def _remove_stale(path: Path) -> None:
    """Remove the socket, or the symlink to a pty, that a killed server left at ``path``."""
    if path.is_socket() or (path.is_symlink() and path.readlink().is_relative_to(_PTYS)):
        path.unlink()
    elif path.is_symlink() or path.exists():
        raise _not_ours(path)


def _check_volume(path: Path) -> None:
    """Raise unless ``path`` is free or a volume that a killed server left, which is removed when it is needed."""
    if path.is_symlink() or (path.exists() and not (path / INFO).is_file()):
        raise _not_ours(path)


def _not_ours(path: Path) -> ConfigError:
    return ConfigError(f"{path}: was not made by `hil serve`, which needs this name; give another --dir")
