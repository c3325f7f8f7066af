"""Copying a UF2 image onto a mounted BOOTSEL volume, which goes away as soon as it has all of it."""

import os
import threading
from pathlib import Path

from hil.bootsel import Progress
from hil.bootsel.uf2 import Uf2Image
from hil.clock import Clock
from hil.errors import BootselError

INFO = "INFO_UF2.TXT"
"""What every UF2 bootloader has on its volume, to say what it is."""
BOARD_ID = "RPI-RP2"
"""What the boot ROM of an RP2040 says there."""
COPY_WITHIN_S = 120.0
"""Seconds for a whole copy; an image of MicroPython takes 10 to 20."""

_FILE = "firmware.uf2"
_PIECE_BYTES = 64 * 1024


def check_volume(folder: Path) -> None:
    """Whether ``folder`` is a volume of an RP2040. Raises ``BootselError`` that says what it is instead."""
    try:
        text = (folder / INFO).read_text(errors="replace")
    except OSError as error:
        raise BootselError(f"{folder} has no {INFO} ({error.strerror}), so it is no BOOTSEL volume") from error
    known = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)
    if known.get("Board-ID") != BOARD_ID:
        model = known.get("Model", "unknown model")
        raise BootselError(f"{folder} is the volume of a {model}, and not of a Pico W; check which board is plugged in")


def copy(image: Uf2Image, folder: Path, clock: Clock, progress: Progress, within_s: float = COPY_WITHIN_S) -> None:
    """Copy ``image`` into ``folder``, piece by piece to the device itself.

    The board restarts with the last block, before the host has written its directory: an error after that is the sign
    of success, and whether it was one shows when the board is back. Raises ``BootselError`` for any error before, and
    when it takes longer than ``within_s``.
    """
    copying = _Copying(image, folder, clock, progress)
    # A write to a device that hangs cannot be ended by anyone, so it must not be this thread that waits in it.
    threading.Thread(target=copying.run, name="uf2-copy", daemon=True).start()
    if not clock.wait(lambda: copying.is_over, within_s):
        text = f"copying to {folder} came to a halt after {copying.written} of {image.size} bytes"
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
        except BaseException as error:  # noqa: BLE001  # whoever waits raises it
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
