"""The hardware calls of MicroPython's ``machine``, ``time``, ``os`` and REPL on a virtual board."""

from collections.abc import Sequence
from enum import Enum, auto
from typing import Protocol

from hil.config.board_type import BoardType
from hil.virtual.call import MAILBOX_SIZE, PENDING, Block, BoardValueError, Handler
from hil.virtual.flash import BLOCK_SIZE, Flash
from hil.virtual.hal.pins import PinHal
from hil.virtual.usb import UsbSerial
from hil.virtual.vm.cpu import Cpu
from hil.virtual.vm.interpreter_state import renumber_errnos
from hil.virtual.vm.vm import Vm
from hil.virtual.world import ScheduledEvent, World

WATCHDOG_MAX_MS = 8388
"""Longest timeout of the RP2040's watchdog."""

LISTING_PAGE = 12
"""Entries of a folder in one answer: names have at most 255 bytes (``MAX_NAME_BYTES``), an answer 4096."""


class ResetCause(Enum):
    """Why a board has started. Its type has the number that ``machine.reset_cause()`` gives."""

    POWER_ON = auto()
    WATCHDOG = auto()


class Microcontroller(Protocol):
    """The board as these calls need it: what hangs on its chip, and its ways to start again."""

    serial_number: str
    board_type: BoardType
    reset_cause: ResetCause
    flash: Flash
    usb: UsbSerial
    cpu: Cpu

    def hard_reset(self, cause: ResetCause) -> None:
        """Restart as ``machine.reset()`` or the watchdog does."""

    def soft_reset(self, mode: str) -> None:
        """Start MicroPython anew in the same power cycle."""

    def enter_bootloader(self) -> None:
        """Leave MicroPython for the USB bootloader."""

    def begin_enumeration(self) -> None:
        """Attach to USB."""

    def set_time(self, time_s: int) -> None:
        """Set the real-time clock to ``time_s`` seconds since 1970."""


