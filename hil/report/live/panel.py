"""A few lines below the cursor of a terminal, redrawn in place, that are gone whenever somebody else writes there."""

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
"""One row down in the same column; at the bottom of the screen everything moves up instead."""


class Panel:
    """The lines, and the terminal that they are on. Any thread may show and erase."""

    def __init__(self, terminal: TextIO) -> None:
        """``terminal`` is a file of its own: what pytest captures while a test runs must not get what is drawn."""
        self._terminal = terminal
        self._lock = threading.RLock()
        self._is_shown = False

    @property
    def columns(self) -> int:
        """How wide a line may be: the last column stays free, for terminals differ in what they do after it."""
        return self._size().columns - 1

    @property
    def rows(self) -> int:
        """How many lines there may be: some of what pytest wrote stays in sight."""
        return max(0, self._size().lines - 3)

    def _size(self) -> os.terminal_size:
        columns, lines = os.get_terminal_size(self._terminal.fileno())
        # A pty that nobody told its size says 0.
        fallback = shutil.get_terminal_size()
        return os.terminal_size((columns or fallback.columns, lines or fallback.lines))

    def show(self, lines: Sequence[str]) -> None:
        """Draw ``lines`` in place of those that are there. The cursor stays where it is, wherever that may be."""
        room = f"{_INDEX * len(lines)}\x1b[{len(lines)}A" if lines else ""
        drawn = "".join(f"{_NEXT_ROW}{line}{_ERASE_LINE}" for line in lines)
        with self._lock:
            # In one piece: nobody sees a screen that is half drawn, and no cursor stays hidden.
            self._terminal.write(
                f"{_HIDE_CURSOR}{_ERASE_LINE}{room}{_SAVE_CURSOR}{drawn}{_ERASE_BELOW}{_RESTORE_CURSOR}{_SHOW_CURSOR}"
            )
            self._terminal.flush()
            self._is_shown = True

    def erase(self) -> None:
        """Leave the terminal as if nothing had been drawn. Does nothing when nothing is."""
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
            # The panel does not go through the stream's buffer, and must not overtake it.
            stream.flush()
            return written

    def close(self) -> None:
        """Erase, and let go of the terminal."""
        with self._lock:
            self.erase()
            self._terminal.close()


class Overwriting:
    """A text stream on the panel's terminal: the panel makes way for what is written to it."""

    def __init__(self, stream: TextIO, panel: Panel) -> None:
        self._stream = stream
        self._panel = panel

    def write(self, text: str) -> int:
        return self._panel.make_way_for(self._stream, text)

    def writelines(self, lines: Sequence[str]) -> None:
        self.write("".join(lines))

    def __getattr__(self, name: str) -> Any:
        # Everything else is the stream's own business.
        return getattr(self._stream, name)
