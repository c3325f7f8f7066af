"""One virtual board: power, boot and resets of the MicroPython that runs on it, with its flash, USB and radio."""

from collections.abc import Mapping
from random import Random

from hil.config.board_type import BoardType
from hil.virtual.air.medium import Air
from hil.virtual.air.radio import Radio
from hil.virtual.bench.interpreter_arguments import interpreter_arguments
from hil.virtual.bench.power_state import PowerState
from hil.virtual.bootrom import BootRom, Firmware
from hil.virtual.flash import Flash
from hil.virtual.hal.machine import MachineHal, ResetCause
from hil.virtual.hal.network import NetworkHal
from hil.virtual.usb import UsbSerial
from hil.virtual.vm.board_files import ROM_FOLDER, BoardFiles
from hil.virtual.vm.cpu import Cpu
from hil.virtual.vm.vm import Vm, VmRuntime
from hil.virtual.vm.wasi import Wasi
from hil.virtual.world import US_PER_S, ScheduledEvent, World

ROM_BOOT_US = 250_000
"""From power-on to MicroPython: boot ROM, second stage, C startup (unsure; from field reports)."""

ENUMERATION_US = (700_000, 1_200_000)
"""From connecting to USB, after boot.py, to a serial port on the host. In total 1.1 to 1.6 s after power-on: the fast
end of the 1 to 5 s on real hubs."""

TOUCH_US = 250_000
"""From the 1200-baud touch to BOOTSEL mode (``usbd_cdc_run_bootloader_task`` in MicroPython)."""

EPOCH_2021_US = 1_609_459_200_000_000
"""``time.time()`` of a board starts at 2021-01-01 at each hard boot."""

_RADIO_CHIP_MAC_PREFIX = bytes.fromhex("28cdc1")
"""Raspberry Pi's own; the rest of a virtual board's MAC is the end of its serial number."""


