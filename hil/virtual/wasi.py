"""The operating system that MicroPython sees on a virtual board: WASI calls on the board's own flash, serial and clock.

Nothing of the host is behind it: no file, no clock, no thread, no random numbers but the world's. Error numbers are
those of MicroPython's rp2 port, not WASI's, because the interpreter hands them on to firmware as they are.
"""

import struct
from collections.abc import Callable, Mapping
from functools import partial
from typing import Protocol

from hil.virtual.board_files import BoardFiles, OpenFile, OpenFolder
from hil.virtual.flash import EROFS, FlashError, FlashFile, normalize
from hil.virtual.hal import PENDING, Block
from hil.virtual.vm import Vm

_EBADF, _ENOTDIR, _EINVAL, _EMFILE, _ENOSYS = 9, 20, 22, 24, 38
_MAX_FD = 1024
_WASI_EBADF = 8
"""libc ends its search for preopened folders at exactly this number."""

_CHARACTER_DEVICE, _DIRECTORY, _REGULAR_FILE = 2, 3, 4
_ROOT_FD = 3
_O_CREATE, _O_DIRECTORY, _O_EXCLUSIVE, _O_TRUNCATE = 1, 2, 4, 8
_FD_APPEND = 1
_RIGHT_WRITE = 1 << 6
_ALL_RIGHTS = (1 << 30) - 1
_CLOCK_REALTIME = 0


class Stdio(Protocol):
    """The board's serial console, as the interpreter's standard streams."""

    def write_text(self, data: bytes) -> None:
        """Print, with line ends as a terminal wants them."""

    def read_input(self, size: int) -> bytes:
        """Up to ``size`` bytes of what was typed; empty when there is nothing."""


