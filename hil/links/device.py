"""Serial devices of this machine, opened exclusively."""

import errno
import re
import termios
from pathlib import Path

import serial

from hil.errors import LinkError
from hil.host.processes import describe, holders
from hil.links import Address, DeviceAbsent, LinkSite

READ_TIMEOUT_S = 0.5
"""Timeout of one read. It returns earlier when a byte arrives or when it is cancelled."""
WRITE_TIMEOUT_S = 5.0
"""Timeout of one write. A board whose program never reads blocks the sender once its buffers are full."""
BAUDRATE = 115200
"""For serial adapters: the speed of MicroPython's UART REPL. USB ignores it."""
_PATH = re.compile(r"/\S+")


class DevicePort(serial.Serial):
    """pyserial's port, except that opening it keeps input that has already arrived: the first output of a board."""

    def _reset_input_buffer(self) -> None:
        pass


def open_device(path: str) -> DevicePort:
    """Open ``path`` exclusively. Raises ``LinkError`` with the cause and what to do."""
    try:
        return DevicePort(
            path, baudrate=BAUDRATE, timeout=READ_TIMEOUT_S, write_timeout=WRITE_TIMEOUT_S, exclusive=True
        )
    except (OSError, termios.error) as error:
        raise LinkError(f"{path} {_cause(path, error)}") from error


def _cause(path: str, error: Exception) -> str:
    match getattr(error, "errno", None):
        case errno.EACCES | errno.EPERM:
            return (
                "may not be opened by this user; install the udev rule rigs/99-pico-hil.rules, or run "
                "`sudo usermod -aG dialout $USER`, then log in again"
            )
        case errno.EBUSY | errno.EAGAIN:
            who = " and ".join(describe(pid) for pid in holders(Path(path)))
            return f"is in use by {who or 'another process (`sudo fuser -v ' + path + '` shows which)'}; end it"
        case errno.ENOENT | errno.ENODEV | errno.ENXIO | errno.EIO:
            return "disappeared while it was being opened; check the cable, and `dmesg` for USB errors"
        case _:
            return f"cannot be opened ({error})"


class DeviceAddress(Address):
    """A serial device with a fixed path: a node in /dev, or a symlink to a pseudo-terminal."""

    poll_interval_s = 0.05

    def __init__(self, site: LinkSite) -> None:
        self._path = site.link

    @classmethod
    def check(cls, link: str) -> None:
        """The path must be absolute and without spaces. Raises ``ValueError``."""
        if not _PATH.fullmatch(link):
            raise ValueError("is not the path of a serial device; write an absolute path such as /dev/ttyACM0")

    def find(self) -> str:
        """The path. Raises ``DeviceAbsent`` while it does not exist."""
        try:
            is_there = Path(self._path).exists()
        except PermissionError:
            # Opening it gives the proper error.
            is_there = True
        if not is_there:
            raise DeviceAbsent(f"{self._path} does not exist; check that the board is on, and `link:` in the rig file")
        return self._path

    def open(self, found: str) -> DevicePort:
        """Same as :func:`open_device`."""
        return open_device(found)
