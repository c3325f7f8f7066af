"""The volume of a board in BOOTSEL mode as a folder. A UF2 file that is copied there is flashed."""

import os
import shutil
import stat
from pathlib import Path

from hil.serve.file_watch import FileEvent, FileWatch
from hil.virtual.bootrom import BootRom, volume_files


class Volume:
    """The folder ``path``, which exists while the boot ROM offers its volume.

    A file goes to the board when it is closed. On a mounted volume, the kernel decides when to write its sectors.
    """

    def __init__(self, path: Path, bootrom: BootRom, files: FileWatch) -> None:
        self.path = path
        self._bootrom = bootrom
        self._files = files
        self._watch: int | None = None
        bootrom.watch_plug(self._plugged)
        if bootrom.is_attached:
            self._plugged(True)

    def close(self) -> None:
        """Remove the folder for good."""
        self._plugged(False)

    def _plugged(self, attached: bool) -> None:
        if self._watch is not None:
            self._files.unwatch(self._watch)
            self._watch = None
            # A program that is using it fails, as on a volume that was unplugged.
            shutil.rmtree(self.path, ignore_errors=True)
        if attached:
            shutil.rmtree(self.path, ignore_errors=True)
            self.path.mkdir()
            for name, content in volume_files(self._bootrom.board_type).items():
                (self.path / name).write_bytes(content)
            self._watch = self._files.watch(self.path, self._on_file_event)

    def _on_file_event(self, event: FileEvent, name: str) -> None:
        if event is FileEvent.WRITTEN and (content := _plain_content(self.path / name)) is not None:
            self._bootrom.write(content)


def _plain_content(path: Path) -> bytes | None:
    """The content of a regular file; None for anything else: a symlink must not make the board read other files."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        # A symlink, gone again, or not readable: the board gets nothing.
        return None
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(descriptor)
