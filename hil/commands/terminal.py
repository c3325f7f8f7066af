"""The output of boards on a terminal or in a file, as it arrives: each line with its time and its board."""

import threading
from collections.abc import Callable, Sequence
from typing import TextIO

from hil.clock import Clock
from hil.errors import LinkError
from hil.links import SerialLink

Paint = Callable[[str, str], str]
"""Colours a text: called with the text and the board that it belongs to."""


class Screen:
    """Writes the output of several boards to one file. A line of one board is never interrupted by another."""

    def __init__(
        self, boards: Sequence[str], clock: Clock, out: TextIO, *, with_time: bool, paint: Paint = lambda text, _: text
    ) -> None:
        """One board is shown character by character, several boards line by line."""
        self.views = {board: BoardView(board, self, clock) for board in boards}
        self._out = out
        self._with_time = with_time
        self._paint = paint
        self._width = max(map(len, boards)) if len(boards) > 1 else 0
        self._lock = threading.Lock()
        self._is_line_open = False
        self.last_output_s = clock.now()
        """Rig time of the latest output of any board."""

    @property
    def is_line_buffered(self) -> bool:
        """Whether output is held back until its line is complete."""
        return self._width > 0

    def write(self, board: str, time_s: float, text: str) -> None:
        """Show output of a board: any number of lines, of which the last may be incomplete."""
        with self._lock:
            self.last_output_s = time_s
            for line in text.splitlines(keepends=True):
                self._out.write(line if self._is_line_open else self._prefix(board, time_s) + line)
                self._is_line_open = not line.endswith("\n")
            self._out.flush()

    def note(self, board: str, time_s: float, text: str) -> None:
        """Show a remark about a board in brackets, on a line of its own."""
        with self._lock:
            start = "\n" if self._is_line_open else ""
            self._out.write(f"{start}{self._prefix(board, time_s)}{self._paint(f'[{text}]', board)}\n")
            self._is_line_open = False
            self._out.flush()

    def _prefix(self, board: str, time_s: float) -> str:
        parts = [f"{time_s:10.3f}"] if self._with_time else []
        parts += [f"{board:<{self._width}}"] if self.is_line_buffered else []
        return self._paint(" ".join(parts), board) + "  " if parts else ""


class BoardView:
    """Writes the output of one board to a screen. Implements :class:`hil.links.LinkListener`."""

    def __init__(self, board: str, screen: Screen, clock: Clock) -> None:
        self._board = board
        self._screen = screen
        self._clock = clock
        self._rest = b""

    def received(self, time_s: float, data: bytes) -> None:
        data = self._rest + data
        end = data.rfind(b"\n") + 1 if self._screen.is_line_buffered else _complete_size(data)
        data, self._rest = data[:end], data[end:]
        if data:
            # MicroPython ends lines with "\r\n"; the terminal adds the "\r" itself.
            self._screen.write(self._board, time_s, data.decode("utf-8", "backslashreplace").replace("\r\n", "\n"))

    def connected(self, time_s: float, missed: str = "") -> None:
        text = f"connected; earlier output of {self._board} may be missing: {missed}" if missed else "connected"
        self._screen.note(self._board, time_s, text)
        self._clock.notify()

    def disconnected(self, time_s: float) -> None:
        self.flush(time_s)
        self._screen.note(self._board, time_s, "disconnected")

    def flush(self, time_s: float) -> None:
        """Show the part of an incomplete line that was held back."""
        rest, self._rest = self._rest, b""
        if rest:
            end = "\n" if self._screen.is_line_buffered else ""
            self._screen.write(self._board, time_s, rest.decode("utf-8", "backslashreplace") + end)


class RealTimePacer:
    """Lets rig time pass at the speed of real time. On a virtual bench it passes only while a caller waits for it."""

    def __init__(self, bench: Clock, wall: Clock) -> None:
        self._bench = bench
        self._wall = wall
        self._ahead_s = bench.now() - wall.now()

    def catch_up(self) -> None:
        """Advance rig time to real time. Returns at once on a bench of real boards."""
        behind_s = self._wall.now() + self._ahead_s - self._bench.now()
        if behind_s > 0:
            self._bench.sleep(behind_s)


def await_connection(board: str, link: SerialLink, clock: Clock, within_s: float) -> None:
    """Wait until the serial device of ``board`` is open. Raises ``LinkError`` with the reason why it is not."""
    if not clock.wait(lambda: link.is_connected, within_s):
        hint = link.obstacle or "check its cable, and that it runs MicroPython"
        raise LinkError(f"{board}: no serial device within {within_s:g} s; {hint}")


def _complete_size(data: bytes) -> int:
    """Bytes at the start of ``data`` that can be shown. A UTF-8 character or a line end may be cut at its end."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte >= 0xC0:
            size = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(data) - back if back < size else len(data)
        if byte < 0x80:
            break
    return len(data) - data.endswith(b"\r")
