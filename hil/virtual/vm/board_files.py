"""The file tree of one virtual board: its flash, its frozen modules, and the random device."""

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from hil.virtual.flash import Flash, FlashError, FlashFile
from hil.virtual.rp2_errno import Errno
from hil.virtual.vm.absent_modules import absent_modules

ROM_FOLDER = "/.frozen"
"""Folder of the frozen modules. It is not listed in the root."""

_RANDOM_DEVICE = "/dev/random"
"""What ``os.urandom`` of the interpreter opens."""
_LONGEST_READ = 1024 * 1024
"""Bytes of one read of the random device: more than any buffer of a board holds."""


@dataclass(frozen=True)
class OpenFolder:
    """A folder opened for listing."""

    path: str


class RomFile:
    """An open frozen module."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self.position = 0
        self.size = len(content)

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes from the current position."""
        data = self._content[self.position : self.position + size]
        self.position += len(data)
        return data


class RandomDevice:
    """The random device, which reads from the board's own generator."""

    size = 0

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self.position = 0

    def read(self, size: int) -> bytes:
        """``size`` random bytes. More than any buffer holds, which ``os.urandom(-1)`` asks for, is ``FlashError``."""
        if size > _LONGEST_READ:
            raise FlashError(Errno.EINVAL)
        return self._rng.randbytes(size)


OpenFile = FlashFile | RomFile | RandomDevice | OpenFolder


class BoardFiles:
    """Everything a board can open by path. Raises ``FlashError``."""

    def __init__(self, flash: Flash, rom: Mapping[str, bytes], rng: Random) -> None:
        self.flash = flash
        self._rom = {**rom, **absent_modules(ROM_FOLDER)}
        self._rng = rng

    def is_folder(self, path: str) -> bool:
        """Whether ``path`` is a folder of the flash."""
        return path not in self._rom and self.flash.is_folder(path)

    def size(self, path: str) -> int:
        """Bytes of a file, 0 for a folder."""
        return len(self._rom[path]) if path in self._rom else self.flash.size(path)

    def open(
        self, path: str, *, for_writing: bool, create: bool, folder: bool, exclusive: bool, truncate: bool, append: bool
    ) -> OpenFile:
        """Open a file, or a folder for listing."""
        if path == _RANDOM_DEVICE:
            return RandomDevice(self._rng)
        if path in self._rom:
            if for_writing:
                raise FlashError(Errno.EROFS)
            return RomFile(self._rom[path])
        if folder or (self.flash.is_folder(path) and not for_writing):
            self.flash.names(path)
            return OpenFolder(path)
        return self.flash.open(path, create=create, exclusive=exclusive, truncate=truncate, append=append)
