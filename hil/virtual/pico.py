"""One virtual Pico W: power, boot, the MicroPython that runs on it, and the clock of its CPU."""

from collections.abc import Callable, Mapping
from enum import Enum
from random import Random

from hil.virtual.air.medium import Air
from hil.virtual.air.radio import Radio
from hil.virtual.flash import Flash
from hil.virtual.hal import (
    INTERRUPTED,
    PENDING,
    Block,
    BoardOSError,
    BoardValueError,
    Handler,
    Reply,
    encode,
    encode_error,
)
from hil.virtual.hal_machine import MachineHal, ResetCause
from hil.virtual.hal_network import NetworkHal
from hil.virtual.usb import UsbSerial
from hil.virtual.vm import Stop, Vm, VmRuntime
from hil.virtual.wasi import ROM_FOLDER, Wasi
from hil.virtual.world import Event, World

NS_PER_FUEL = 5
"""CPU time of one unit of fuel. Calibrated so that an empty ``for`` loop takes the 4 us a pass that it takes on a
125 MHz RP2040."""

ROM_BOOT_US = 250_000
"""From power to MicroPython's first instruction: boot ROM, second stage, C start-up (unsure; field reports)."""

ENUMERATION_US = (700_000, 1_200_000)
"""From the device's attach, after boot.py, to a serial port on the host. With the rest: 1 to 5 s after power-on."""

HEAP = "224k"
"""MicroPython's heap. A Pico W has 190 KB; the rest makes up for the modules that it holds in flash and we in RAM."""

EPOCH_2021_US = 1_609_459_200_000_000
"""``time.time()`` of a Pico W starts at 2021-01-01 at each hard boot."""


class PowerState(Enum):
    """What a board is doing, seen from outside."""

    OFF = "off"
    BOOTING = "booting"
    RUNNING = "running"
    CRASHED = "crashed"
    BOOTLOADER = "in the bootloader"


