"""The serial link to a real board: a thread that opens the port whenever it is there, and notes when each byte came."""

import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from serial import SerialBase, SerialException, SerialTimeoutException

from hil.clock import Clock
from hil.errors import LinkError
from hil.links import TOUCH_BAUD, LinkListener
from hil.links.device import DeviceAbsent

CLOSE_WITHIN_S = 15.0
"""How long closing may take: an attempt to reach a serial server that does not answer ends after 8 s."""
_RETRY_S = 0.25
"""When to try again to open a port that is there. No event tells that whoever had it has closed it."""
_FOREVER_S = 86400.0

_LOST = (OSError, termios.error)
"""What pyserial raises when a device vanishes. Its own SerialException is an OSError; some calls raise plain ones."""


class Address(Protocol):
    """Where the serial line of one board is."""

    @property
    def absent_retry_s(self) -> float:
        """How long to wait for news at most, while it is absent."""

    def news(self) -> object:
        """Another object whenever :meth:`find` may have another answer; the clock is told of that. Must be cheap."""

    def find(self) -> str:
        """Path or URL of the port, now. Raises ``DeviceAbsent``."""

    def open(self, found: str) -> SerialBase:
        """Open what was found; its reads return within a second. Raises ``LinkError``."""


class PortLink:
    """Implements :class:`hil.links.SerialLink` for every port that pyserial can open.

    The thread alone reads, opens and closes the port, so that nothing pulls it away under a read. It runs from
    :meth:`start` to :meth:`stop`.
    """

    def __init__(self, board: str, address: Address, clock: Clock) -> None:
        self._board = board
        self._address = address
        self._clock = clock
        self._thread: threading.Thread | None = None
        self._stopping = False
        self._port: SerialBase | None = None
        self._hears: LinkListener | None = None
        self._lent: _LentPort | None = None
        self._obstacle = ""
        # Two locks: a write that waits for the board to take its bytes must not hold up what the board says.
        self._delivery = threading.RLock()
        self._writing = threading.Lock()

    @property
    def is_connected(self) -> bool:
        """Whether the port is open."""
        return self._port is not None

    @property
    def obstacle(self) -> str:
        """Why the port is not open, and what to do; empty when it is, or should not be."""
        return self._obstacle

    def start(self, listener: LinkListener) -> None:
        """From now on open the port whenever the device is there. Does nothing when started already."""
        if self._thread is not None:
            return
        self._stopping = False
        # Looked at before the caller goes on to switch power on: what is there now was there before.
        missed = "" if self._is_absent() else "its port was there already"
        name = f"link-{self._board}"
        self._thread = threading.Thread(target=self._run, args=(listener, missed), name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close the port and leave it closed. Raises ``LinkError`` when it does not close."""
        thread = self._thread
        if thread is None:
            return
        self._stopping = True
        self._clock.notice()
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
        """Send to the board. Raises ``LinkError`` when the port is not open, or the board takes nothing for long."""
        try:
            self.send(data)
        except _LOST as error:
            raise LinkError(f"board {self._board}: {error}") from error

    def send(self, data: bytes) -> None:
        """As :meth:`write`, but raises what pyserial raises."""
        with self._writing:
            if self._port is None:
                raise SerialException(self._closed())
            try:
                self._port.write(data)
            except SerialTimeoutException:
                text = f"the board has taken nothing for {self._port.write_timeout:g} s; does its program hang?"
                raise SerialTimeoutException(text) from None

    def touch(self) -> None:
        """Let go of DTR and RTS at 1200 baud, for a moment. Raises ``LinkError``."""
        with self._writing:
            port = self._port
            if port is None:
                raise LinkError(f"board {self._board}: {self._closed()}")
            usual = port.baudrate
            try:
                port.baudrate = TOUCH_BAUD
                port.dtr = port.rts = False
            except _LOST as error:
                text = f"board {self._board}: its port cannot be let go of at {TOUCH_BAUD} baud"
                raise LinkError(f"{text} ({error})") from error
            with suppress(*_LOST):  # a board that obeys at once is gone now
                port.baudrate = usual
                port.dtr = port.rts = True

    @contextmanager
    def borrow(self) -> Iterator["_LentPort"]:
        """The open port for exclusive use; the listener hears nothing meanwhile.

        The thread reads on, for the borrower: a device that vanishes is an ``OSError`` there, and ``disconnected`` for
        the listener.
        """
        with self._delivery:
            if self._port is None:
                raise LinkError(f"board {self._board}: {self._closed()}")
            if self._lent is not None:
                raise LinkError(f"board {self._board}: its serial port is lent already")
            lent = self._lent = _LentPort(self, self._clock, self._delivery)
        try:
            yield lent
        finally:
            with self._delivery:
                if self._lent is lent:
                    self._lent = None
                    if self._hears is not None and (rest := lent.take(len(lent.waiting))):
                        self._hears.received(self._clock.now(), rest)

    # ---- the thread

    def _run(self, listener: LinkListener, missed: str) -> None:
        try:
            while (opened := self._open_when_there()) is not None:
                port, refused = opened
                self._serve(port, listener, missed or refused)
                missed = "the serial device was away"
        except Exception as error:
            # Whoever waits for the board must not be told that its cable is bad.
            self._obstacle = f"reading from it failed: {type(error).__name__}: {error}"
            raise

    def _open_when_there(self) -> tuple[SerialBase, str] | None:
        """The opened port, and why that took a second attempt; None when the link is stopped."""
        refused = ""
        while not self._stopping:
            seen = self._address.news()
            try:
                port = self._address.open(self._address.find())
            except DeviceAbsent as absent:
                refused, wait_s = "", self._address.absent_retry_s
                self._hindered_by(str(absent))
            except LinkError as error:
                refused, wait_s = f"at first it could not be opened: {error}", _RETRY_S
                self._hindered_by(str(error))
            else:
                self._hindered_by("")
                return port, refused
            self._await_news(seen, wait_s)
        return None

    def _hindered_by(self, obstacle: str) -> None:
        if obstacle != self._obstacle:
            self._obstacle = obstacle
            self._clock.notice()

    def _await_news(self, seen: object, timeout_s: float) -> None:
        self._clock.wait(lambda: self._stopping or self._address.news() is not seen, timeout_s)

    def _serve(self, port: SerialBase, listener: LinkListener, missed: str) -> None:
        self._port = port
        lost = "the link was stopped"
        try:
            with self._delivery:
                self._hears = listener
                listener.connected(self._clock.now(), missed)
            self._clock.notice()
            self._read(port)
        except _LOST as error:
            lost = str(error)
        finally:
            self._close(port)
            with self._delivery:
                self._hears = None
                # The listener first: when the borrower is told, it is on the record.
                listener.disconnected(self._clock.now())
                if self._lent is not None:
                    # Another connection may come before the borrower notices; what it brings is not for that one.
                    self._lent.lost = lost
                    self._lent = None
            self._clock.notice()

    def _read(self, port: SerialBase) -> None:
        while not self._stopping:
            data = port.read(1)
            if not data:
                continue
            time_s = self._clock.now()
            try:
                data += port.read(port.in_waiting)  # type: ignore[attr-defined]  # every kind of port has it
            finally:
                # What had arrived counts, also when the device is gone by now.
                self._deliver(time_s, data)

    def _deliver(self, time_s: float, data: bytes) -> None:
        with self._delivery:
            if self._lent is not None:
                self._lent.waiting += data
            elif self._hears is not None:
                self._hears.received(time_s, data)
        self._clock.notice()

    def _close(self, port: SerialBase) -> None:
        with self._writing:
            self._port = None
            with suppress(OSError):  # of a device that is gone: its descriptor is closed nevertheless
                port.close()

    def _is_absent(self) -> bool:
        try:
            self._address.find()
        except DeviceAbsent:
            return True
        return False

    def _closed(self) -> str:
        return f"its serial port is not open; {self._obstacle or 'is the board powered?'}"


class _LentPort:
    """What the thread reads while the port is lent, as a port. Implements :class:`hil.links.BorrowedPort`."""

    def __init__(self, link: PortLink, clock: Clock, lock: threading.RLock) -> None:
        self.timeout: float | None = None
        self.waiting = b""
        """What has come and was not read. To be changed under ``lock``."""
        self.lost = ""
        """Why nothing more can come."""
        self._link = link
        self._clock = clock
        self._lock = lock

    @property
    def in_waiting(self) -> int:
        """Bytes that can be read at once."""
        self._check()
        return len(self.waiting)

    def read(self, size: int = 1, /) -> bytes:
        """Up to ``size`` bytes; waits for them until ``timeout`` is over."""
        timeout_s = _FOREVER_S if self.timeout is None else self.timeout
        self._clock.wait(lambda: len(self.waiting) >= size or bool(self.lost), timeout_s)
        self._check()
        return self.take(size)

    def take(self, size: int) -> bytes:
        """Up to ``size`` of the bytes that have come."""
        with self._lock:
            data, self.waiting = self.waiting[:size], self.waiting[size:]
        return data

    def write(self, data: bytes, /) -> int:
        """Send to the board."""
        if self.lost:
            raise SerialException(self.lost)
        self._link.send(data)
        return len(data)

    def _check(self) -> None:
        if self.lost and not self.waiting:
            raise SerialException(self.lost)
