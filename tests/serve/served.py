"""`hil serve` in a separate process, and programs that use it."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

from hil.serve.client import ask
from hil.serve.served_board import UsbMode

PATIENCE_S = 30
"""Timeout against hanging only."""

HIL = [sys.executable, "-c", "from hil.commands.cli import app; app()"]


class Served:
    """A running `hil serve` in ``folder``."""

    def __init__(self, folder: Path, rig: Path, environ: Mapping[str, str] | None = None, speed: float = 1) -> None:
        self.folder = folder
        self.process = subprocess.Popen(
            [*HIL, "serve", "--rig", str(rig), "--dir", str(folder), "--speed", str(speed)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # In a separate session, so that signals to the tests are not sent to it.
            start_new_session=True,
            env={**os.environ, **(environ or {})},
        )
        assert self.process.stdout is not None
        self.printed = [self.process.stdout.readline()]
        while self.printed[-1] and not self.printed[-1].startswith("Switch their power"):
            self.printed.append(self.process.stdout.readline())
        if not self.printed[-1]:
            raise AssertionError(f"ended with {self.stop()}:\n{''.join(self.printed)}")

    @property
    def control(self) -> str:
        return str(self.folder / "control")

    def tty(self, board: str) -> Path:
        return self.folder / board

    def power(self, port: int, action: str) -> object:
        return ask(self.control, f"power main {port} {action}")

    def wait_for_mode(self, board: str, mode: UsbMode) -> None:
        """Wait until ``board`` is in ``mode``."""
        with Watcher(self.control) as watcher:
            watcher.wait_for(board, mode)

    def mpremote(self, board: str, *command: str, cwd: Path | None = None) -> str:
        """Run the command, which must succeed. Returns its output."""
        done = self.try_mpremote(board, *command, cwd=cwd)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def try_mpremote(self, board: str, *command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        words = self.mpremote_command(board, *command)
        return subprocess.run(words, check=False, capture_output=True, text=True, timeout=PATIENCE_S, cwd=cwd)

    def mpremote_command(self, board: str, *command: str) -> Sequence[str]:
        return [sys.executable, "-m", "mpremote", "connect", str(self.tty(board)), *command]

    def stop(self) -> int:
        """Press Ctrl-C; returns the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        status = self.process.wait(PATIENCE_S)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return status


class Watcher:
    """A client of the control socket that receives every change."""

    def __init__(self, control: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(PATIENCE_S)
        self._socket.connect(control)
        self._socket.sendall(b"watch\n")
        self._lines = self._socket.makefile("rb")
        self.modes: dict[str, str] = {
            board["board"]: board["mode"] for board in json.loads(self._lines.readline())["ok"]
        }

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lines.close()
        self._socket.close()

    def wait_for(self, board: str, mode: UsbMode) -> None:
        while self.modes[board] != mode:
            changed = json.loads(self._lines.readline())["changed"]
            self.modes[changed["board"]] = changed["mode"]
