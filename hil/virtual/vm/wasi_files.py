"""The files that MicroPython sees on a virtual board: WASI's calls on descriptors and paths.

Behind them are the board's own flash, ROM and serial console, and nothing of the host.
"""

import struct
from collections.abc import Callable, Mapping
from typing import Protocol

from hil.virtual.call import PENDING, Block
from hil.virtual.flash import FlashError, FlashFile, normalize
from hil.virtual.rp2_errno import Errno
from hil.virtual.vm.board_files import BoardFiles, OpenFile, OpenFolder
from hil.virtual.vm.vm import Vm

_MAX_FD = 1024
_WASI_EBADF = 8
"""libc ends its search for preopened folders at exactly this number."""

_CHARACTER_DEVICE, _DIRECTORY, _REGULAR_FILE = 2, 3, 4
_ROOT_FD = 3
_O_CREATE, _O_DIRECTORY, _O_EXCLUSIVE, _O_TRUNCATE = 1, 2, 4, 8
_FD_APPEND = 1
_RIGHT_WRITE = 1 << 6
_ALL_RIGHTS = (1 << 30) - 1

WasiCall = Callable[..., int | Block]
"""Answers an import: an error number, or a ``Block`` whose answer is one. May raise ``FlashError``."""


class Stdio(Protocol):
    """The board's serial console, as the interpreter's standard streams."""

    def write_text(self, data: bytes) -> None:
        """Print, with line ends as a terminal wants them."""

    def read_input(self, size: int) -> bytes:
        """Up to ``size`` bytes of what was typed; empty when there is nothing."""


