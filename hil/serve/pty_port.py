"""The serial port of one virtual board as a device node: a pty behind a symlink that stays the same."""

import os
import termios
import tty
from pathlib import Path
from selectors import EVENT_READ, EVENT_WRITE

from hil.links import TOUCH_BAUD
from hil.serve.file_watch import FileEvent, FileWatch
from hil.virtual.realtime import RealTime
from hil.virtual.usb import UsbSerial
from hil.virtual.world import Event, World

DRIVER_OPEN_US = 10_000
"""From the opening of a port to the board's first byte: the host's driver has to say first that somebody listens (order
of magnitude; unsure). Programs throw away what came before they had set up the port."""

READ_SIZE = 512
"""Bytes taken from a program at a time; when so many wait in the board (MicroPython's ring for standard input), the
rest waits in the pty, as it waits on the host's side of a real cable."""

UNREAD_SIZE = 65_536
"""Most output that waits for a program that has the port open and does not read. A real board drops what is not taken
within 500 ms."""

_OUTPUT_SPEED = 5
"""Where a terminal's attributes have it."""


class PtyPort:
    """One board's serial port at ``path``, a symlink that is there while the board is enumerated.

    Unplugging hangs up every program that has it open, as it does with ``/dev/ttyACM0``. The next enumeration makes
    another pty and points the symlink at it.
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
        self._opening: Event | None = None
        self._unread = bytearray()
        usb.watch_plug(self._plugged)
        loop.after_each_pass(self._choose_events)
        if usb.is_attached:
            self._plugged(True)

    def close(self) -> None:
        """Take the device away for good."""
        self._usb.unwatch_plug(self._plugged)
        self._plugged(False)

    def _plugged(self, attached: bool) -> None:
        if attached:
            self._appear()
        elif self._master is not None:
            self._disappear(self._master)

    def _appear(self) -> None:
        # A slave of our own stays open: without any, reading the master is an error.
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        device = os.ttyname(self._slave)
        self._watch = self._files.watch(Path(device), self._used)
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

    def _used(self, event: FileEvent, _name: str) -> None:
        if self._master is None:
            return
        self._programs += 1 if event is FileEvent.OPENED else -1
        if event is FileEvent.OPENED and self._programs == 1:
            self._opening = self._world.after(DRIVER_OPEN_US, self._listen)
        elif self._programs == 0:
            self._all_closed(self._master)

    def _all_closed(self, master: int) -> None:
        # What the program wrote last still counts; what it did not read is lost.
        while self._receive(master):
            pass
        self._cancel_opening()
        self._unread.clear()
        if self._usb.is_open:
            self._usb.close()
        if termios.tcgetattr(self._slave)[_OUTPUT_SPEED] == termios.B1200:
            self._usb.set_line(TOUCH_BAUD, is_held=False)
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
        self._files.look()
        if self._master is not None:
            self._flush(self._master)
            self._receive(self._master)

    def _receive(self, master: int) -> bool:
        """Take what a program wrote, if the board has room for it; says whether there was anything."""
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
        """Listen to the program while the board has room for more, and while there is output to hand over."""
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
