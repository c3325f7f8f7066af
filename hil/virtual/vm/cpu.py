"""The CPU of one virtual board: runs MicroPython, charges its time, and lets the world catch up at every call."""

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
from hil.virtual.world import Event, World

NS_PER_FUEL = 5
"""CPU time of one unit of fuel. An empty ``for`` loop at module level then takes 6 us a pass, and in a function half of
that: the order of what users measure on a 125 MHz RP2040 (unsure)."""

_WASI_EINTR = 27
"""Makes the interpreter's own code look for a pending exception and then read again."""


class Cpu:
    """Runs one VM at a time, from :meth:`start` to :meth:`halt`.

    What a call of the program sees and does happens at the board's own time: its start plus the CPU time it has used.
    So before a call is answered, everything in the world that is earlier has happened.
    """

    def __init__(self, world: World, handlers: Mapping[str, Handler], on_crash: Callable[[str], None]) -> None:
        self._world = world
        self._handlers: dict[str, Handler] = {**handlers, "again": lambda _words, _payload: self._wait_again()}
        self._on_crash = on_crash
        self._vm: Vm | None = None
        self._wasi: Wasi | None = None
        self._event: Event | None = None
        self._timeout: Event | None = None
        self._blocked: Block | None = None
        self._put_off: list[tuple[Block, int | None]] = []
        self._time_us = 0
        self._fuel = 0
        self._rest_ns = 0
        self.mailbox_address = 0

    @property
    def vm(self) -> Vm | None:
        """The running VM."""
        return self._vm

    def start(self, vm: Vm, wasi: Wasi) -> None:
        """Run ``vm`` from now on."""
        self._vm, self._wasi = vm, wasi
        vm.set_local_calls(wasi.local_calls())
        self._fuel = self._rest_ns = 0
        self._time_us = self._world.now_us
        self._event = self._world.after(0, self._run)

    def halt(self) -> None:
        """Drop the VM wherever it is: the power cut. Does nothing when none runs."""
        for event in (self._event, self._timeout):
            if event is not None:
                event.cancel()
        self._event = self._timeout = self._blocked = None
        self._put_off.clear()
        if self._vm is not None:
            self._vm.kill()
            self._vm = None
            self._wasi = None

    def interrupt(self, exception_address: int) -> None:
        """Raise KeyboardInterrupt wherever the program is: waiting in a call, or computing."""
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
        """Call a MicroPython function soon, also in the middle of a wait, which goes on afterwards."""
        if self._vm is None:
            return
        schedule(self._vm, function_address, argument)
        if self._blocked is not None and not self._in_wasi:
            self._put_off.append((self._blocked, self._timeout.time_us if self._timeout is not None else None))
            self._wake(WOKEN)

    def look_again(self) -> None:
        """The hardware has changed: a waiting call may have its answer now."""
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
            spent_ns = (fuel - self._fuel) * NS_PER_FUEL + self._rest_ns
            self._fuel = fuel
            self._time_us += spent_ns // 1000
            self._rest_ns = spent_ns % 1000
            if not self._world.try_advance(self._time_us):
                self._event = self._world.at(self._time_us, partial(self._go_on, stop))
                return
            if not self._serve(vm, stop):
                return

    def _go_on(self, stop: Stop) -> None:
        if self._vm is not None and self._serve(self._vm, stop):
            self._run()

    def _serve(self, vm: Vm, stop: Stop) -> bool:
        """Do what the VM stopped for; returns whether it can run on at once."""
        if stop is Stop.SLICE:
            return True
        if stop is not Stop.CALL:
            self._on_crash(vm.trap_message() if stop is Stop.TRAP else "the interpreter ended")
            return False
        answer = self._answer(vm)
        if self._vm is not vm:
            # The call was the program's last: a reset.
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
                raise BenchError(f"a board asked for hardware call {op!r}, which the virtual bench does not have")
            return self._checked(lambda: handler(words, vm.read(payload_address, payload_size)))
        if name == "proc_exit":
            self._on_crash(f"the interpreter ended with status {args[0]}")
            return None
        return self._wasi.call(name, args) if self._wasi is not None else None

    @property
    def _in_wasi(self) -> bool:
        return self._vm is not None and self._vm.call_name != "host_call"

    def _checked(self, call: Callable[[], object]) -> object:
        """Run a handler; its answer as a ``Reply``, errors included, or a ``Block`` or ``PENDING`` as they are.

        WASI calls are answered with plain numbers.
        """
        if self._in_wasi:
            return call()
        try:
            answer = call()
            return answer if isinstance(answer, Block) or answer is PENDING else encode(answer)
        except (BoardOSError, BoardValueError) as error:
            return encode_error(error)
        except (TypeError, ValueError) as error:
            # The arguments are what the firmware gave: wrong ones are its error, and no reason to stop the world.
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
        """Answer the waiting call; the program goes on as an event of its own, never inside another's."""
        self._blocked = None
        if self._timeout is not None:
            self._timeout.cancel()
            self._timeout = None
        if self._vm is not None:
            self._put_answer(self._vm, answer)
            self._time_us = self._world.now_us
            self._event = self._world.after(0, self._run)

    def _wait_again(self) -> Block:
        block, until_us = self._put_off.pop()
        rest_us = None if until_us is None else max(0, until_us - self._world.now_us)
        return Block(block.attempt, rest_us, block.on_timeout)
