"""What a chip is connected to: its board, with a USB host, a radio and whatever is at the pins."""

from typing import Protocol

from hil.virtual.port.shared import Peripheral, ResetKind


class Devices(Protocol):
    """What a chip is connected to."""

    def usb_attached(self) -> None:
        """The program has started USB."""

    def usb_write(self, data: bytes) -> int:
        """The program writes to the USB host; returns how many bytes it took."""

    def transmit(self, interface: int, frame: bytes) -> None:
        """The radio sends an Ethernet frame on its station interface (0) or its access point's (1)."""

    def radio(self, command: int, data: bytes, room: int) -> tuple[int, bytes]:
        """A command to the radio: its result, and up to ``room`` bytes of answer."""

    def written(self, peripheral: Peripheral, index: int) -> None:
        """A register that can be seen from outside was written."""

    def sample(self, peripheral: Peripheral, index: int) -> int:
        """The level of a pin, or the voltage at an ADC channel (12 bits)."""

    def watchdog(self, timeout_us: int) -> None:
        """The watchdog bites after this time unless it is called again."""

    def reset(self, kind: ResetKind) -> None:
        """The program restarts the board: the chip is halted in this call or later."""

    def crashed(self, why: str) -> None:
        """The firmware has crashed: a real board would hang in its fault handler."""
