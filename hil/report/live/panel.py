"""A few lines below the cursor of a terminal: redrawn in place, and erased before anything else is written there."""

import os
import shutil
import threading
from collections.abc import Sequence
from typing import Any, TextIO

# Control sequences that every terminal since the VT100 knows.
_HIDE_CURSOR, _SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
_SAVE_CURSOR, _RESTORE_CURSOR = "\x1b7", "\x1b8"
_ERASE_LINE, _ERASE_BELOW = "\x1b[K", "\x1b[J"
_NEXT_ROW = "\x1b[B\r"
_INDEX = "\x1bD"
"""One row down in the same column; at the bottom of the screen it scrolls."""


class Panel:
    """The lines on one terminal. Any thread may show and erase."""

    def __init__(self, terminal: TextIO) -> None:
        """``terminal`` is a separate file: pytest's capturing must not get what is drawn."""
        self._terminal = terminal
        self._lock = threading.RLock()
        self._is_shown = False

    @property
    def columns(self) -> int:
        """The longest line: the last column stays free, since terminals behave differently after it."""
        return self._size().columns - 1

    @property
    def rows(self) -> int:
        """How many lines there may be: part of what pytest wrote stays in sight."""
        return max(0, self._size().lines - 3)

    def _size(self) -> os.terminal_size:
        columns, lines = os.get_terminal_size(self._terminal.fileno())
        # A pty whose size was never set reports 0.
        fallback = shutil.get_terminal_size()
        return os.terminal_size((columns or fallback.columns, lines or fallback.lines))

    def show(self, lines: Sequence[str]) -> None:
        """Draw ``lines`` in place of those that are there. The cursor stays where it is."""
        room = f"{_INDEX * len(lines)}\x1b[{len(lines)}A" if lines else ""
        drawn = "".join(f"{_NEXT_ROW}{line}{_ERASE_LINE}" for line in lines)
        with self._lock:
            # In one write: the screen is never half drawn, and the cursor never stays hidden.
            self._terminal.write(
                f"{_HIDE_CURSOR}{_ERASE_LINE}{room}{_SAVE_CURSOR}{drawn}{_ERASE_BELOW}{_RESTORE_CURSOR}{_SHOW_CURSOR}"
            )
            self._terminal.flush()
            self._is_shown = True

    def erase(self) -> None:
        """Remove what is drawn, if anything is."""
        with self._lock:
            if self._is_shown:
                self._terminal.write(_ERASE_BELOW)
                self._terminal.flush()
                self._is_shown = False

    def make_way_for(self, stream: TextIO, text: str) -> int:
        """Erase, then write ``text`` to ``stream``, which is on the same terminal."""
        with self._lock:
            self.erase()
            written = stream.write(text)
            # The panel writes past the stream's buffer: without a flush it would come first.
            stream.flush()
            return written

    def close(self) -> None:
        """Erase, and close the terminal."""
        with self._lock:
            self.erase()
            self._terminal.close()


class Overwriting:
    """A text stream on the panel's terminal; the panel is erased before anything is written to it."""

    def __init__(self, stream: TextIO, panel: Panel) -> None:
        self._stream = stream
        self._panel = panel

    def write(self, text: str) -> int:
        return self._panel.make_way_for(self._stream, text)

    def writelines(self, lines: Sequence[str]) -> None:
        self.write("".join(lines))

    def __getattr__(self, name: str) -> Any:
        # Everything else is as in the stream.
        return getattr(self._stream, name)
