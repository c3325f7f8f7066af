"""The serial link to a physical board: a thread opens the port whenever it is present and timestamps what arrives."""

import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from serial import SerialBase, SerialException, SerialTimeoutException

from hil.clock import Clock
from hil.errors import LinkError
from hil.links import TOUCH_BAUD, Address, DeviceAbsent, LinkListener
from hil.links.lent_port import LentPort

CLOSE_WITHIN_S = 15.0
"""Timeout of closing. Connecting to a serial server that does not answer ends after 8 s."""
_RETRY_S = 0.25
"""Seconds until the next attempt to open a port that is present. No event reports that another process closed it."""

_LOST = (OSError, termios.error)
"""What pyserial raises when a device disappears: SerialException, which is an OSError, or the plain errors."""


class PortLink:
    """Implements :class:`hil.links.SerialLink` for every port that pyserial can open.

    Only the thread opens, reads and closes the port, so it is never closed during a read. The thread runs from
    :meth:`start` to :meth:`stop`.
    """

    def __init__(self, board: str, address: Address, clock: Clock) -> None:
        self._board = board
        self._address = address
        self._clock = clock
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._port: SerialBase | None = None
        self._connected_listener: LinkListener | None = None
        self._lent: LentPort | None = None
        self._obstacle = ""
        # Two locks: a write that blocks because the board does not read must not delay what the board sends.
        self._delivery = threading.RLock()
        self._writing = threading.Lock()

    @property
    def is_connected(self) -> bool:
        """Whether the port is open."""
        return self._port is not None

    @property
    def obstacle(self) -> str:
        """Why the port is not open, and what to do. Empty if it is open, or the link is stopped."""
        return self._obstacle

    def start(self, listener: LinkListener) -> None:
        """From now on open the port whenever the device is present. Does nothing if started already."""
        if self._thread is not None:
            return
        self._stopping = False
        # Checked before the caller switches power on: a device that is present now has been there before.
        missed = "" if self._is_absent() else "its port was there already"
        name = f"link-{self._board}"
        self._thread = threading.Thread(target=self._run, args=(listener, missed), name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close the port and keep it closed. Raises ``LinkError`` when it does not close in time."""
        thread = self._thread
        if thread is None:
            return
        self._stopping = True
        self._clock.notify()
        with self._writing:
            cancel = getattr(self._port, "cancel_read", None)
            if cancel is not None:
                cancel()
        thread.join(CLOSE_WITHIN_S)
        if thread.is_alive():
            raise LinkError(f"board {self._board}: its serial port did not close within {CLOSE_WITHIN_S:g} s")
        self._thread = None
        self._obstacle = ""

    def write(self, data: bytes) -> None:
        """Send to the board. Raises ``LinkError`` when the port is not open, or the board stops reading."""
        try:
            self.send(data)
        except _LOST as error:
            raise LinkError(f"board {self._board}: {error}") from error

    def send(self, data: bytes) -> None:
        """Like :meth:`write`, but raises pyserial's exceptions."""
        with self._writing:
            if self._port is None:
                raise SerialException(self._why_closed())
            try:
                self._port.write(data)
            except SerialTimeoutException:
                text = f"the board has read nothing for {self._port.write_timeout:g} s; check whether its program hangs"
                raise SerialTimeoutException(text) from None

    def touch(self) -> None:
        """Briefly drop DTR and RTS at 1200 baud. Raises ``LinkError``."""
        with self._writing:
            port = self._port
            if port is None:
                raise LinkError(f"board {self._board}: {self._why_closed()}")
            baudrate = port.baudrate
            try:
                port.baudrate = TOUCH_BAUD
                port.dtr = port.rts = False
            except _LOST as error:
                text = f"board {self._board}: its port does not support the {TOUCH_BAUD}-baud touch"
                raise LinkError(f"{text} ({error})") from error
            with suppress(*_LOST):  # a board that obeys immediately is gone now
                port.baudrate = baudrate
                port.dtr = port.rts = True

    @contextmanager
    def borrow(self) -> Iterator[LentPort]:
        """The open port for exclusive use. The listener receives nothing meanwhile.

        The thread keeps reading, into the borrower's buffer. If the device disappears, the borrower gets an ``OSError``
        and the listener ``disconnected``. Raises ``LinkError`` when the port is not open, or lent already.
        """
        with self._delivery:
            if self._port is None:
                raise LinkError(f"board {self._board}: {self._why_closed()}")
            if self._lent is not None:
                raise LinkError(f"board {self._board}: its serial port is already borrowed")
            lent = self._lent = LentPort(self.send, self._clock, self._delivery)
        try:
            yield lent
        finally:
            with self._delivery:
                if self._lent is lent:
                    self._lent = None
                    if self._connected_listener is not None and (rest := lent.take(len(lent.unread))):
                        self._connected_listener.received(self._clock.now(), rest)

    # Runs in the thread.

    def _run(self, listener: LinkListener, missed: str) -> None:
        try:
            while (opened := self._open_when_there()) is not None:
                port, refused = opened
                self._serve(port, listener, missed or refused)
                missed = "the serial device was away"
        except Exception as error:
            # The cause must not be mistaken for a bad cable by callers that wait for the board.
            self._obstacle = f"reading from it failed: {type(error).__name__}: {error}"
            raise

    def _open_when_there(self) -> tuple[SerialBase, str] | None:
        """The opened port, and why the first attempt failed if it did. None when the link is stopped."""
        refused = ""
        while not self._stopping:
            revision = self._address.revision()
            try:
                port = self._address.open(self._address.find())
            except DeviceAbsent as absent:
                refused, wait_s = "", self._address.poll_interval_s
                self._set_obstacle(str(absent))
            except LinkError as error:
                refused, wait_s = f"at first it could not be opened: {error}", _RETRY_S
                self._set_obstacle(str(error))
            else:
                self._set_obstacle("")
                return port, refused
            self._await_change(revision, wait_s)
        return None

    def _set_obstacle(self, obstacle: str) -> None:
        if obstacle != self._obstacle:
            self._obstacle = obstacle
            self._clock.notify()

    def _await_change(self, revision: object, timeout_s: float) -> None:
        self._clock.wait(lambda: self._stopping or self._address.revision() is not revision, timeout_s)

    def _serve(self, port: SerialBase, listener: LinkListener, missed: str) -> None:
        self._port = port
        lost = "the link was stopped"
        try:
            with self._delivery:
                self._connected_listener = listener
                listener.connected(self._clock.now(), missed)
            self._clock.notify()
            self._read(port)
        except _LOST as error:
            lost = str(error)
        finally:
            self._close(port)
            with self._delivery:
                self._connected_listener = None
                # The listener first, so that the timeline has the event before the borrower raises.
                listener.disconnected(self._clock.now())
                if self._lent is not None:
                    # The port may be opened again before the borrower notices. It must not get that input.
                    self._lent.lost = lost
                    self._lent = None
            self._clock.notify()

    def _read(self, port: SerialBase) -> None:
        while not self._stopping:
            data = port.read(1)
            if not data:
                continue
            time_s = self._clock.now()
            try:
                data += port.read(port.in_waiting)  # type: ignore[attr-defined]  # all of pyserial's ports have it
            finally:
                # Deliver what has arrived even if the device is gone by now.
                self._deliver(time_s, data)

    def _deliver(self, time_s: float, data: bytes) -> None:
        with self._delivery:
            if self._lent is not None:
                self._lent.unread += data
            elif self._connected_listener is not None:
                self._connected_listener.received(time_s, data)
        self._clock.notify()

    def _close(self, port: SerialBase) -> None:
        with self._writing:
            self._port = None
            with suppress(OSError):  # the device is gone; the descriptor is closed nevertheless
                port.close()

    def _is_absent(self) -> bool:
        try:
            self._address.find()
        except DeviceAbsent:
            return True
        return False

    def _why_closed(self) -> str:
        return f"its serial port is not open; {self._obstacle or 'check that the board is powered'}"
