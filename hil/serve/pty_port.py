"""The serial device of one virtual board: a pty behind a symlink whose path stays the same."""

import os
import termios
import tty
from pathlib import Path
from selectors import EVENT_READ, EVENT_WRITE

from hil.links import TOUCH_BAUD
from hil.serve.file_watch import FileEvent, FileWatch
from hil.virtual.realtime import RealTime
from hil.virtual.usb import UsbSerial
from hil.virtual.world import ScheduledEvent, World

DRIVER_OPEN_US = 10_000
"""From the opening of a port to the board's first byte: the host's driver first signals that a program is listening (an
estimate, not measured). Programs discard what arrives before they have set up the port."""

READ_SIZE = 512
"""Bytes taken from a program at a time: the size of MicroPython's ring buffer for standard input. When that is full,
the rest waits in the pty, as it waits in the host's driver for a real board."""

UNREAD_SIZE = 65_536
"""Most bytes of output kept for a program that has the port open and does not read. A real board drops what is not read
within 500 ms."""

_OUTPUT_SPEED = 5
"""Index in the list that ``termios.tcgetattr`` returns."""


class PtyPort:
    """One board's serial device at ``path``, a symlink that exists while the board is enumerated.

    Unplugging hangs up every program that has it open, as with ``/dev/ttyACM0``. The next enumeration makes another pty
    and points the symlink at it.
    """

    def __init__(self, path: Path, usb: UsbSerial, world: World, loop: RealTime, files: FileWatch) -> None:
        self.path = path
        self._usb = usb
        self._world = world
        self._loop = loop
        self._files = files
        self._master: int | None = None
        self._slave = -1
        self._watch = -1
        self._programs = 0
        self._events = 0
        self._opening: ScheduledEvent | None = None
        self._unread = bytearray()
        usb.watch_plug(self._plugged)
        loop.after_each_pass(self._choose_events)
        if usb.is_attached:
            self._plugged(True)

    def close(self) -> None:
        """Remove the device for good."""
        self._usb.unwatch_plug(self._plugged)
        self._plugged(False)

    def _plugged(self, attached: bool) -> None:
        if attached:
            self._appear()
        elif self._master is not None:
            self._disappear(self._master)

    def _appear(self) -> None:
        # One slave stays open here: without any, reading the master fails with EIO.
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        device = os.ttyname(self._slave)
        self._watch = self._files.watch(Path(device), self._on_file_event)
        self._choose_events()
        new = self.path.with_name(self.path.name + ".new")
        new.unlink(missing_ok=True)
        new.symlink_to(device)
        new.replace(self.path)

    def _disappear(self, master: int) -> None:
        self._master = None
        self._programs = 0
        self._cancel_opening()
        self._unread.clear()
        self._files.unwatch(self._watch)
        self._loop.unwatch(master)
        self._events = 0
        self.path.unlink(missing_ok=True)
        os.close(self._slave)
        os.close(master)

    # ---- programs come and go

    def _on_file_event(self, event: FileEvent, _name: str) -> None:
        if self._master is None:
            return
        self._programs += 1 if event is FileEvent.OPENED else -1
        if event is FileEvent.OPENED and self._programs == 1:
            self._opening = self._world.after(DRIVER_OPEN_US, self._listen)
        elif self._programs == 0:
            self._all_closed(self._master)

    def _all_closed(self, master: int) -> None:
        # What the program wrote last still reaches the board; what it did not read is lost.
        while self._receive(master):
            pass
        self._cancel_opening()
        self._unread.clear()
        if self._usb.is_open:
            self._usb.close()
        if termios.tcgetattr(self._slave)[_OUTPUT_SPEED] == termios.B1200:
            self._usb.set_line_state(TOUCH_BAUD, is_asserted=False)
        termios.tcflush(self._slave, termios.TCIFLUSH)
        tty.setraw(self._slave)

    def _listen(self) -> None:
        self._opening = None
        self._usb.open(self._send)

    def _cancel_opening(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None

    # ---- bytes

    def _ready(self) -> None:
        self._files.dispatch()
        if self._master is not None:
            self._flush(self._master)
            self._receive(self._master)

    def _receive(self, master: int) -> bool:
        """Pass on what a program wrote, if the board has room for it. Returns whether there was anything."""
        if self._usb.input_size >= READ_SIZE:
            return False
        try:
            data = os.read(master, READ_SIZE)
        except BlockingIOError:
            return False
        self._usb.send(data)
        return bool(data)

    def _send(self, data: bytes) -> None:
        self._unread += data[: UNREAD_SIZE - len(self._unread)]
        if self._master is not None:
            self._flush(self._master)

    def _flush(self, master: int) -> None:
        if self._unread:
            try:
                del self._unread[: os.write(master, self._unread)]
            except BlockingIOError:
                return

    def _choose_events(self) -> None:
        """Wait for input while the board has room for it, and for the pty to take output while there is some."""
        if self._master is None:
            return
        has_room = self._usb.input_size < READ_SIZE
        events = (EVENT_READ if has_room else 0) | (EVENT_WRITE if self._unread else 0)
        if events != self._events:
            self._events = events
            if events:
                self._loop.watch(self._master, self._ready, events)
            else:
                self._loop.unwatch(self._master)
