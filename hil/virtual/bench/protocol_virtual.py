"""pyserial's URL handler for virtual boards: ``serial_for_url("virtual://BENCH/BOARD")``.

pyserial finds it by the module's name once ``hil.virtual.bench`` is in ``serial.protocol_handler_packages``. Any code
that uses pyserial, such as mpremote, can then talk to a virtual board. Reading runs the world.
"""

from collections.abc import Callable, Iterator
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

from serial import PortNotOpenError, SerialBase, SerialException

from hil.virtual.usb import UsbSerial
from hil.virtual.world import US_PER_S, World

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class SerialExchange:
    """The serial ports of one virtual bench, by board name. URLs refer to it by its ``identity``."""

    # pyserial passes only a URL, so benches are looked up here. Entries disappear with their bench.
    _all: ClassVar["WeakValueDictionary[str, SerialExchange]"] = WeakValueDictionary()
    _numbers: ClassVar[Iterator[int]] = count(1)

    def __init__(self, world: World) -> None:
        self.world = world
        self.ports: dict[str, UsbSerial] = {}
        self.identity = f"bench-{next(self._numbers)}"
        self._all[self.identity] = self

    def url(self, board: str) -> str:
        """The URL with which ``serial_for_url`` opens the board's port."""
        return f"virtual://{self.identity}/{board}"

    @classmethod
    def find(cls, url: str | None) -> tuple[World, UsbSerial]:
        """The world and the port of ``url``. Raises ``SerialException``."""
        parts = urlsplit(url or "")
        exchange = cls._all.get(parts.netloc)
        port = exchange.ports.get(parts.path.lstrip("/")) if exchange else None
        if exchange is None or port is None:
            raise SerialException(f"{url}: no such virtual board")
        return exchange.world, port


class Serial(SerialBase):
    """pyserial's port to a virtual board. ``timeout`` and ``write_timeout`` are in rig time."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._received = bytearray()
        self._usb: UsbSerial | None = None
        self._world: World | None = None
        self.on_readable: Callable[[], None] | None = None
        super().__init__(*args, **kwargs)

    def open(self) -> None:
        """Open the port. Raises ``SerialException`` when the device is absent, or already open."""
        if self.is_open:
            raise SerialException("the port is already open")
        world, usb = SerialExchange.find(self.portstr)
        if not usb.is_attached:
            raise SerialException(f"{self.portstr}: no such device")
        if usb.is_open:
            raise SerialException(f"{self.portstr}: the port is in use")
        self._world, self._usb = world, usb
        self._received.clear()
        self.is_open = True
        usb.open(self._receive)

    def close(self) -> None:
        """Close the port."""
        if self.is_open and self._usb is not None:
            # The last close drops the modem lines, as the tty layer does.
            self._usb.set_line_state(self.baudrate, is_asserted=False)
            self._usb.close()
        self.is_open = False

    def _receive(self, data: bytes) -> None:
        self._received += data
        if self.on_readable is not None:
            self.on_readable()

    def _require(self) -> tuple[World, UsbSerial]:
        if not self.is_open or self._world is None or self._usb is None:
            raise PortNotOpenError
        if not self._usb.is_attached:
            raise SerialException(f"{self.portstr}: the device disconnected")
        return self._world, self._usb

    @property
    def in_waiting(self) -> int:
        """Bytes that can be read without waiting."""
        self._require()
        return len(self._received)

    def read(self, size: int = 1) -> bytes:
        """Up to ``size`` bytes. Runs the world until they have arrived, or for ``timeout``."""
        world, usb = self._require()
        if len(self._received) < size and self.timeout != 0:
            # None means for ever, but in an idle world that would be an endless loop.
            timeout_s = 3600.0 if self.timeout is None else self.timeout
            world.run(
                world.now_us + round(timeout_s * US_PER_S),
                lambda: len(self._received) >= size or not usb.is_attached,
            )
            self._require()
        data = bytes(self._received[:size])
        del self._received[:size]
        return data

    def write(self, data: "ReadableBuffer", /) -> int:
        """Send to the board."""
        _, usb = self._require()
        content = bytes(data)
        usb.send(content)
        return len(content)

    def flush(self) -> None:
        """Does nothing: this port has no output buffer."""

    def reset_input_buffer(self) -> None:
        """Discard unread input."""
        self._received.clear()

    def reset_output_buffer(self) -> None:
        """Does nothing: this port has no output buffer."""

    def _reconfigure_port(self, *_args: Any, **_kwargs: Any) -> None:
        """Does nothing: USB has no line settings. The speed matters only with the modem lines."""

    def _update_dtr_state(self) -> None:
        """DTR matters only for the 1200-baud touch."""
        if self._usb is not None:
            self._usb.set_line_state(self.baudrate, is_asserted=self.dtr or self.rts)

    def _update_rts_state(self) -> None:
        """Same as DTR."""
        self._update_dtr_state()

    def _update_break_state(self) -> None:
        """Does nothing: MicroPython ignores break."""


def serial_class_for_url(url: str) -> tuple[str, type[Serial]]:
    """Called by pyserial: the class that opens ``url``."""
    return url, Serial
