"""USB as one virtual board and the bench see it: enumeration, the serial device, bytes both ways, unplugging."""

from collections import deque
from collections.abc import Callable

from hil.links import TOUCH_BAUD
from hil.virtual.world import Event, World

FRAME_US = 1_000
"""Full-speed USB moves data in frames of 1 ms."""

UNREAD_OUTPUT_SIZE = 256
"""What the CDC FIFO keeps while no host has the port open (CFG_TUD_CDC_TX_BUFSIZE on rp2): the latest output."""

CTRL_C = 0x03


class UsbSerial:
    """The USB serial port of one board: the board's end and the host's end of it.

    ``on_input`` is called when the board has something to read, ``on_interrupt`` when Ctrl-C arrived for a program
    that can be interrupted, ``on_touch`` when the host let go of the port at 1200 baud.
    """

    def __init__(
        self,
        world: World,
        on_input: Callable[[], None],
        on_interrupt: Callable[[], None],
        on_touch: Callable[[], None],
    ) -> None:
        self._world = world
        self._on_input = on_input
        self._on_interrupt = on_interrupt
        self._on_touch = on_touch
        self._plug_watchers: list[Callable[[bool], None]] = []
        self._receiver: Callable[[bytes], None] | None = None
        self._unread = b""
        self._to_host = bytearray()
        self._to_host_event: Event | None = None
        self._to_board: deque[int] = deque()
        self._to_board_soon = 0
        self._is_enumerated = False
        self._is_plugged_in = True
        self.noise: Callable[[bytes], bytes] | None = None
        """What becomes of the bytes on their way to the host; None leaves them as they are."""
        self.interrupt_armed = False

    @property
    def is_attached(self) -> bool:
        """Whether the host has the serial port of the device."""
        return self._is_enumerated and self._is_plugged_in

    # The board's end.

    def attach(self) -> None:
        """The host has enumerated the device: a serial port appears."""
        self._is_enumerated = True
        if self._is_plugged_in:
            self._tell_watchers(True)

    def detach(self) -> None:
        """The serial port disappears, with everything on its way."""
        was_attached = self.is_attached
        self._is_enumerated = False
        self._to_board.clear()
        self._lose_output()
        self._unread = b""
        self.interrupt_armed = False
        if was_attached:
            self._disappear()

    def write(self, data: bytes) -> None:
        """Send to the host, as it is."""
        if self._receiver is None:
            self._unread = (self._unread + data)[-UNREAD_OUTPUT_SIZE:]
            return
        self._to_host += data
        if self._to_host_event is None:
            self._to_host_event = self._world.after(FRAME_US, self._deliver)

    def write_text(self, data: bytes) -> None:
        """Print: line ends become CR LF, as MicroPython's console does it."""
        self.write(data.replace(b"\n", b"\r\n"))

    def read_input(self, size: int) -> bytes:
        """Up to ``size`` bytes that the host sent, as ``sys.stdin`` has them; empty when there is nothing."""
        # The Enter key of a terminal is a carriage return.
        return self.read_raw_input(size).replace(b"\r", b"\n")

    def read_raw_input(self, size: int) -> bytes:
        """Up to ``size`` bytes that the host sent, as ``sys.stdin.buffer`` has them: untouched."""
        return bytes(self._to_board.popleft() for _ in range(min(size, len(self._to_board))))

    def read_input_to_control(self, size: int) -> bytes:
        """Like :meth:`read_input`, but ends behind the first control character of the raw REPL (Ctrl-A to Ctrl-E)."""
        data = bytearray()
        while self._to_board and len(data) < size:
            data.append(self._to_board.popleft())
            if 1 <= data[-1] <= 5:
                break
        return bytes(data)

    @property
    def input_available(self) -> bool:
        """Whether the host has sent something that was not read yet."""
        return bool(self._to_board)

    @property
    def input_size(self) -> int:
        """Bytes that the host sent and the board did not read yet, those on their way included."""
        return len(self._to_board) + self._to_board_soon

    # The cable.

    def unplug(self) -> None:
        """The data lines are cut, while the board runs on. Does nothing when they are."""
        was_attached = self.is_attached
        self._is_plugged_in = False
        if was_attached:
            self._lose_output()
            self._disappear()

    def plug_in(self) -> None:
        """The data lines are whole again, and the host has enumerated the device if it is there."""
        if not self._is_plugged_in:
            self._is_plugged_in = True
            if self._is_enumerated:
                self._tell_watchers(True)

    def _lose_output(self) -> None:
        self._to_host.clear()
        if self._to_host_event:
            self._to_host_event.cancel()
            self._to_host_event = None

    def _disappear(self) -> None:
        self._receiver = None
        self._tell_watchers(False)

    def _tell_watchers(self, attached: bool) -> None:
        self._world.notice()
        for watcher in list(self._plug_watchers):
            watcher(attached)

    # The host's end.

    def watch_plug(self, watcher: Callable[[bool], None]) -> None:
        """Call ``watcher(attached)`` whenever the device appears or disappears."""
        self._plug_watchers.append(watcher)

    def unwatch_plug(self, watcher: Callable[[bool], None]) -> None:
        """End :meth:`watch_plug`."""
        self._plug_watchers.remove(watcher)

    def open(self, receiver: Callable[[bytes], None]) -> None:
        """Open the port: ``receiver`` gets what the board sends, first of all what the FIFO kept."""
        self._receiver = receiver
        kept, self._unread = self._unread, b""
        if kept:
            self.write(kept)

    def close(self) -> None:
        """Close the port. What was on its way is kept like what is written from now on."""
        self._receiver = None
        self._unread = bytes(self._to_host)[-UNREAD_OUTPUT_SIZE:]
        self._lose_output()

    def set_line(self, baudrate: int, *, is_held: bool) -> None:
        """The host sets the port's speed and its modem lines; ``is_held``: DTR or RTS is raised, as in an open port.

        The board obeys the 1200-baud touch, as one does that was built for it.
        """
        if baudrate == TOUCH_BAUD and not is_held:
            self._on_touch()

    @property
    def is_open(self) -> bool:
        """Whether the host has the port open."""
        return self._receiver is not None

    def send(self, data: bytes) -> None:
        """Send to the board; it arrives with the next frame."""
        self._to_board_soon += len(data)
        self._world.after(FRAME_US, lambda: self._arrive(data))

    def _arrive(self, data: bytes) -> None:
        self._to_board_soon -= len(data)
        if not self.is_attached:
            return
        if self.interrupt_armed and CTRL_C in data:
            # Ctrl-C also throws away what was typed before it.
            self._to_board.clear()
            data = data[data.rindex(CTRL_C) + 1 :]
            self._on_interrupt()
        self._to_board.extend(data)
        if self._to_board:
            self._on_input()

    def _deliver(self) -> None:
        self._to_host_event = None
        data = bytes(self._to_host)
        self._to_host.clear()
        if self._receiver is not None:
            self._receiver(data if self.noise is None else self.noise(data))
            self._world.notice()