class WasiFiles:
    """The descriptors of one VM, and WASI's calls that take one or a path."""

    def __init__(self, vm: Vm, files: BoardFiles, stdio: Stdio) -> None:
        self._vm = vm
        self._files = files
        self._stdio = stdio
        self._open: dict[int, OpenFile] = {_ROOT_FD: OpenFolder("/")}

    def looking_calls(self) -> Mapping[str, WasiCall]:
        """The calls that change nothing that anybody else sees, by name."""
        return {
            "fd_fdstat_get": self._fd_fdstat_get,
            "fd_prestat_dir_name": self._fd_prestat_dir_name,
            "fd_prestat_get": self._fd_prestat_get,
            "fd_read": self._fd_read,
            "fd_readdir": self._fd_readdir,
            "fd_seek": self._fd_seek,
            "path_filestat_get": self._path_filestat_get,
        }

    def calls(self) -> Mapping[str, WasiCall]:
        """All calls, by name."""
        return {
            **self.looking_calls(),
            "fd_close": self._fd_close,
            "fd_sync": self._fd_sync,
            "fd_write": self._fd_write,
            "path_create_directory": self._path_create_directory,
            "path_open": self._path_open,
            "path_readlink": self._path_readlink,
            "path_remove_directory": self._path_remove_directory,
            "path_rename": self._path_rename,
            "path_unlink_file": self._path_unlink_file,
        }

    def _fd_prestat_get(self, fd: int, result: int) -> int:
        if fd != _ROOT_FD:
            return _WASI_EBADF
        self._vm.store("<II", result, 0, 1)
        return 0

    def _fd_prestat_dir_name(self, _fd: int, buffer: int, _size: int) -> int:
        self._vm.write(buffer, b"/")
        return 0

    def _fd_fdstat_get(self, fd: int, result: int) -> int:
        kind = _CHARACTER_DEVICE if fd < _ROOT_FD else _DIRECTORY if self._is_open_folder(fd) else _REGULAR_FILE
        self._vm.store("<BxHxxxxQQ", result, kind, 0, _ALL_RIGHTS, _ALL_RIGHTS)
        return 0

    def _fd_close(self, fd: int) -> int:
        file = self._open.pop(fd, None)
        if isinstance(file, FlashFile):
            file.sync()
        return 0 if file is not None else Errno.EBADF

    def _fd_sync(self, fd: int) -> int:
        file = self._open.get(fd)
        if isinstance(file, FlashFile):
            file.sync()
        return 0

    def _fd_seek(self, fd: int, offset: int, whence: int, result: int) -> int:
        file = self._open.get(fd)
        if file is None or isinstance(file, OpenFolder):
            return Errno.EBADF
        signed = offset - (1 << 64) if offset >= 1 << 63 else offset
        position = (0, file.position, file.size)[whence] + signed
        if position < 0:
            return Errno.EINVAL
        file.position = position
        self._vm.store("<Q", result, position)
        return 0

    def _fd_read(self, fd: int, vectors: int, count: int, result: int) -> int | Block:
        if fd == 0:
            return self._read_stdin(vectors, result)
        file = self._open.get(fd)
        if file is None or isinstance(file, OpenFolder):
            return Errno.EBADF
        total = 0
        for address, size in self._vectors(vectors, count):
            data = file.read(size)
            self._vm.write(address, data)
            total += len(data)
        self._vm.store("<I", result, total)
        return 0

    def _read_stdin(self, vectors: int, result: int) -> Block:
        address, size = self._vectors(vectors, 1)[0]

        def attempt() -> object:
            data = self._stdio.read_input(size)
            if not data:
                return PENDING
            self._vm.write(address, data)
            self._vm.store("<I", result, len(data))
            return 0

        return Block(attempt, None, lambda: 0)

    def _fd_write(self, fd: int, vectors: int, count: int, result: int) -> int:
        data = b"".join(self._vm.read(address, size) for address, size in self._vectors(vectors, count))
        file = self._open.get(fd)
        if fd in (1, 2):
            self._stdio.write_text(data)
        elif isinstance(file, FlashFile):
            file.write(data)
        else:
            return Errno.EROFS if file is not None else Errno.EBADF
        self._vm.store("<I", result, len(data))
        return 0

    def _fd_readdir(self, fd: int, buffer: int, size: int, cookie: int, result: int) -> int:
        folder = self._open.get(fd)
        if not isinstance(folder, OpenFolder):
            return Errno.EBADF
        entries = b""
        for index, name in enumerate(self._files.flash.names(folder.path)):
            if index < cookie:
                continue
            kind = _DIRECTORY if self._files.is_folder(f"{folder.path}/{name}") else _REGULAR_FILE
            raw = name.encode()
            entries += struct.pack("<QQIB3x", index + 1, index + 1, len(raw), kind) + raw
        self._vm.write(buffer, entries[:size])
        self._vm.store("<I", result, min(size, len(entries)))
        return 0

    def _path_open(
        self,
        _fd: int,
        _lookup: int,
        address: int,
        length: int,
        flags: int,
        rights: int,
        _inheriting: int,
        fd_flags: int,
        result: int,
    ) -> int:
        file = self._files.open(
            self._path(address, length),
            for_writing=bool(rights & _RIGHT_WRITE),
            create=bool(flags & _O_CREATE),
            folder=bool(flags & _O_DIRECTORY),
            exclusive=bool(flags & _O_EXCLUSIVE),
            truncate=bool(flags & _O_TRUNCATE),
            append=bool(fd_flags & _FD_APPEND),
        )
        fd = next((number for number in range(_ROOT_FD + 1, _MAX_FD) if number not in self._open), None)
        if fd is None:
            return Errno.EMFILE
        self._open[fd] = file
        self._vm.store("<I", result, fd)
        return 0

    def _path_filestat_get(self, _fd: int, _flags: int, address: int, length: int, result: int) -> int:
        path = self._path(address, length)
        size = self._files.size(path)
        kind = _DIRECTORY if self._files.is_folder(path) else _REGULAR_FILE
        self._vm.store("<QQB7xQQQQQ", result, 0, 0, kind, 1, size, 0, 0, 0)
        return 0

    def _path_create_directory(self, _fd: int, address: int, length: int) -> int:
        self._files.flash.make_folder(self._path(address, length))
        return 0

    def _path_remove_directory(self, _fd: int, address: int, length: int) -> int:
        path = self._path(address, length)
        if not self._files.is_folder(path):
            self._files.flash.size(path)
            return Errno.ENOTDIR
        self._files.flash.remove(path)
        return 0

    def _path_unlink_file(self, _fd: int, address: int, length: int) -> int:
        self._files.flash.remove(self._path(address, length))
        return 0

    def _path_rename(self, _fd: int, old: int, old_length: int, _new_fd: int, new: int, new_length: int) -> int:
        self._files.flash.rename(self._path(old, old_length), self._path(new, new_length))
        return 0

    def _path_readlink(self, _fd: int, _path: int, _length: int, _buffer: int, _size: int, _result: int) -> int:
        return Errno.EINVAL

    def _path(self, address: int, length: int) -> str:
        try:
            return normalize(self._vm.read(address, length).decode())
        except UnicodeDecodeError:
            # No name of a file here; listing it, a board could not make a str of it either.
            raise FlashError(Errno.EINVAL) from None

    def _vectors(self, address: int, count: int) -> list[tuple[int, ...]]:
        return [self._vm.load("<II", address + 8 * index) for index in range(count)]

    def _is_open_folder(self, fd: int) -> bool:
        return isinstance(self._open.get(fd), OpenFolder)
