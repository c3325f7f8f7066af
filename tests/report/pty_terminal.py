"""A program on its own terminal, and what is visible there: a pty and a terminal emulator."""

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
from collections.abc import Callable, Sequence
from pathlib import Path

import pyte

_HANGS_AFTER_S = 60
_LIVE_STATUS = re.compile(rb"\x1b\[\?25l.*?\x1b\[\?25h|\x1b\[J", re.DOTALL)
"""The output with which the live status draws and erases itself."""


class PtyTerminal:
    """One run of a program."""

    def __init__(self, command: Sequence[str], folder: Path, rows: int = 14, columns: int = 100) -> None:
        self._size = columns, rows
        self.raw = b""
        self._screen = pyte.HistoryScreen(columns, rows, history=1000)
        self._stream = pyte.ByteStream(self._screen)
        self._fd, terminal = os.openpty()
        fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        environ = {name: value for name, value in os.environ.items() if name not in ("CI", "BUILD_NUMBER", "NO_COLOR")}
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            env={**environ, "TERM": "xterm-256color"},
            start_new_session=True,
        )
        os.close(terminal)

    @property
    def text(self) -> str:
        """The text on the screen."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    def wait_for_screen(self, condition: Callable[[str], object]) -> str:
        """Wait until ``condition`` holds for the text on the screen, and return that text."""
        while not condition(self.text):
            assert self._read(), f"the program has ended; the screen:\n{self.text}"
        return self.text

    def type(self, text: str) -> None:
        os.write(self._fd, text.encode())

    def press_ctrl_c(self) -> None:
        self._process.send_signal(signal.SIGINT)

    def end(self) -> int:
        """Wait until the program ends; returns its exit status."""
        while self._read():
            pass
        return self._process.wait(_HANGS_AFTER_S)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._fd)

    def all_lines(self) -> list[str]:
        """All lines on the screen and above it."""
        return _lines(self._screen)

    def all_lines_without_live_status(self) -> list[str]:
        """All lines as they would be without the live status."""
        screen = pyte.HistoryScreen(*self._size, history=1000)
        pyte.ByteStream(screen).feed(_LIVE_STATUS.sub(b"", self.raw))
        return _lines(screen)

    def _read(self) -> bool:
        ready, _, _ = select.select([self._fd], [], [], _HANGS_AFTER_S)
        assert ready, f"the program printed nothing more; the screen:\n{self.text}"
        try:
            data = os.read(self._fd, 65536)
        except OSError:  # the other end of the pty was closed
            return False
        self.raw += data
        self._stream.feed(data)
        return bool(data)


def _lines(screen: pyte.HistoryScreen) -> list[str]:
    above = ["".join(line[column].data for column in range(screen.columns)) for line in screen.history.top]
    lines = [line.rstrip() for line in (*above, *screen.display)]
    while lines and not lines[-1]:
        lines.pop()
    return lines
