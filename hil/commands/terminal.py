"""What boards say, on a terminal or in a file: as it comes, each line with its time and its board."""

import threading
from collections.abc import Callable, Sequence
from typing import TextIO

from hil.clock import Clock
from hil.errors import LinkError
from hil.links import SerialLink

Paint = Callable[[str, str], str]
"""Colours a text, which belongs to a board."""


class Screen:
    """Shows several boards in one place: a line of one board is never torn by another."""

    def __init__(
        self, boards: Sequence[str], clock: Clock, out: TextIO, *, with_time: bool, paint: Paint = lambda text, _: text
    ) -> None:
        """With one board its characters are shown as they come; of several, whole lines."""
        self.views = {board: BoardView(board, self, clock) for board in boards}
        self._out = out
        self._with_time = with_time
        self._paint = paint
        self._width = max(map(len, boards)) if len(boards) > 1 else 0
        self._lock = threading.Lock()
        self._is_line_open = False
        self.last_heard_s = clock.now()
        """Rig time at which a board last said something."""

    @property
    def shows_whole_lines(self) -> bool:
        """Whether the boards must take turns."""
        return self._width > 0

    def say(self, board: str, time_s: float, text: str) -> None:
        """Show ``text``, which may have line ends in it; the last line may go on later."""
        with self._lock:
            self.last_heard_s = time_s
            for line in text.splitlines(keepends=True):
                self._out.write(line if self._is_line_open else self._prefix(board, time_s) + line)
                self._is_line_open = not line.endswith("\n")
            self._out.flush()

    def note(self, board: str, time_s: float, text: str) -> None:
        """Show something about a board, on a line of its own."""
        with self._lock:
            start = "\n" if self._is_line_open else ""
            self._out.write(f"{start}{self._prefix(board, time_s)}{self._paint(f'[{text}]', board)}\n")
            self._is_line_open = False
            self._out.flush()

    def _prefix(self, board: str, time_s: float) -> str:
        parts = [f"{time_s:10.3f}"] if self._with_time else []
        parts += [f"{board:<{self._width}}"] if self.shows_whole_lines else []
        return self._paint(" ".join(parts), board) + "  " if parts else ""


class BoardView:
    """Puts one board on a screen. Implements :class:`hil.links.LinkListener`."""

    def __init__(self, board: str, screen: Screen, clock: Clock) -> None:
        self._board = board
        self._screen = screen
        self._clock = clock
        self._rest = b""

    def received(self, time_s: float, data: bytes) -> None:
        data = self._rest + data
        end = data.rfind(b"\n") + 1 if self._screen.shows_whole_lines else _whole_characters(data)
        data, self._rest = data[:end], data[end:]
        if data:
            # Of a MicroPython line end, "\r\n", the terminal makes the first half itself.
            self._screen.say(self._board, time_s, data.decode("utf-8", "backslashreplace").replace("\r\n", "\n"))

    def connected(self, time_s: float, missed: str = "") -> None:
        text = f"connected; what {self._board} said before may be missing: {missed}" if missed else "connected"
        self._screen.note(self._board, time_s, text)
        self._clock.notice()

    def disconnected(self, time_s: float) -> None:
        self.flush(time_s)
        self._screen.note(self._board, time_s, "disconnected")

    def flush(self, time_s: float) -> None:
        """Show what is left of a line that has not ended."""
        rest, self._rest = self._rest, b""
        if rest:
            end = "\n" if self._screen.shows_whole_lines else ""
            self._screen.say(self._board, time_s, rest.decode("utf-8", "backslashreplace") + end)


class Pace:
    """Keeps a bench in step with a person: rig time of a virtual one goes on only while somebody waits for it."""

    def __init__(self, bench: Clock, wall: Clock) -> None:
        self._bench = bench
        self._wall = wall
        self._ahead_s = bench.now() - wall.now()

    def catch_up(self) -> None:
        """Let as much rig time pass as has passed outside. Takes no time on a bench of real boards."""
        behind_s = self._wall.now() + self._ahead_s - self._bench.now()
        if behind_s > 0:
            self._bench.sleep(behind_s)


def await_connection(board: str, link: SerialLink, clock: Clock, within_s: float) -> None:
    """Wait until the serial device of ``board`` is open. Raises ``LinkError`` that says what is in the way."""
    if not clock.wait(lambda: link.is_connected, within_s):
        hint = link.obstacle or "check its cable, and that it runs MicroPython"
        raise LinkError(f"{board}: no serial device within {within_s:g} s; {hint}")


def _whole_characters(data: bytes) -> int:
    """How much of ``data`` can be shown: a character of several bytes, or a line end, may be cut in two."""
    for back in range(1, min(4, len(data)) + 1):
        byte = data[-back]
        if byte >= 0xC0:
            size = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return len(data) - back if back < size else len(data)
        if byte < 0x80:
            break
    return len(data) - data.endswith(b"\r")
