"""A serial device of this machine, opened for us alone."""

import errno
import termios
from pathlib import Path

import serial

from hil.errors import LinkError
from hil.host.processes import describe, holders

READ_TIMEOUT_S = 0.5
"""How long one read lasts at most. It returns as soon as a byte is there, or when it is cancelled."""
WRITE_TIMEOUT_S = 5.0
"""A board whose program never reads takes nothing any more; who writes must not hang."""
BAUDRATE = 115200
"""USB knows no such thing; a serial adapter does, and this is what MicroPython's UART REPL has."""


class DeviceAbsent(LinkError):
    """There is no serial device to be opened, for a reason that only an event can change."""


class DevicePort(serial.Serial):
    """pyserial's port, which keeps what arrives while it is being opened: it may be the first that a board says."""

    def _reset_input_buffer(self) -> None:
        pass


def open_device(path: str) -> DevicePort:
    """Open ``path``, exclusively. Raises ``LinkError`` that says what is in the way, and what to do."""
    try:
        return DevicePort(
            path, baudrate=BAUDRATE, timeout=READ_TIMEOUT_S, write_timeout=WRITE_TIMEOUT_S, exclusive=True
        )
    except (OSError, termios.error) as error:
        raise LinkError(f"{path} {_what_is_wrong(path, error)}") from error


def _what_is_wrong(path: str, error: Exception) -> str:
    match getattr(error, "errno", None):
        case errno.EACCES | errno.EPERM:
            return (
                "may not be opened by this user; install the udev rule rigs/99-pico-hil.rules, or run "
                "`sudo usermod -aG dialout $USER`, then log in anew"
            )
        case errno.EBUSY | errno.EAGAIN:
            who = " and ".join(describe(pid) for pid in holders(Path(path)))
            return f"is in use by {who or 'another process (`sudo fuser -v ' + path + '` says which)'}; end that"
        case errno.ENOENT | errno.ENODEV | errno.ENXIO | errno.EIO:
            return "went away while it was being opened; check the cable, and `dmesg` for USB errors"
        case _:
            return f"cannot be opened ({error})"


class DeviceAddress:
    """A serial line that is always at the same path: a node in /dev, or a link to a pseudo-terminal."""

    absent_retry_s = 0.05

    def __init__(self, path: str) -> None:
        self._path = path

    def news(self) -> object:
        """Nobody tells that a path has come to be: it is looked for again and again."""
        return None

    def find(self) -> str:
        """The path. Raises ``DeviceAbsent`` while nothing is there."""
        try:
            is_there = Path(self._path).exists()
        except PermissionError:
            # Opening it will say so.
            is_there = True
        if not is_there:
            raise DeviceAbsent(f"{self._path} is not there; is the board on, and the `link:` of the rig file right?")
        return self._path

    def open(self, found: str) -> DevicePort:
        """As :func:`open_device`."""
        return open_device(found)