class Wasi:
    """WASI for one VM. :meth:`call` answers an import by its name."""

    def __init__(
        self,
        vm: Vm,
        files: BoardFiles,
        stdio: Stdio,
        argv: list[str],
        environ: Mapping[str, str],
        now_us: Callable[[], int],
        epoch_us: Callable[[], int],
    ) -> None:
        self._vm = vm
        self._files = files
        self._stdio = stdio
        self._argv = [arg.encode() + b"\0" for arg in argv]
        self._environ = [f"{key}={value}".encode() + b"\0" for key, value in environ.items()]
        self._now_us = now_us
        self._epoch_us = epoch_us
        self._open: dict[int, OpenFile] = {_ROOT_FD: OpenFolder("/")}
        self._calls: dict[str, Callable[..., int | Block]] = {name: getattr(self, "_" + name) for name in _IMPORTS}

    def local_calls(self) -> Mapping[str, Callable[..., int | None]]:
        """The calls that read this board's own files, which nobody else changes while it runs."""
        return {name: partial(self._call_locally, self._calls[name]) for name in _LOCAL_IMPORTS}

    def _call_locally(self, call: Callable[..., int | Block], *args: int) -> int | None:
        try:
            answer = call(*args)
        except FlashError as error:
            return error.errno
        return answer if isinstance(answer, int) else None

    def call(self, name: str, args: tuple[int, ...]) -> int | Block:
        """Answer the import ``name``: an error number, or a ``Block`` whose answer is one."""
        try:
            return self._calls[name](*args)
        except FlashError as error:
            return error.errno

    def _args_sizes_get(self, count: int, size: int) -> int:
        return self._sizes(self._argv, count, size)

    def _args_get(self, pointers: int, buffer: int) -> int:
        return self._strings(self._argv, pointers, buffer)

    def _environ_sizes_get(self, count: int, size: int) -> int:
        return self._sizes(self._environ, count, size)

    def _environ_get(self, pointers: int, buffer: int) -> int:
        return self._strings(self._environ, pointers, buffer)

    def _sizes(self, strings: list[bytes], count: int, size: int) -> int:
        self._store("<I", count, len(strings))
        self._store("<I", size, sum(map(len, strings)))
        return 0

    def _strings(self, strings: list[bytes], pointers: int, buffer: int) -> int:
        for index, text in enumerate(strings):
            self._store("<I", pointers + 4 * index, buffer)
            self._vm.write(buffer, text)
            buffer += len(text)
        return 0

    def _clock_time_get(self, clock: int, _precision: int, result: int) -> int:
        time_us = self._epoch_us() if clock == _CLOCK_REALTIME else self._now_us()
        self._store("<Q", result, time_us * 1000)
        return 0

    def _poll_oneoff(self, subscriptions: int, events: int, count: int, stored: int) -> int | Block:
        """Only sleeping comes here: the interpreter asks for nothing else."""
        user_data, tag, timeout_ns = struct.unpack("<QB15xQ", self._vm.read(subscriptions, 32))
        if count != 1 or tag != 0:
            return _ENOSYS

        def done() -> int:
            self._store("<QHB21x", events, user_data, 0, 0)
            self._store("<I", stored, 1)
            return 0

        return Block(lambda: PENDING, timeout_ns // 1000, done)

    def _sched_yield(self) -> int:
        return 0

    def _fd_prestat_get(self, fd: int, result: int) -> int:
        if fd != _ROOT_FD:
            return _WASI_EBADF
        self._store("<II", result, 0, 1)
        return 0

    def _fd_prestat_dir_name(self, _fd: int, buffer: int, _size: int) -> int:
        self._vm.write(buffer, b"/")
        return 0

    def _fd_fdstat_get(self, fd: int, result: int) -> int:
        kind = _CHARACTER_DEVICE if fd < _ROOT_FD else _DIRECTORY if self._is_open_folder(fd) else _REGULAR_FILE
        self._store("<BxHxxxxQQ", result, kind, 0, _ALL_RIGHTS, _ALL_RIGHTS)
        return 0

    def _fd_close(self, fd: int) -> int:
        file = self._open.pop(fd, None)
        if isinstance(file, FlashFile):
            file.sync()
        return 0 if file is not None else _EBADF

    def _fd_sync(self, fd: int) -> int:
        file = self._open.get(fd)
        if isinstance(file, FlashFile):
            file.sync()
        return 0

    def _fd_seek(self, fd: int, offset: int, whence: int, result: int) -> int:
        file = self._open.get(fd)
        if file is None or isinstance(file, OpenFolder):
            return _EBADF
        signed = offset - (1 << 64) if offset >= 1 << 63 else offset
        position = (0, file.position, file.size)[whence] + signed
        if position < 0:
            return _EINVAL
        file.position = position
        self._store("<Q", result, position)
        return 0

    def _fd_read(self, fd: int, vectors: int, count: int, result: int) -> int | Block:
        if fd == 0:
            return self._read_stdin(vectors, result)
        file = self._open.get(fd)
        if file is None or isinstance(file, OpenFolder):
            return _EBADF
        total = 0
        for address, size in self._vectors(vectors, count):
            data = file.read(size)
            self._vm.write(address, data)
            total += len(data)
        self._vm.write(result, total.to_bytes(4, "little"))
        return 0

    def _read_stdin(self, vectors: int, result: int) -> Block:
        address, size = self._vectors(vectors, 1)[0]

        def attempt() -> object:
            data = self._stdio.read_input(size)
            if not data:
                return PENDING
            self._vm.write(address, data)
            self._store("<I", result, len(data))
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
            return EROFS if file is not None else _EBADF
        self._store("<I", result, len(data))
        return 0

    def _fd_readdir(self, fd: int, buffer: int, size: int, cookie: int, result: int) -> int:
        folder = self._open.get(fd)
        if not isinstance(folder, OpenFolder):
            return _EBADF
        entries = b""
        for index, name in enumerate(self._files.flash.names(folder.path)):
            if index < cookie:
                continue
            kind = _DIRECTORY if self._files.is_folder(f"{folder.path}/{name}") else _REGULAR_FILE
            raw = name.encode()
            entries += struct.pack("<QQIB3x", index + 1, index + 1, len(raw), kind) + raw
        self._vm.write(buffer, entries[:size])
        self._store("<I", result, min(size, len(entries)))
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
            return _EMFILE
        self._open[fd] = file
        self._store("<I", result, fd)
        return 0

    def _path_filestat_get(self, _fd: int, _flags: int, address: int, length: int, result: int) -> int:
        path = self._path(address, length)
        size = self._files.size(path)
        kind = _DIRECTORY if self._files.is_folder(path) else _REGULAR_FILE
        self._store("<QQB7xQQQQQ", result, 0, 0, kind, 1, size, 0, 0, 0)
        return 0

    def _path_create_directory(self, _fd: int, address: int, length: int) -> int:
        self._files.flash.make_folder(self._path(address, length))
        return 0

    def _path_remove_directory(self, _fd: int, address: int, length: int) -> int:
        path = self._path(address, length)
        if not self._files.is_folder(path):
            self._files.flash.size(path)
            return _ENOTDIR
        self._files.flash.remove(path)
        return 0

    def _path_unlink_file(self, _fd: int, address: int, length: int) -> int:
        self._files.flash.remove(self._path(address, length))
        return 0

    def _path_rename(self, _fd: int, old: int, old_length: int, _new_fd: int, new: int, new_length: int) -> int:
        self._files.flash.rename(self._path(old, old_length), self._path(new, new_length))
        return 0

    def _path_readlink(self, _fd: int, _path: int, _length: int, _buffer: int, _size: int, _result: int) -> int:
        return _EINVAL

    def _path(self, address: int, length: int) -> str:
        return normalize(self._vm.read(address, length).decode("utf-8", "surrogateescape"))

    def _vectors(self, address: int, count: int) -> list[tuple[int, int]]:
        return [struct.unpack("<II", self._vm.read(address + 8 * index, 8)) for index in range(count)]

    def _is_open_folder(self, fd: int) -> bool:
        return isinstance(self._open.get(fd), OpenFolder)

    def _store(self, layout: str, address: int, *values: int) -> None:
        self._vm.write(address, struct.pack(layout, *values))


_IMPORTS = (
    "args_get",
    "args_sizes_get",
    "clock_time_get",
    "environ_get",
    "environ_sizes_get",
    "fd_close",
    "fd_fdstat_get",
    "fd_prestat_dir_name",
    "fd_prestat_get",
    "fd_read",
    "fd_readdir",
    "fd_seek",
    "fd_sync",
    "fd_write",
    "path_create_directory",
    "path_filestat_get",
    "path_open",
    "path_readlink",
    "path_remove_directory",
    "path_rename",
    "path_unlink_file",
    "poll_oneoff",
    "sched_yield",
)
"""The imports of the interpreter that are answered here; ``proc_exit`` and the host call are the board's business."""

_LOCAL_IMPORTS = (
    "args_get",
    "args_sizes_get",
    "environ_get",
    "environ_sizes_get",
    "fd_fdstat_get",
    "fd_prestat_dir_name",
    "fd_prestat_get",
    "fd_read",
    "fd_readdir",
    "fd_seek",
    "path_filestat_get",
)
"""Those of them that change nothing. A compiler reading source asks for 20 bytes at a time: stops would triple the cost
of booting."""
