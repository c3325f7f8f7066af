"""Answers to the calls of the firmware that concern USB, the radio, pins and the watchdog: the devices give them."""

from collections.abc import Callable

from hil.virtual.port.devices import Devices
from hil.virtual.port.memory import BoardMemory
from hil.virtual.port.shared import Peripheral


class Peripherals:
    """Passes each call on to the devices, with the data out of the board's memory."""

    def __init__(self, devices: Devices) -> None:
        self._devices = devices
        self._memory: BoardMemory | None = None
        self._answers: dict[str, Callable[..., int]] = {
            "usb_attach": self._usb_attach,
            "usb_write": self._usb_write,
            "transmit": self._transmit,
            "radio": self._radio,
            "written": self._written,
            "sample": self._sample,
            "watchdog": self._watchdog,
        }

    def connect(self, memory: BoardMemory | None) -> None:
        """Use the memory of a board that starts; None when it is off."""
        self._memory = memory

    def answer(self, name: str, args: tuple[int, ...]) -> int | None:
        """The result of import ``name``, at the core's time; None when it concerns no device."""
        answer = self._answers.get(name)
        return None if answer is None else answer(*args)

    def _read(self, address: int, size: int) -> bytes:
        return b"" if self._memory is None else bytes(self._memory.view[address : address + size])

    def _usb_attach(self) -> int:
        self._devices.usb_attached()
        return 0

    def _usb_write(self, address: int, size: int) -> int:
        return self._devices.usb_write(self._read(address, size))

    def _transmit(self, interface: int, address: int, size: int) -> int:
        self._devices.transmit(interface, self._read(address, size))
        return 0

    def _radio(self, command: int, address: int, size: int, room: int) -> int:
        result, data = self._devices.radio(command, self._read(address, size), room)
        if data and self._memory is not None:
            self._memory.view[address : address + len(data)] = data
        return result

    def _written(self, peripheral: int, index: int) -> int:
        self._devices.written(Peripheral(peripheral), index)
        return 0

    def _sample(self, peripheral: int, index: int) -> int:
        return self._devices.sample(Peripheral(peripheral), index)

    def _watchdog(self, timeout_us: int) -> int:
        self._devices.watchdog(timeout_us)
        return 0