class VirtualPico:
    """A Pico W. Everything it does happens while the world runs; power can be cut at any instant."""

    def __init__(
        self,
        world: World,
        runtime: VmRuntime,
        air: Air,
        rom: Mapping[str, bytes],
        name: str,
        serial_number: str,
    ) -> None:
        self.name = name
        self.serial_number = serial_number
        self.state = PowerState.OFF
        self.flash = Flash()
        self._world = world
        self._runtime = runtime
        self._rom = rom
        self._rng = Random(world.rng.getrandbits(64))
        self.usb = UsbSerial(world, self._on_hardware_change, self._on_ctrl_c)
        # A Pico W's MAC addresses come from its radio chip; this prefix is the chip maker's, the rest is the board's.
        mac = bytes.fromhex("28cdc1") + bytes.fromhex(serial_number)[-3:]
        self.radio = Radio(world, air, mac, self._on_hardware_change, self._print_line)
        self._machine = MachineHal(self)
        self._handlers: dict[str, Handler] = {
            **self._machine.handlers(),
            **NetworkHal(self.radio, lambda: self.usb.input_available).handlers(),
        }
        self._vm: Vm | None = None
        self._wasi: Wasi | None = None
        self._event: Event | None = None
        self._timeout: Event | None = None
        self._blocked: Block | None = None
        self._base_us = 0
        self._base_fuel = 0
        self._booted_us = 0
        self.reset_cause = ResetCause.POWER_ON

    # Power and resets.

    def power_on(self) -> None:
        """Supply power: the board boots."""
        if self.state is PowerState.OFF:
            self._boot(ResetCause.POWER_ON)

    def power_off(self) -> None:
        """Cut power, at this instant and whatever the board is doing."""
        self._halt()
        self.state = PowerState.OFF
        self._world.notice()

    def hard_reset(self, cause: ResetCause) -> None:
        """Restart as ``machine.reset()`` or the watchdog does: USB drops, RAM and radio are lost."""
        self._halt()
        self._boot(cause)

    def enter_bootloader(self) -> None:
        """Leave MicroPython for the USB bootloader (BOOTSEL), which has no serial port."""
        self._halt()
        self.state = PowerState.BOOTLOADER
        self._world.notice()

    def soft_reset(self, mode: str) -> None:
        """Start MicroPython anew in the same power cycle: USB, radio and its links stay, sockets are closed."""
        self._kill_vm()
        self.radio.close_sockets()
        self._start(mode)

    def attach_usb(self) -> None:
        """Begin enumeration: after boot.py, and only once in a power cycle."""
        if self.usb.is_attached:
            return
        # Drawn from the world: which host port answers first is not the board's doing.
        self._world.after(self._world.rng.randint(*ENUMERATION_US), self._when_still_booted(self.usb.attach))

    def _when_still_booted(self, action: Callable[[], None]) -> Callable[[], None]:
        booted_us = self._booted_us

        def guarded() -> None:
            if self._booted_us == booted_us and self.state in (PowerState.RUNNING, PowerState.CRASHED):
                action()

        return guarded

    def _halt(self) -> None:
        self._kill_vm()
        self._machine.reset()
        self.radio.power_off()
        self.usb.detach()
        self._booted_us = -1

    def _boot(self, cause: ResetCause) -> None:
        self.state = PowerState.BOOTING
        self.reset_cause = cause
        self._event = self._world.after(ROM_BOOT_US, self._first_instruction)

    def _first_instruction(self) -> None:
        self._booted_us = self._world.now_us
        self.state = PowerState.RUNNING
        self._start("hard")

    def _start(self, mode: str) -> None:
        vm = Vm(self._runtime)
        self._vm = vm
        self._wasi = Wasi(
            vm,
            self.flash,
            self._rom,
            self.usb,
            self._rng,
            argv=["micropython", "-X", f"heapsize={HEAP}", "-c", f"import _boot; _boot.run('{mode}')"],
            environ={"MICROPYPATH": ROM_FOLDER},
            now_us=lambda: self._world.now_us - self._booted_us,
            epoch_us=lambda: EPOCH_2021_US + self._world.now_us - self._booted_us,
        )
        self._base_fuel = 0
        self._base_us = self._world.now_us
        self._event = self._world.after(0, self._run)

    def _kill_vm(self) -> None:
        for event in (self._event, self._timeout):
            if event is not None:
                event.cancel()
        self._event = self._timeout = self._blocked = None
        if self._vm is not None:
            self._vm.kill()
            self._vm = self._wasi = None

    # The CPU: run, stop at every call, let the world catch up, answer, run on.

    def _run(self) -> None:
        vm = self._vm
        while vm is not None and vm is self._vm:
            stop = vm.resume()
            fuel = vm.fuel_used
            self._base_us += (fuel - self._base_fuel) * NS_PER_FUEL // 1000
            self._base_fuel = fuel
            # What the call sees and does belongs to the board's own time: everything earlier must happen before.
            if not self._world.try_advance(self._base_us):
                self._event = self._world.at(self._base_us, lambda stop=stop: self._go_on(stop))  # type: ignore[misc]
                return
            if not self._serve(stop):
                return

    def _go_on(self, stop: Stop) -> None:
        if self._serve(stop):
            self._run()

    def _serve(self, stop: Stop) -> bool:
        """Do what the VM stopped for; returns whether it can run on at once."""
        vm = self._vm
        if vm is None:
            return False
        if stop is Stop.SLICE:
            return True
        if stop is not Stop.CALL:
            self._crash(vm.trap_message() if stop is Stop.TRAP else "the interpreter ended")
            return False
        answer = self._answer(vm)
        if self._vm is not vm:
            # The call was the board's last: a reset.
            return False
        if isinstance(answer, Block):
            return self._block(answer)
        self._put_answer(vm, answer)
        return True

    def _answer(self, vm: Vm) -> object:
        name, args = vm.call_name, vm.call_args
        if name == "host_call":
            op_address, op_size, payload_address, payload_size = args[:4]
            op, *words = vm.read(op_address, op_size).decode().split(" ")
            return self._guarded(lambda: self._handlers[op](words, vm.read(payload_address, payload_size)))
        if name == "host_result_cap":
            return 65536
        if name == "proc_exit":
            self._crash(f"the interpreter ended with status {args[0]}")
            return None
        assert self._wasi is not None
        return self._wasi.call(name, args)

    def _guarded(self, call: Callable[[], object]) -> object:
        """The answer of a hardware call as a ``Reply``, errors included; or a ``Block``, or ``PENDING``."""
        try:
            answer = call()
        except (BoardOSError, BoardValueError) as error:
            return encode_error(error)
        return answer if isinstance(answer, (Block, Reply)) or answer is PENDING else encode(answer)

    def _put_answer(self, vm: Vm, answer: object) -> None:
        if isinstance(answer, Reply):
            if answer.data:
                vm.write(self._machine.mailbox, answer.data)
            vm.write(vm.call_args[4], answer.text)
            vm.answer(len(answer.text))
        elif isinstance(answer, int):
            vm.answer(answer)

    # Waiting.

    def _block(self, block: Block) -> bool:
        answer = self._guarded_attempt(block)
        if answer is not PENDING:
            self._finish_block(answer)
            return True
        self._blocked = block
        if block.timeout_us is not None:
            self._timeout = self._world.after(block.timeout_us, self._on_timeout)
        return False

    def _guarded_attempt(self, block: Block) -> object:
        return block.attempt() if self._is_wasi_call() else self._guarded(block.attempt)

    def _is_wasi_call(self) -> bool:
        return self._vm is not None and self._vm.call_name != "host_call"

    def _finish_block(self, answer: object) -> None:
        self._blocked = None
        if self._timeout is not None:
            self._timeout.cancel()
            self._timeout = None
        assert self._vm is not None
        self._put_answer(self._vm, answer)
        self._base_us = self._world.now_us

    def _wake(self, answer: object) -> None:
        self._finish_block(answer)
        self._event = self._world.after(0, self._run)

    def _on_timeout(self) -> None:
        block = self._blocked
        if block is not None:
            self._timeout = None
            self._wake(block.on_timeout() if self._is_wasi_call() else self._guarded(block.on_timeout))

    def _on_hardware_change(self) -> None:
        block = self._blocked
        if block is not None:
            answer = self._guarded_attempt(block)
            if answer is not PENDING:
                self._wake(answer)

    # The console.

    def _on_ctrl_c(self) -> None:
        """KeyboardInterrupt, wherever the program is: waiting in a call, or computing."""
        vm, block = self._vm, self._blocked
        if vm is None:
            return
        if block is not None and not self._is_wasi_call():
            self._wake(INTERRUPTED)
            return
        vm.raise_exception(self._machine.interrupt_address)
        if block is not None:
            self._wake(block.on_timeout())

    def _print_line(self, line: str) -> None:
        """Print from below MicroPython, as the C code of the network stack does."""
        if self.state is PowerState.RUNNING:
            self.usb.write_text(line.encode() + b"\n")

    def _crash(self, why: str) -> None:
        """The interpreter trapped: a real board would hang in its fault handler. Dead until reset."""
        self._kill_vm()
        self.radio.close_sockets()
        self.state = PowerState.CRASHED
        self.usb.write_text(f"\n*** CRASH: {why}; this board is dead until it is reset\n".encode())
        self._world.notice()

    @property
    def memory_size(self) -> int:
        """Bytes of the interpreter's memory, 0 when it does not run."""
        return self._vm.memory_size if self._vm is not None else 0

    @property
    def world(self) -> World:
        """The world this board is in."""
        return self._world

    def read_memory(self, address: int, size: int) -> bytes:
        """Bytes of the running interpreter's memory."""
        assert self._vm is not None
        return self._vm.read(address, size)

    def write_memory(self, address: int, data: bytes) -> None:
        """Overwrite bytes of the running interpreter's memory."""
        assert self._vm is not None
        self._vm.write(address, data)
