"""Running a program of the system: with an argument list, a deadline, and errors that show its output."""

import os
import select
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hil.errors import BenchError

_KILLED_WITHIN_S = 2.0
"""Seconds of real time until a killed program is gone, unless the kernel itself holds it."""
_MORE_FOLDERS = "/usr/local/sbin:/usr/sbin:/sbin"
"""Where Debian keeps uhubctl: not searched for users who are not root."""


class ProgramError(BenchError):
    """A program did not end in time."""


class ProgramUnusable(ProgramError):
    """A program cannot be started until a person has changed something. Trying again does not help."""


class ProgramMissing(ProgramUnusable):
    """There is no such program. The caller knows how to install it."""


@dataclass(frozen=True)
class Finished:
    """The result of a program that has ended."""

    status: int
    """Its exit status; negative for the signal that ended it."""
    output: str
    errors: str

    def reason(self) -> str:
        """Why it failed: its exit status and the last lines of its output, on one line."""
        text = " / ".join(line.strip() for line in (self.errors.strip() or self.output.strip()).splitlines()[-5:])
        return f"exit status {self.status}" + (f": {text}" if text else "")


Run = Callable[[Sequence[str], float], Finished]
"""Runs an argument list with a timeout in seconds of real time, here or elsewhere. Raises ``ProgramError``."""


def run_here(command: Sequence[str], within_s: float, shown: Sequence[str] | None = None) -> Finished:
    """Run ``command`` on this machine, without a shell, and wait for its end. Any exit status is returned, not raised.

    ``shown`` replaces the command in errors, if it contains a secret. Raises ``ProgramError`` when it
    takes longer than ``within_s`` seconds of real time, ``ProgramUnusable`` when it cannot be started,
    ``ProgramMissing`` when there is none.
    """
    words = shlex.join(shown or command)
    path = f"{os.environ.get('PATH', os.defpath)}:{_MORE_FOLDERS}"
    # Files, not pipes: a child process that outlives it, as ssh's may, would keep a pipe open.
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=errors,
                env={**os.environ, "LC_ALL": "C", "PATH": path},
                start_new_session=True,
            )
        except FileNotFoundError:
            name = (shown or command)[0]
            raise ProgramMissing(f"there is no program {name} on this machine") from None
        except OSError as error:
            raise ProgramUnusable(f"`{words}` cannot be run ({error.strerror}); check the file's rights") from None
        try:
            has_ended = _wait(process, within_s)
        finally:
            _kill(process)
        if not has_ended:
            raise ProgramError(f"`{words}` did not end within {within_s:g} s and was stopped")
        output.seek(0)
        errors.seek(0)
        return Finished(
            process.returncode, output.read().decode(errors="replace"), errors.read().decode(errors="replace")
        )


def _wait(process: subprocess.Popen[bytes], within_s: float) -> bool:
    """Whether ``process`` ends in time. Popen's own wait polls every 50 ms, which adds up when switching ports."""
    descriptor = os.pidfd_open(process.pid)
    try:
        is_over, _, _ = select.select([descriptor], [], [], within_s)
    finally:
        os.close(descriptor)
    return bool(is_over)


def _kill(process: subprocess.Popen[bytes]) -> None:
    """End ``process`` and what it started, if it still runs."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    try:
        process.wait(_KILLED_WITHIN_S)
    except subprocess.TimeoutExpired:
        # The kernel holds it, for example for a hub that does not answer. It cannot be killed, so do not wait for it.
        return
