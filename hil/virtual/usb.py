"""The USB serial port of one virtual board: enumeration, data in both directions, unplugging."""

from collections import deque
from collections.abc import Callable

from hil.links import TOUCH_BAUD
from hil.virtual.world import ScheduledEvent, World

FRAME_US = 1_000
"""Full-speed USB moves data in frames of 1 ms."""

UNREAD_OUTPUT_SIZE = 256
"""Bytes of the latest output that the CDC FIFO keeps while the port is closed (CFG_TUD_CDC_TX_BUFSIZE on rp2)."""

CTRL_C = 0x03


class UsbSerial:
    """The USB serial port of one board: the board's end and the host's end.

    ``on_input`` is called when input for the board has arrived, ``on_interrupt`` when Ctrl-C has arrived and interrupts
    are armed, ``on_touch`` when the host does the 1200-baud touch.
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
        self._to_host_event: ScheduledEvent | None = None
        self._to_board: deque[int] = deque()
        self._in_flight_to_board = 0
        self._is_enumerated = False
        self._is_plugged_in = True
        self.noise: Callable[[bytes], bytes] | None = None
        """Applied to the bytes sent to the host; None leaves them unchanged."""
        self.interrupt_armed = False
        """Whether Ctrl-C interrupts the program instead of being input."""

    @property
    def is_attached(self) -> bool:
        """Whether the device is enumerated and plugged in, so that the host has its serial port."""
        return self._is_enumerated and self._is_plugged_in

    # Called by the board.

    def attach(self) -> None:
        """The host has enumerated the device: the serial port appears."""
        self._is_enumerated = True
        if self._is_plugged_in:
            self._tell_watchers(True)

    def detach(self) -> None:
        """The serial port disappears. Data in flight is lost."""
        was_attached = self.is_attached
        self._is_enumerated = False
        self._to_board.clear()
        self._lose_output()
        self._unread = b""
        self.interrupt_armed = False
        if was_attached:
            self._disappear()

    def write(self, data: bytes) -> None:
        """Send ``data`` to the host unchanged."""
        if self._receiver is None:
            self._unread = (self._unread + data)[-UNREAD_OUTPUT_SIZE:]
            return
        self._to_host += data
        if self._to_host_event is None:
            self._to_host_event = self._world.after(FRAME_US, self._deliver)

    def write_text(self, data: bytes) -> None:
        """Send text to the host with CR LF line ends, as MicroPython's console does."""
        self.write(data.replace(b"\n", b"\r\n"))

    def read_input(self, size: int) -> bytes:
        """Up to ``size`` bytes of input as ``sys.stdin`` reads them. Empty if there is no input."""
        # Terminals send a carriage return for Enter.
        return self.read_raw_input(size).replace(b"\r", b"\n")

    def read_raw_input(self, size: int) -> bytes:
        """Up to ``size`` bytes of input as ``sys.stdin.buffer`` reads them: unchanged."""
        return bytes(self._to_board.popleft() for _ in range(min(size, len(self._to_board))))

    def read_input_to_control(self, size: int) -> bytes:
        """Up to ``size`` bytes of input, ending after the first control character of the raw REPL: Ctrl-A to Ctrl-E."""
        data = bytearray()
        while self._to_board and len(data) < size:
            data.append(self._to_board.popleft())
            if 1 <= data[-1] <= 5:
                break
        return bytes(data)

    @property
    def input_available(self) -> bool:
        """Whether there is unread input."""
        return bool(self._to_board)

    @property
    def input_size(self) -> int:
        """Bytes sent by the host that the board has not read yet, including those in flight."""
        return len(self._to_board) + self._in_flight_to_board

    # The USB cable.

    def unplug(self) -> None:
        """Disconnect the data lines; the board keeps running. Does nothing if they are disconnected."""
        was_attached = self.is_attached
        self._is_plugged_in = False
        if was_attached:
            self._lose_output()
            self._disappear()

    def plug_in(self) -> None:
        """Reconnect the data lines. The port appears at once if the device is enumerated."""
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
        self._world.notify()
        for watcher in list(self._plug_watchers):
            watcher(attached)

    # Called by the host.

    def watch_plug(self, watcher: Callable[[bool], None]) -> None:
        """Call ``watcher(is_attached)`` whenever the serial port appears or disappears."""
        self._plug_watchers.append(watcher)

    def unwatch_plug(self, watcher: Callable[[bool], None]) -> None:
        """End :meth:`watch_plug`."""
        self._plug_watchers.remove(watcher)

    def open(self, receiver: Callable[[bytes], None]) -> None:
        """Open the port. ``receiver`` is called with the board's output, starting with what the FIFO kept."""
        self._receiver = receiver
        kept, self._unread = self._unread, b""
        if kept:
            self.write(kept)

    def close(self) -> None:
        """Close the port. Output in flight goes back to the FIFO."""
        self._receiver = None
        self._unread = bytes(self._to_host)[-UNREAD_OUTPUT_SIZE:]
        self._lose_output()

    def set_line_state(self, baudrate: int, *, is_asserted: bool) -> None:
        """Set the port's speed and modem lines. ``is_asserted``: DTR or RTS is, as while a port is open.

        Virtual boards obey the 1200-baud touch, like MicroPython built with support for it.
        """
        if baudrate == TOUCH_BAUD and not is_asserted:
            self._on_touch()

    @property
    def is_open(self) -> bool:
        """Whether the host has the port open."""
        return self._receiver is not None

    def send(self, data: bytes) -> None:
        """Send to the board. The data arrives with the next USB frame."""
        self._in_flight_to_board += len(data)
        self._world.after(FRAME_US, lambda: self._arrive(data))

    def _arrive(self, data: bytes) -> None:
        self._in_flight_to_board -= len(data)
        if not self.is_attached:
            return
        if self.interrupt_armed and CTRL_C in data:
            # Ctrl-C also discards the input before it.
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
            self._world.notify()
