"""Copying a UF2 image onto a mounted BOOTSEL volume, which disappears as soon as it has all of the image."""

import os
import threading
from pathlib import Path

from hil.bootsel import Progress
from hil.bootsel.uf2 import Uf2Image
from hil.clock import Clock
from hil.config.board_type import BoardType
from hil.errors import BootselError

INFO = "INFO_UF2.TXT"
"""The file with which every UF2 bootloader identifies itself on its volume."""
COPY_WITHIN_S = 120.0
"""Seconds for a complete copy; an image of MicroPython takes 10 to 20."""

_FILE = "firmware.uf2"
_PIECE_BYTES = 64 * 1024


def check_volume(folder: Path, board_type: BoardType) -> None:
    """Raises ``BootselError`` if ``folder`` is not the volume of a board of this type; the text names what it is."""
    try:
        text = (folder / INFO).read_text(errors="replace")
    except OSError as error:
        raise BootselError(f"{folder} has no {INFO} ({error.strerror}), so it is not a BOOTSEL volume") from error
    known = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    if known.get("Board-ID") != board_type.volume_board_id:
        text = f"{folder} is the volume of a {known.get('Model', 'unknown model')}, and not of {board_type.a_title}"
        raise BootselError(f"{text}; check which board is plugged in, and `type:` in the rig file")


def copy(image: Uf2Image, folder: Path, clock: Clock, progress: Progress, within_s: float = COPY_WITHIN_S) -> None:
    """Copy ``image`` into ``folder``, in pieces that are synced to the device one by one.

    The board restarts with the last block, before the host has written the directory. So an error after that block
    means success, which shows when the board is back. Raises ``BootselError`` for an error before it, and when the copy
    takes longer than ``within_s``.
    """
    copying = _Copying(image, folder, clock, progress)
    # A write to a device that hangs cannot be cancelled, so it must not happen on this thread.
    threading.Thread(target=copying.run, name="uf2-copy", daemon=True).start()
    if not clock.wait(lambda: copying.is_over, within_s):
        text = f"copying to {folder} stopped after {copying.written} of {image.size} bytes"
        raise BootselError(f"{text} ({within_s:g} s); unplug the board and plug it in again, and flash it again")
    error = copying.error
    if isinstance(error, OSError):
        text = f"copying to {folder} failed after {copying.written} of {image.size} bytes ({error.strerror})"
        raise BootselError(f"{text}; did the board lose power, or its cable? Flash it again") from error
    if error is not None:
        raise error


class _Copying:
    """One copy, on a thread of its own."""

    def __init__(self, image: Uf2Image, folder: Path, clock: Clock, progress: Progress) -> None:
        self._data = image.in_safe_order
        self._path = folder / _FILE
        self._clock = clock
        self._progress = progress
        self.written = 0
        """Bytes that the kernel has taken."""
        self.is_over = False
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self._copy()
        except OSError as error:
            if self.written < len(self._data):
                self.error = error
        except BaseException as error:  # noqa: BLE001  # raised by copy()
            self.error = error
        finally:
            self.is_over = True
            self._clock.notify()

    def _copy(self) -> None:
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        try:
            while self.written < len(self._data):
                end = self.written + _PIECE_BYTES
                self.written += os.write(descriptor, self._data[self.written : end])
                os.fsync(descriptor)
                self._progress(self.written, len(self._data))
        finally:
            os.close(descriptor)
