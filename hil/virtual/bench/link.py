"""The serial link to a virtual board, through pyserial like all links."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import serial
from serial import SerialException

from hil.clock import Clock
from hil.errors import LinkError
from hil.links import TOUCH_BAUD, LinkListener
from hil.virtual.bench.protocol_virtual import Serial
from hil.virtual.usb import UsbSerial

_READ_TIMEOUT_S = 1.0


class VirtualLink:
    """Opens ``url`` whenever the board is attached. Bytes reach the listener while the world runs.

    Implements :class:`hil.links.SerialLink`.
    """

    def __init__(self, board: str, url: str, usb: UsbSerial, clock: Clock) -> None:
        self._board = board
        self._url = url
        self._usb = usb
        self._clock = clock
        self._listener: LinkListener | None = None
        self._port: Serial | None = None
        self._borrowed = False
        self._missed = ""

    @property
    def is_connected(self) -> bool:
        """Whether the port is open."""
        return self._port is not None

    @property
    def obstacle(self) -> str:
        """Always empty: the port is open whenever the board is enumerated."""
        return ""

    def start(self, listener: LinkListener) -> None:
        """From now on open the port whenever the device is present."""
        if self._listener is not None:
            return
        self._listener = listener
        self._missed = "its port was there already" if self._usb.is_attached else ""
        self._usb.watch_plug(self._on_plug)
        if self._usb.is_attached:
            self._on_plug(True)

    def stop(self) -> None:
        """Close the port and keep it closed."""
        if self._listener is None:
            return
        self._usb.unwatch_plug(self._on_plug)
        if self._port is not None:
            self._on_plug(False)
        self._listener = None

    def _on_plug(self, attached: bool) -> None:
        if self._listener is None:
            return
        if attached:
            port = cast("Serial", serial.serial_for_url(self._url, timeout=_READ_TIMEOUT_S))
            self._port = port
            port.on_readable = self._deliver
            self._listener.connected(self._clock.now(), self._missed)
            self._missed = "the serial device was away"
        elif self._port is not None:
            self._deliver_rest()
            self._port.close()
            self._port = None
            self._listener.disconnected(self._clock.now())

    def _deliver_rest(self) -> None:
        """Deliver what arrived before the device disappeared."""
        if self._usb.is_attached and not self._borrowed:
            self._deliver()

    def _deliver(self) -> None:
        if self._borrowed or self._port is None or self._listener is None:
            return
        data = self._port.read(self._port.in_waiting)
        if data:
            self._listener.received(self._clock.now(), data)

    def write(self, data: bytes) -> None:
        """Send to the board. Raises ``LinkError`` when the port is not open."""
        try:
            self._open_port().write(data)
        except SerialException as error:
            raise LinkError(f"board {self._board}: {error}") from error

    def touch(self) -> None:
        """Briefly drop DTR and RTS at 1200 baud. Raises ``LinkError``."""
        port = self._open_port()
        baudrate = port.baudrate
        port.baudrate = TOUCH_BAUD
        port.dtr = port.rts = False
        port.baudrate = baudrate
        port.dtr = port.rts = True

    @contextmanager
    def borrow(self) -> Iterator[Serial]:
        """The open port for exclusive use. The listener receives nothing meanwhile. Raises ``LinkError``."""
        port = self._open_port()
        self._borrowed = True
        try:
            yield port
        finally:
            self._borrowed = False
            if self._port is not None:
                self._deliver()

    def _open_port(self) -> Serial:
        if self._port is None:
            raise LinkError(f"board {self._board}: its serial port is not open; check that the board is powered")
        return self._port