class MachineHal:
    """Handlers for everything but the network. ``interrupt_address``: the KeyboardInterrupt to raise, in the VM."""

    def __init__(self, world: World, board: Microcontroller) -> None:
        self._world = world
        self._board = board
        self._watchdog: ScheduledEvent | None = None
        self._watchdog_us = 0
        self._pins = PinHal()
        self._timers: dict[int, ScheduledEvent] = {}
        self.interrupt_address = 0

    def hard_reset(self) -> None:
        """Forget everything, as a reset of the chip does."""
        if self._watchdog is not None:
            self._watchdog.cancel()
            self._watchdog = None
        self._pins.hard_reset()
        self.soft_reset()

    def soft_reset(self) -> None:
        """Stop what a soft reset stops: timers, but not the watchdog."""
        for event in self._timers.values():
            event.cancel()
        self._timers.clear()

    def handlers(self) -> dict[str, Handler]:
        """Handlers by op."""
        return {
            "mailbox": self._set_mailbox,
            "errnos": self._set_errnos,
            "interrupt.arm": self._arm_interrupt,
            "interrupt.disarm": self._disarm_interrupt,
            "sleep_us": self._sleep,
            "usb.attach": lambda _words, _payload: self._board.begin_enumeration(),
            "usb.write": lambda _words, payload: self._board.usb.write(payload),
            "usb.read": self._read_usb,
            "usb.read_raw": self._read_usb_raw,
            "reset": lambda _words, _payload: self._board.hard_reset(ResetCause.WATCHDOG),
            "soft_reset": lambda words, _payload: self._board.soft_reset(words[0]),
            "bootloader": lambda _words, _payload: self._board.enter_bootloader(),
            "reset_cause": lambda _words, _payload: self._reset_cause(),
            "unique_id": lambda _words, _payload: bytes.fromhex(self._board.serial_number),
            "statvfs": self._statvfs,
            "listdir": self._listdir,
            "timer.start": self._start_timer,
            "timer.stop": self._stop_timer,
            "watchdog.start": self._start_watchdog,
            "watchdog.feed": self._feed_watchdog,
            "rtc.set": lambda words, _payload: self._board.set_time(int(words[0])),
            **self._pins.handlers(),
        }

    def _reset_cause(self) -> int:
        board_type = self._board.board_type
        if self._board.reset_cause is ResetCause.POWER_ON:
            return board_type.power_on_reset_cause
        return board_type.watchdog_reset_cause

    @property
    def _vm(self) -> Vm:
        vm = self._board.cpu.vm
        assert vm is not None
        return vm

    def _set_mailbox(self, words: Sequence[str], _payload: bytes) -> None:
        self._board.cpu.mailbox_address = int(words[0])

    def _set_errnos(self, words: Sequence[str], _payload: bytes) -> None:
        """``words``: the addresses of the interpreter's two tables of errors, then their names and numbers as built."""
        built = dict(zip(words[2::2], map(int, words[3::2]), strict=True))
        renumber_errnos(self._vm, int(words[0]), int(words[1]), built)

    def _arm_interrupt(self, words: Sequence[str], _payload: bytes) -> None:
        self.interrupt_address = int(words[0])
        self._board.usb.interrupt_armed = True

    def _disarm_interrupt(self, _words: Sequence[str], _payload: bytes) -> None:
        self._board.usb.interrupt_armed = False

    def _sleep(self, words: Sequence[str], _payload: bytes) -> Block:
        return Block(lambda: PENDING, max(0, int(words[0])), lambda: None)

    def _read_usb(self, words: Sequence[str], _payload: bytes) -> Block:
        size = min(int(words[0]), MAILBOX_SIZE)
        return Block(lambda: self._board.usb.read_input_to_control(size) or PENDING, None, lambda: None)

    def _read_usb_raw(self, words: Sequence[str], _payload: bytes) -> Block:
        size = min(int(words[0]), MAILBOX_SIZE)
        return Block(lambda: self._board.usb.read_raw_input(size) or PENDING, None, lambda: None)

    def _statvfs(self, _words: Sequence[str], _payload: bytes) -> list[int]:
        flash = self._board.flash
        free = flash.free_blocks
        return [BLOCK_SIZE, BLOCK_SIZE, flash.total_blocks, free, free, 0, 0, 0, 0, 255]

    def _listdir(self, words: Sequence[str], payload: bytes) -> list[list[object]]:
        """The entries of a folder from number ``words[0]`` on, as many as one answer takes."""
        flash, folder, first = self._board.flash, payload.decode(), int(words[0])
        paths = [(name, f"{folder}/{name}") for name in flash.names(folder)[first : first + LISTING_PAGE]]
        return [[name, 0x4000 if flash.is_folder(path) else 0x8000, 0, flash.size(path)] for name, path in paths]

    def _start_timer(self, words: Sequence[str], _payload: bytes) -> None:
        number, period_us, periodic, callback_address = map(int, words)
        self._stop_timer(words, b"")

        def fire() -> None:
            if periodic:
                self._timers[number] = self._world.after(period_us, fire)
            self._board.cpu.schedule(callback_address, number)

        self._timers[number] = self._world.after(period_us, fire)

    def _stop_timer(self, words: Sequence[str], _payload: bytes) -> None:
        event = self._timers.pop(int(words[0]), None)
        if event is not None:
            event.cancel()

    def _start_watchdog(self, words: Sequence[str], _payload: bytes) -> None:
        timeout_ms = int(words[0])
        if not 1 <= timeout_ms <= WATCHDOG_MAX_MS:
            raise BoardValueError("timeout exceeds 8388")
        self._watchdog_us = timeout_ms * 1000
        self._feed_watchdog((), b"")

    def _feed_watchdog(self, _words: Sequence[str], _payload: bytes) -> None:
        if self._watchdog is not None:
            self._watchdog.cancel()
        self._watchdog = self._world.after(self._watchdog_us, self._bite)

    def _bite(self) -> None:
        self._watchdog = None
        self._board.hard_reset(ResetCause.WATCHDOG)