class VirtualPico:
    """A board. Everything it does happens while the world runs; power can be cut at any instant."""

    def __init__(
        self,
        world: World,
        runtime: VmRuntime,
        air: Air,
        rom: Mapping[str, bytes],
        name: str,
        serial_number: str,
        board_type: BoardType,
    ) -> None:
        """``rom``: the modules that every board has built in, by path. ``serial_number``: hex digits."""
        self.board_type = board_type
        self.name = name
        self.serial_number = serial_number
        self.state = PowerState.OFF
        self.reset_cause = ResetCause.POWER_ON
        self.flash = Flash(self.board_type.file_system_bytes)
        self._world = world
        self._runtime = runtime
        self._rng = Random()
        self._files = BoardFiles(self.flash, rom, self._rng)
        self._machine = MachineHal(world, self)
        self.usb = UsbSerial(world, self._hardware_changed, self._interrupt, self._on_touch)
        self.firmware = Firmware()
        self.bootrom = BootRom(world, self.firmware, self._run_new_firmware, self.board_type)
        self.is_bootsel_held = False
        """Whether the BOOTSEL button is held. The boot ROM reads it once, at power-on and reset."""
        mac = _RADIO_CHIP_MAC_PREFIX + bytes.fromhex(serial_number)[-3:]
        self.radio = Radio(world, air, mac, self._hardware_changed, self._print_line, hostname=self.board_type.hostname)
        self._network = NetworkHal(self.radio, lambda: self.usb.input_available)
        self.cpu = Cpu(world, {**self._machine.handlers(), **self._network.handlers()}, self._crash)
        self.failing_enumerations = 0
        """How many of the next enumerations fail, as behind a busy hub: the board runs, without USB."""
        self._power_up: ScheduledEvent | None = None
        self._enumeration: ScheduledEvent | None = None
        self._replug: ScheduledEvent | None = None
        self._touch: ScheduledEvent | None = None
        self._booted_us = 0
        self._epoch_us = EPOCH_2021_US

    def power_on(self) -> None:
        """Supply power: the board boots."""
        if self.state is PowerState.OFF:
            self._boot(ResetCause.POWER_ON)

    def power_off(self) -> None:
        """Cut power immediately, in any state."""
        self._lose_state()
        self.state = PowerState.OFF
        self._world.notify()

    def brown_out(self) -> None:
        """The supply voltage drops until the chip stops, though its hub port is on. Does nothing when off."""
        if self.state is not PowerState.OFF:
            self._lose_state()
            self.state = PowerState.BROWNED_OUT
            self._world.notify()

    def recover(self) -> None:
        """End a brown-out: the board boots, unless its power has been cut meanwhile."""
        if self.state is PowerState.BROWNED_OUT:
            self._boot(ResetCause.POWER_ON)

    def hard_reset(self, cause: ResetCause) -> None:
        """Reset as ``machine.reset()`` or the watchdog does: USB disconnects, RAM and radio state are lost."""
        self._lose_state()
        self._boot(cause)

    def soft_reset(self, mode: str) -> None:
        """Restart MicroPython only: USB, radio and Wi-Fi links stay, sockets are closed."""
        self.cpu.halt()
        self._machine.soft_reset()
        self.radio.close_sockets()
        self._start(mode)

    def enter_bootloader(self) -> None:
        """Enter BOOTSEL mode, which has no serial port."""
        self._lose_state()
        self._wait_in_bootrom()

    def set_time(self, time_s: int) -> None:
        """Set the real-time clock to ``time_s`` seconds since 1970, until the next hard reset."""
        self._epoch_us = time_s * US_PER_S - self._uptime_us

    def begin_enumeration(self) -> None:
        """Connect to USB: after boot.py, and only once between hard resets."""
        if not self.usb.is_attached and self._enumeration is None:
            if self.failing_enumerations > 0:
                self.failing_enumerations -= 1
                return
            self._enumeration = self._world.after(self._draw_enumeration_us(), self.usb.attach)

    def unplug_usb(self) -> None:
        """Disconnect the data lines of the USB cable. Power stays on and the program keeps running."""
        self._cancel_replug()
        self.usb.unplug()
        self.bootrom.set_plugged_in(False)

    def replug_usb(self) -> None:
        """Reconnect the data lines: the host enumerates the device again."""
        self._cancel_replug()
        self._replug = self._world.after(self._draw_enumeration_us(), self._connect_data_lines)

    def _connect_data_lines(self) -> None:
        self.usb.plug_in()
        self.bootrom.set_plugged_in(True)

    def _on_touch(self) -> None:
        """The host closed the serial port at 1200 baud."""
        if self.state is PowerState.RUNNING and self._touch is None:
            self._touch = self._world.after(TOUCH_US, self.enter_bootloader)

    def _wait_in_bootrom(self) -> None:
        self.state = PowerState.BOOTLOADER
        self.bootrom.enter()
        self._world.notify()

    def _run_new_firmware(self, file_system_overwritten: bool) -> None:
        if file_system_overwritten:
            # MicroPython formats an invalid file system when it starts.
            self.flash.erase()
        self.hard_reset(ResetCause.WATCHDOG)

    def _cancel_replug(self) -> None:
        if self._replug is not None:
            self._replug.cancel()
            self._replug = None

    def _draw_enumeration_us(self) -> int:
        return self._world.rng.randint(*ENUMERATION_US)

    def _lose_state(self) -> None:
        for event in (self._power_up, self._enumeration, self._touch):
            if event is not None:
                event.cancel()
        self._power_up = self._enumeration = self._touch = None
        self.cpu.halt()
        self._machine.hard_reset()
        self.radio.power_off()
        self._network.restart()
        self.usb.detach()
        self.bootrom.leave()

    def _boot(self, cause: ResetCause) -> None:
        self.state = PowerState.BOOTING
        self.reset_cause = cause
        # Reseeded at each boot, so that draws do not depend on what the board did before.
        self._rng.seed(self._world.rng.getrandbits(64))
        self._power_up = self._world.after(ROM_BOOT_US, self._run_first_instruction)

    def _run_first_instruction(self) -> None:
        self._power_up = None
        if self.is_bootsel_held or not self.firmware.has_second_stage:
            self._wait_in_bootrom()
            return
        if not self.firmware.is_complete:
            self.state = PowerState.CRASHED
            self._world.notify()
            return
        self._booted_us = self._world.now_us
        self._epoch_us = EPOCH_2021_US
        self.state = PowerState.RUNNING
        self._start("hard")

    def _start(self, mode: str) -> None:
        vm = Vm(self._runtime)
        wasi = Wasi(
            vm,
            self._files,
            self.usb,
            argv=interpreter_arguments(mode, self.firmware, self.board_type),
            environ={"MICROPYPATH": ROM_FOLDER},
            now_us=lambda: self._uptime_us,
            epoch_us=lambda: self._epoch_us + self._uptime_us,
        )
        self.cpu.start(vm, wasi)

    @property
    def _uptime_us(self) -> int:
        return self._world.now_us - self._booted_us

    def _hardware_changed(self) -> None:
        self.cpu.retry_blocked_call()

    def _interrupt(self) -> None:
        self.cpu.interrupt(self._machine.interrupt_address)

    def _print_line(self, line: str) -> None:
        """Print a line, as the C code of the network stack does."""
        if self.state is PowerState.RUNNING:
            self.usb.write_text(line.encode() + b"\n")

    def _crash(self, why: str) -> None:
        """The interpreter trapped: the board stops until it is reset, as a real one does in its fault handler."""
        self.cpu.halt()
        self._machine.soft_reset()
        self.radio.close_sockets()
        self.state = PowerState.CRASHED
        self.usb.write_text(f"\n*** CRASH: {why}; this board is dead until it is reset\n".encode())
        self._world.notify()
