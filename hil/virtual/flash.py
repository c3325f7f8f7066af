"""The flash file system of one virtual board: littlefs as firmware sees it, in memory, without access to the host.

New content of a file becomes visible atomically when the file is closed or synced. A power cut before that leaves the
old content. littlefs guarantees this, and deploy relies on it.
"""

import posixpath
from collections.abc import Mapping
from pathlib import PurePosixPath

from hil.virtual.call import BoardOSError
from hil.virtual.rp2_errno import Errno

BLOCK_SIZE = 4096
"""Bytes of a littlefs block: one flash sector."""

_DIRECTORY_BLOCKS = 2
"""littlefs stores each directory in a pair of blocks."""

MAX_NAME_BYTES = 255
"""Bytes of the longest name of a file or folder (``LFS2_NAME_MAX``)."""


class FlashError(BoardOSError):
    """A file operation failed."""


class FlashFile:
    """An open file. Writes are buffered until :meth:`sync`."""

    def __init__(self, flash: "Flash", path: str, content: bytes, append: bool) -> None:
        self._flash = flash
        self._path = path
        self._content = bytearray(content)
        self._append = append
        self._dirty = False
        self.position = 0

    @property
    def size(self) -> int:
        """Size in bytes, including unsynced writes."""
        return len(self._content)

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes from the current position."""
        data = bytes(self._content[self.position : self.position + size])
        self.position += len(data)
        return data

    def write(self, data: bytes) -> None:
        """Write at the current position, or at the end if opened for appending. Raises ``FlashError`` when full."""
        if self._append:
            self.position = len(self._content)
        end = self.position + len(data)
        # littlefs writes a new copy; the old one takes up space until the sync.
        if _blocks(max(end, len(self._content))) > self._flash.free_blocks:
            raise FlashError(Errno.ENOSPC)
        if self.position > len(self._content):
            self._content.extend(bytes(self.position - len(self._content)))
        self._content[self.position : end] = data
        self.position = end
        self._dirty = True

    def sync(self) -> None:
        """Make the written content visible, atomically."""
        if self._dirty:
            self._flash.replace(self._path, bytes(self._content))
            self._dirty = False


class Flash:
    """The files and folders of one board. Paths are absolute and ``/``-separated. ``..`` cannot leave the root."""

    def __init__(self, size: int) -> None:
        """``size``: bytes of the file system."""
        self.total_blocks = size // BLOCK_SIZE
        self._files: dict[str, bytes] = {}
        self._folders: set[str] = {"/"}

    @property
    def files(self) -> Mapping[str, bytes]:
        """All files by path."""
        return self._files

    @property
    def free_blocks(self) -> int:
        """Number of unused blocks."""
        used = len(self._folders) * _DIRECTORY_BLOCKS + sum(_blocks(len(data)) for data in self._files.values())
        return self.total_blocks - used

    def is_folder(self, path: str) -> bool:
        """Whether ``path`` is a folder."""
        return normalize(path) in self._folders

    def size(self, path: str) -> int:
        """Size of a file in bytes; 0 for a folder. Raises ``FlashError`` if neither exists."""
        path = normalize(path)
        if path in self._folders:
            return 0
        return len(self._content(path))

    def names(self, path: str) -> list[str]:
        """Sorted names in a folder."""
        folder = normalize(path)
        if folder not in self._folders:
            raise FlashError(Errno.ENOTDIR if folder in self._files else Errno.ENOENT)
        prefix = folder.rstrip("/") + "/"
        below = {p[len(prefix) :].split("/")[0] for p in (*self._files, *self._folders) if p.startswith(prefix)}
        return sorted(below - {""})

    def open(self, path: str, *, create: bool, exclusive: bool, truncate: bool, append: bool) -> FlashFile:
        """Open a file. Raises ``FlashError``."""
        path = normalize(path)
        if path in self._folders:
            raise FlashError(Errno.EISDIR)
        if path not in self._files:
            if not create:
                raise FlashError(Errno.ENOENT)
            self._check_parent(path)
            self.replace(path, b"")
        elif exclusive and create:
            raise FlashError(Errno.EEXIST)
        file = FlashFile(self, path, b"" if truncate else self._files[path], append)
        # A truncated file is empty once it is closed, even if nothing is written to it.
        file._dirty = truncate
        return file

    def replace(self, path: str, content: bytes) -> None:
        """Replace the complete content of a file. Raises ``FlashError`` when it does not fit."""
        path = normalize(path)
        self._check_parent(path)
        old_blocks = _blocks(len(self._files[path])) if path in self._files else 0
        if _blocks(len(content)) - old_blocks > self.free_blocks:
            raise FlashError(Errno.ENOSPC)
        self._files[path] = content

    def install(self, image: Mapping[str, bytes]) -> None:
        """Write the files of ``image``, by path from the root, and create their folders, without running the board.

        Raises ``FlashError`` when they do not fit.
        """
        for path, content in image.items():
            for folder in reversed(PurePosixPath("/", path).parents[:-1]):
                if not self.is_folder(str(folder)):
                    self.make_folder(str(folder))
            self.replace(f"/{path}", content)

    def remove(self, path: str) -> None:
        """Remove a file or an empty folder, as littlefs does. Raises ``FlashError``."""
        path = normalize(path)
        if path in self._folders:
            if path == "/":
                raise FlashError(Errno.EINVAL)
            if self.names(path):
                raise FlashError(Errno.ENOTEMPTY)
            self._folders.discard(path)
        else:
            self._content(path)
            del self._files[path]

    def make_folder(self, path: str) -> None:
        """Create a folder in an existing one. Raises ``FlashError``."""
        path = normalize(path)
        if path in self._files or path in self._folders:
            raise FlashError(Errno.EEXIST)
        self._check_parent(path)
        if self.free_blocks < _DIRECTORY_BLOCKS:
            raise FlashError(Errno.ENOSPC)
        self._folders.add(path)

    def rename(self, old: str, new: str) -> None:
        """Rename a file or folder. An existing file ``new`` is replaced atomically. Raises ``FlashError``."""
        old, new = normalize(old), normalize(new)
        self._check_parent(new)
        if old in self._folders:
            if new == old or new.startswith(old + "/"):
                raise FlashError(Errno.EINVAL)
            self._files = {_moved(path, old, new): data for path, data in self._files.items()}
            self._folders = {_moved(path, old, new) for path in self._folders}
            return
        if new in self._folders:
            raise FlashError(Errno.EISDIR)
        content = self._content(old)
        del self._files[old]
        self._files[new] = content

    def erase(self) -> None:
        """Remove everything, as formatting does."""
        self._files.clear()
        self._folders = {"/"}

    def _content(self, path: str) -> bytes:
        if path not in self._files:
            raise FlashError(Errno.ENOENT)
        return self._files[path]

    def _check_parent(self, path: str) -> None:
        folder, name = posixpath.split(path)
        if folder not in self._folders:
            raise FlashError(Errno.ENOENT)
        if len(name.encode()) > MAX_NAME_BYTES:
            raise FlashError(Errno.ENAMETOOLONG)


def normalize(path: str) -> str:
    """The canonical form of a path: absolute, without ``.`` and ``..``."""
    return posixpath.normpath("/" + path.lstrip("/"))


def _blocks(size: int) -> int:
    return -(-size // BLOCK_SIZE)


def _moved(path: str, old: str, new: str) -> str:
    return new + path[len(old) :] if path == old or path.startswith(old + "/") else path
