"""The CPU of one virtual board: runs MicroPython, charges CPU time, and synchronizes with the world at each call."""

from collections.abc import Callable, Mapping
from functools import partial

from hil.errors import BenchError
from hil.virtual.call import (
    INTERRUPTED,
    PENDING,
    WOKEN,
    Block,
    BoardOSError,
    BoardValueError,
    Handler,
    Reply,
    encode,
    encode_error,
)
from hil.virtual.vm.interpreter_state import raise_exception, schedule
from hil.virtual.vm.vm import Stop, Vm
from hil.virtual.vm.wasi import Wasi
from hil.virtual.world import ScheduledEvent, World

NS_PER_FUEL = 5
"""CPU time of one unit of fuel. With it an iteration of an empty ``for`` loop takes 6 us at module level and 3 us in a
function, about what users measure on a 125 MHz RP2040 (unsure)."""

_WASI_EINTR = 27
"""Makes the interpreter check for a pending exception and then read again."""


class Cpu:
    """Runs one VM at a time, from :meth:`start` to :meth:`halt`.

    Calls of the program take effect at the board's own time: its start plus the CPU time used. So all earlier events
    of the world are processed before a call is answered.
    """

    def __init__(self, world: World, handlers: Mapping[str, Handler], on_crash: Callable[[str], None]) -> None:
        self._world = world
        self._handlers: dict[str, Handler] = {**handlers, "again": lambda _words, _payload: self._wait_again()}
        self._on_crash = on_crash
        self._vm: Vm | None = None
        self._wasi: Wasi | None = None
        self._event: ScheduledEvent | None = None
        self._timeout: ScheduledEvent | None = None
        self._blocked: Block | None = None
        self._suspended: list[tuple[Block, int | None]] = []
        self._time_us = 0
        self._fuel = 0
        self._remainder_ns = 0
        self.mailbox_address = 0

    @property
    def vm(self) -> Vm | None:
        """The running VM."""
        return self._vm

    def start(self, vm: Vm, wasi: Wasi) -> None:
        """Start running ``vm``."""
        self._vm, self._wasi = vm, wasi
        vm.set_local_calls(wasi.local_calls())
        self._fuel = self._remainder_ns = 0
        self._time_us = self._world.now_us
        self._event = self._world.after(0, self._run)

    def halt(self) -> None:
        """Drop the VM wherever it is, as a power cut does. Does nothing if none is running."""
        for event in (self._event, self._timeout):
            if event is not None:
                event.cancel()
        self._event = self._timeout = self._blocked = None
        self._suspended.clear()
        if self._vm is not None:
            self._vm.kill()
            self._vm = None
            self._wasi = None

    def interrupt(self, exception_address: int) -> None:
        """Raise KeyboardInterrupt in the program, whether it is computing or waiting in a call."""
        vm, block = self._vm, self._blocked
        if vm is None:
            return
        if block is not None and not self._in_wasi:
            self._wake(INTERRUPTED)
            return
        raise_exception(vm, exception_address)
        if block is not None:
            self._wake(_WASI_EINTR)

    def schedule(self, function_address: int, argument: int) -> None:
        """Schedule a MicroPython function. A call that waits is suspended for it and continues afterwards."""
        if self._vm is None:
            return
        schedule(self._vm, function_address, argument)
        if self._blocked is not None and not self._in_wasi:
            self._suspended.append((self._blocked, self._timeout.time_us if self._timeout is not None else None))
            self._wake(WOKEN)

    def retry_blocked_call(self) -> None:
        """Attempt a waiting call again. To be called whenever the hardware has changed."""
        block = self._blocked
        if block is not None:
            answer = self._checked(block.attempt)
            if answer is not PENDING:
                self._wake(answer)

    # Running.

    def _run(self) -> None:
        vm = self._vm
        while vm is not None and vm is self._vm:
            stop = vm.resume()
            fuel = vm.fuel_used
            spent_ns = (fuel - self._fuel) * NS_PER_FUEL + self._remainder_ns
            self._fuel = fuel
            self._time_us += spent_ns // 1000
            self._remainder_ns = spent_ns % 1000
            if not self._world.try_advance(self._time_us):
                self._event = self._world.at(self._time_us, partial(self._continue, stop))
                return
            if not self._serve(vm, stop):
                return

    def _continue(self, stop: Stop) -> None:
        if self._vm is not None and self._serve(self._vm, stop):
            self._run()

    def _serve(self, vm: Vm, stop: Stop) -> bool:
        """Handle a stop of the VM. Returns whether it can continue immediately."""
        if stop is Stop.SLICE:
            return True
        if stop is not Stop.CALL:
            self._on_crash(vm.trap_message() if stop is Stop.TRAP else "the interpreter ended")
            return False
        answer = self._answer(vm)
        if self._vm is not vm:
            # The call has reset the board.
            return False
        if isinstance(answer, Block):
            return self._wait(vm, answer)
        self._put_answer(vm, answer)
        return True

    def _answer(self, vm: Vm) -> object:
        name, args = vm.call_name, vm.call_args
        if name == "host_call":
            op_address, op_size, payload_address, payload_size = args[:4]
            op, *words = vm.read(op_address, op_size).decode().split(" ")
            handler = self._handlers.get(op)
            if handler is None:
                raise BenchError(f"a board made hardware call {op!r}, which the virtual bench does not implement")
            return self._checked(lambda: handler(words, vm.read(payload_address, payload_size)))
        if name == "proc_exit":
            self._on_crash(f"the interpreter ended with status {args[0]}")
            return None
        return self._wasi.call(name, args) if self._wasi is not None else None

    @property
    def _in_wasi(self) -> bool:
        return self._vm is not None and self._vm.call_name != "host_call"

    def _checked(self, call: Callable[[], object]) -> object:
        """Run a handler and encode its answer or error as a ``Reply``. ``Block`` and ``PENDING`` stay as they are.

        Answers of WASI calls are plain numbers.
        """
        if self._in_wasi:
            return call()
        try:
            answer = call()
            return answer if isinstance(answer, Block) or answer is PENDING else encode(answer)
        except (BoardOSError, BoardValueError) as error:
            return encode_error(error)
        except (TypeError, ValueError) as error:
            # The firmware supplied the arguments, so the error belongs to the firmware.
            return encode_error(BoardValueError(str(error)))

    def _put_answer(self, vm: Vm, answer: object) -> None:
        if isinstance(answer, Reply):
            if answer.data:
                vm.write(self.mailbox_address, answer.data)
            if answer.text:
                vm.write(vm.call_args[4], answer.text)
            vm.answer(len(answer.text))
        elif isinstance(answer, int):
            vm.answer(answer)

    # Waiting.

    def _wait(self, vm: Vm, block: Block) -> bool:
        answer = self._checked(block.attempt)
        if answer is not PENDING:
            self._put_answer(vm, answer)
            return True
        self._blocked = block
        if block.timeout_us is not None:
            self._timeout = self._world.after(block.timeout_us, self._time_out)
        return False

    def _time_out(self) -> None:
        block = self._blocked
        if block is not None:
            self._timeout = None
            self._wake(self._checked(block.on_timeout))

    def _wake(self, answer: object) -> None:
        """Answer the waiting call. The program continues in an event of its own, never within another one."""
        self._blocked = None
        if self._timeout is not None:
            self._timeout.cancel()
            self._timeout = None
        if self._vm is not None:
            self._put_answer(self._vm, answer)
            self._time_us = self._world.now_us
            self._event = self._world.after(0, self._run)

    def _wait_again(self) -> Block:
        block, until_us = self._suspended.pop()
        remaining_us = None if until_us is None else max(0, until_us - self._world.now_us)
        return Block(block.attempt, remaining_us, block.on_timeout)
