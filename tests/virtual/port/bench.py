"""A minimal bench for a board of the port: a USB host that types and reads, pins, and a watchdog."""

from typing import TYPE_CHECKING

from hil.virtual.port.chip import Chip
from hil.virtual.port.runtime import CoreRuntime
from hil.virtual.port.shared import Peripheral, ResetKind, Shared
from hil.virtual.world import World

if TYPE_CHECKING:
    from tests.virtual.port.air import Air

RELEASE = "1.26.1"
RUNTIME = CoreRuntime()
PROMPT = b">>> "


class Board:
    """One board with its USB host."""

    def __init__(
        self, world: World, air: "Air | None" = None, number: int = 1, release: str = RELEASE, flash: bytes = b""
    ) -> None:
        self.world = world
        self.air = air
        self.number = number
        self.mac = bytes.fromhex("28cdc1") + number.to_bytes(3, "big")
        self.output = bytearray()
        self.to_board = bytearray()
        self.levels: dict[int, int] = {}
        self.volts: dict[int, int] = {}
        self.writes: list[tuple[int, Peripheral, int]] = []
        self.resets: list[ResetKind] = []
        self.crash = ""
        self.flash = flash
        self.caused_by_watchdog = False
        self.is_attached = False
        self.bite_us: int | None = None
        self.chip = Chip(world, RUNTIME, RUNTIME.image(release), self)
        self.power_on()

    def power_on(self) -> None:
        self.is_attached = False
        self.bite_us = None
        self.chip.start(self.flash, self._prepare)

    def _prepare(self, shared: Shared) -> None:
        shared.unique_id[:] = list(bytes.fromhex("e66164084373") + self.number.to_bytes(2, "big"))
        shared.mac[:] = list(self.mac)
        shared.entropy = self.number
        shared.usb_connected = 1
        shared.usb_room = 1 << 20
        shared.caused_by_watchdog = self.caused_by_watchdog

    def power_off(self) -> None:
        if self.chip.is_running:
            self.flash = bytes(self.chip.flash)
        self.chip.halt()
        if self.air is not None:
            self.air.leave(self)

    # Devices.

    def usb_attached(self) -> None:
        self.is_attached = True

    def usb_write(self, data: bytes) -> int:
        self.output += data
        self.world.notify()
        return len(data)

    def transmit(self, interface: int, frame: bytes) -> None:
        if self.air is not None:
            self.air.carry(self, interface, frame)

    def radio(self, command: int, data: bytes, room: int) -> tuple[int, bytes]:
        return self.air.command(self, command, data, room) if self.air is not None else (0, b"")

    def written(self, peripheral: Peripheral, index: int) -> None:
        self.writes.append((self.world.now_us, peripheral, index))

    def sample(self, peripheral: Peripheral, index: int) -> int:
        if peripheral is Peripheral.ADC:
            return self.volts.get(index, 0)
        shared = self.chip.shared
        if shared.pin_output_enabled >> index & 1:
            return shared.pin_output >> index & 1
        return self.levels.get(index, shared.pin_pull[index] & 1)

    def watchdog(self, timeout_us: int) -> None:
        self.bite_us = self.world.now_us + timeout_us
        self.world.at(self.bite_us, self._bite)

    def _bite(self) -> None:
        if self.bite_us == self.world.now_us:
            self.reset(ResetKind.WATCHDOG)

    def reset(self, kind: ResetKind) -> None:
        self.resets.append(kind)
        self.world.after(0, self._restart)

    def _restart(self) -> None:
        self.power_off()
        self.caused_by_watchdog = True
        self.power_on()

    def crashed(self, why: str) -> None:
        self.crash = why
        self.world.notify()

    # The USB host.

    def type(self, data: bytes) -> None:
        self.to_board += data
        self._feed()

    def _feed(self) -> None:
        if self.to_board and self.chip.is_running:
            del self.to_board[: self.chip.shared.post_usb(bytes(self.to_board))]
            self.chip.attend()
            if self.to_board:
                self.world.after(1000, self._feed)

    def set_level(self, pin: int, level: int) -> None:
        """Drive a pin from outside: an edge is an event."""
        if self.levels.get(pin, 0) != level:
            self.levels[pin] = level
            self.chip.shared.pin_events[pin // 8] |= (8 if level else 4) << 4 * (pin % 8)
            self.chip.attend()

    def until(self, text: bytes, seconds: float = 30) -> bytes:
        """Let time pass until ``text`` comes out; returns what came up to its end."""
        end_us = self.world.now_us + int(seconds * 1e6)
        if not self.world.run(end_us, lambda: text in self.output or bool(self.crash)) or self.crash:
            raise AssertionError(f"no {text!r}: {self.crash} {bytes(self.output[-2000:])!r}")
        end = self.output.index(text) + len(text)
        result = bytes(self.output[:end])
        del self.output[:end]
        return result

    def enter_raw_repl(self) -> None:
        self.type(b"\x01")
        self.until(b"raw REPL; CTRL-B to exit\r\n>")

    def begin(self, source: str) -> None:
        """Start a program from the raw REPL."""
        self.type(source.encode() + b"\x04")
        self.until(b"OK")

    def end(self, seconds: float = 30) -> str:
        """What the program printed, its traceback included."""
        out = self.until(b"\x04", seconds)[:-1]
        error = self.until(b"\x04>", seconds)[:-2]
        return (out + error).decode().replace("\r\n", "\n")

    def run(self, source: str, seconds: float = 30) -> str:
        """Run a program from the raw REPL and return what it printed."""
        self.begin(source)
        return self.end(seconds)
