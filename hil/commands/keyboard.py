"""Keyboard input, byte by byte as a board expects it, or input from a pipe."""

import os
import select
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager

QUIT = b"\x1d"
"""Ctrl-], as in telnet and miniterm. Every other key goes to the board, Ctrl-C included."""


class Keyboard:
    """Standard input, or another open file."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.is_terminal = os.isatty(descriptor)
        self.is_at_end = False
        """Whether the input has ended."""

    @contextmanager
    def raw(self) -> Iterator[None]:
        """Within this block, read keys without line buffering, echo and signals. Output processing stays as it is."""
        if not self.is_terminal:
            yield
            return
        before = termios.tcgetattr(self._descriptor)
        keys = termios.tcgetattr(self._descriptor)
        keys[0] &= ~(termios.ICRNL | termios.INLCR | termios.IXON | termios.BRKINT | termios.ISTRIP)
        keys[3] &= ~(termios.ICANON | termios.ECHO | termios.ISIG | termios.IEXTEN)
        termios.tcsetattr(self._descriptor, termios.TCSADRAIN, keys)
        try:
            yield
        finally:
            termios.tcsetattr(self._descriptor, termios.TCSADRAIN, before)

    def read(self, within_s: float) -> bytes:
        """Input, waited for up to ``within_s`` of real time; empty if none came. A pipe's line ends become Enter."""
        if self.is_at_end or not select.select([self._descriptor], [], [], within_s)[0]:
            return b""
        data = os.read(self._descriptor, 1024)
        if not data:
            self.is_at_end = True
        return data if self.is_terminal else data.replace(b"\n", b"\r")


def standard_input() -> Keyboard:
    """The standard input of this process."""
    return Keyboard(sys.stdin.fileno())
