"""The processor of one virtual board: runs its cores in the world's time and answers what they ask of the chip.

What a program sees and does happens at its core's own time: the start plus the CPU time that it has used. So before an
import is answered, everything in the world that is earlier has happened.
"""

from collections.abc import Callable

from hil.virtual.port.core import Core, Stop
from hil.virtual.port.cores import SLICE_US, Cores
from hil.virtual.port.devices import Devices
from hil.virtual.port.image import ChipImage
from hil.virtual.port.memory import BoardMemory
from hil.virtual.port.peripherals import Peripherals
from hil.virtual.port.runtime import CoreRuntime
from hil.virtual.port.scheduled_core import FOREVER, ScheduledCore, State, fuel_of
from hil.virtual.port.shared import Attend, ResetKind, Shared
from hil.virtual.world import ScheduledEvent, World


class Chip:
    """The cores of one board, between :meth:`start` and :meth:`halt`."""

    def __init__(self, world: World, runtime: CoreRuntime, image: ChipImage, devices: Devices) -> None:
        self._world = world
        self._runtime = runtime
        self._image = image
        self._devices = devices
        self._peripherals = Peripherals(devices)
        self._memory: BoardMemory | None = None
        self._cores = Cores(world)
        self._event: ScheduledEvent | None = None

    @property
    def shared(self) -> Shared:
        """What the chip and its simulation share. Only while it runs."""
        return self._cores.shared

    @property
    def is_running(self) -> bool:
        """Whether it is on."""
        return self._memory is not None

    @property
    def flash(self) -> memoryview:
        """The part of the flash that holds the file system. Only while it runs."""
        if self._memory is None:
            raise RuntimeError("the chip is off")
        return self._memory.view[self._image.flash_address : self._image.flash_address + self._image.flash_size]

    @property
    def fuel_used(self) -> int:
        """CPU time that its cores have used since the start, as fuel: a repeatable measure of work done."""
        return sum(running.core.fuel_used for running in self._cores)

    @property
    def uptime_us(self) -> int:
        """The chip's own time in µs, at the world's time."""
        return self._world.now_us - self._cores.booted_us

    def start(self, flash: bytes, prepare: Callable[[Shared], None]) -> None:
        """Run from the first instruction, with the file system ``flash`` (empty: erased).

        ``prepare`` fills in what the board is.
        """
        self._memory = BoardMemory(self._image)
        self._peripherals.connect(self._memory)
        self._cores.start(Shared.from_address(self._memory.base + self._image.shared_address))
        if flash:
            self.flash[:] = flash
        prepare(self.shared)
        self._add_core(0, "run")
        self._schedule()

    def halt(self) -> None:
        """Drop everything wherever it is: the power cut. Does nothing when it is off."""
        if self._event is not None:
            self._event.cancel()
            self._event = None
        self._cores.clear()
        self._peripherals.connect(None)
        if self._memory is not None:
            self._memory.close()
            self._memory = None

    def attend(self) -> None:
        """Interrupt core 0, because something has happened outside."""
        if self._cores:
            self._cores.give_attention(0, Attend.EVENTS)
            self._schedule()

    def _add_core(self, number: int, function: str, stack_top: int | None = None) -> None:
        if self._memory is None:
            return
        core = Core(self._runtime, self._image, self._memory, number, self._answer_in_place)
        core.set_slice(fuel_of(SLICE_US))
        core.start(function, stack_top)
        self._cores.add(core)

    # Running.

    def _schedule(self) -> None:
        """Go on when the next thing is due; as an event of its own, never inside another's."""
        if self._event is not None:
            self._event.cancel()
        due_us = self._cores.due_us
        self._event = self._world.at(due_us, self._run) if due_us < FOREVER else None

    def _run(self) -> None:
        """Let the core whose turn it is go on, again and again, until something else in the world is earlier."""
        self._event = None
        while self._cores:
            due_us = self._cores.due_us
            if due_us >= FOREVER:
                return
            if not self._world.try_advance(due_us) and due_us > self._world.now_us:
                self._event = self._world.at(due_us, self._run)
                return
            if self._cores.alarm_due_us <= self._world.now_us:
                self._cores.give_attention(0, Attend.EVENTS)
            self._step(self._cores.next())

    def _step(self, running: ScheduledCore) -> None:
        if running.due_us > self._world.now_us:
            return
        if running.state is State.CALLING:
            self._serve(running)
            return
        if running.state is not State.READY:
            running.time_us = max(running.time_us, self._world.now_us)
            running.state = State.READY
            running.core.answer(self.uptime_us)
        self._resume(running)

    def _resume(self, running: ScheduledCore) -> None:
        self._cores.between_safe_points = running
        running.core.set_slice(fuel_of(self._cores.slice_us(running)))
        stop = running.core.resume()
        if running not in self._cores:
            return
        running.charge()
        if stop is Stop.CALL:
            running.state = State.CALLING
        elif stop is Stop.SLICE:
            self._cores.end_slice(running)
        elif stop is Stop.END and running.core.number == 1:
            self._cores.remove(running)
        else:
            why = running.core.trap_message() if stop is Stop.TRAP else "the firmware ended"
            self.halt()
            self._devices.crashed(why)
            return
        self._cores.wake_other(running)

    # Answers.

    def _answer_in_place(self, core: Core, name: str, args: tuple[int, ...]) -> int | None:
        """Answer without a stop, if nothing else in the world is due before."""
        running = self._cores[core.number]
        running.charge()
        # Ahead of the other core, it is answered at the world's time, which is the other's.
        if not self._cores.ask_for_change(running) and not self._world.try_advance(running.time_us):
            return None
        if name == "now_us":
            return running.time_us - self._cores.booted_us
        if name == "wait_us":
            return self._wait_in_place(running, args[0])
        return self._peripherals.answer(name, args)

    def _wait_in_place(self, running: ScheduledCore, until_us: int) -> int | None:
        """Sleep without a stop, if nothing can come in between."""
        shared = self.shared
        if len(self._cores) > 1 or shared.attend[running.core.number] or until_us >= FOREVER:
            return None
        if shared.alarm_us <= until_us:
            return None
        until_us = max(running.time_us, until_us + self._cores.booted_us)
        if not self._world.try_advance(until_us):
            return None
        running.time_us = until_us
        return until_us - self._cores.booted_us

    def _serve(self, running: ScheduledCore) -> None:
        """Answer what the core stopped for; the world has come to its time."""
        core = running.core
        name, args = core.call_name, core.call_args
        running.state = State.READY
        answer = self._peripherals.answer(name, args)
        if answer is not None:
            core.answer(answer)
        elif name == "now_us":
            core.answer(running.time_us - self._cores.booted_us)
        elif name == "start_core1":
            core.answer(0)
            self._add_core(1, "core1", args[0])
        elif name == "stop_core1":
            core.answer(0)
            for other in list(self._cores)[1:]:
                self._cores.remove(other)
        elif name == "reset":
            for each in self._cores:
                each.state = State.RESETTING
            self._cores.between_safe_points = None
            self._devices.reset(ResetKind(args[0]))
        else:
            self._change(running, name, args)

    def _change(self, running: ScheduledCore, name: str, args: tuple[int, ...]) -> None:
        """At a safe point: the core waits, or lets the other one run."""
        self._cores.between_safe_points = None
        shared, number = self.shared, running.core.number
        if name == "wait_us":
            running.state = State.WAITING
            running.wake_us = FOREVER if args[0] >= FOREVER else max(running.time_us, args[0] + self._cores.booted_us)
            if shared.attend[number] or shared.event[number]:
                running.wake_us = running.time_us
        elif name == "await_other_core":
            running.state = State.AWAITING_OTHER
            running.wake_us = FOREVER
        elif name == "give_way":
            # Behind the other core, which is due.
            running.time_us += 1
            running.core.answer(0)
        else:
            raise RuntimeError(f"the firmware calls {name!r}, which the virtual chip does not have")
