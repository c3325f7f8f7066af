"""What a person types, byte by byte as a board wants it; or what a program pipes in."""

import os
import select
import sys
import termios
from collections.abc import Iterator
from contextlib import contextmanager

QUIT = b"\x1d"
"""Ctrl-], as in telnet and miniterm; every other key goes to the board, Ctrl-C first of all."""


class Keyboard:
    """Standard input, or another open file."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self.is_terminal = os.isatty(descriptor)
        self.is_at_end = False
        """Nothing more can come."""

    @contextmanager
    def raw(self) -> Iterator[None]:
        """Within this block keys come at once and unseen, Ctrl-C and its kind too. Output is left as it is."""
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
        """What has come within ``within_s`` seconds of real time. Line ends of a pipe are the board's Enter."""
        if self.is_at_end or not select.select([self._descriptor], [], [], within_s)[0]:
            return b""
        data = os.read(self._descriptor, 1024)
        if not data:
            self.is_at_end = True
        return data if self.is_terminal else data.replace(b"\n", b"\r")


def standard_input() -> Keyboard:
    """What this program was started with."""
    return Keyboard(sys.stdin.fileno())
