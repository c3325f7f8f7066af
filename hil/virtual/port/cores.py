"""The cores of one chip: whose turn it is, and how long it may compute before it looks up.

They take turns, and change at safe points only, where a core waits or gives way: the collector knows what a core holds
there, and nowhere else (see vm/README.md). So one core may be ahead of the other by a quantum.
"""

from collections.abc import Iterator

from hil.virtual.port.core import Core
from hil.virtual.port.scheduled_core import FOREVER, ScheduledCore, State
from hil.virtual.port.shared import Attend, Shared
from hil.virtual.world import World

SLICE_US = 1_000
"""How long a core computes at most before it looks up: the latency of what comes from outside."""

QUANTUM_US = 50
"""The same while both cores compute: how far one may run ahead of the other."""

MIN_SLICE_US = 10
"""Shorter slices would cost more than they are worth."""


class Cores:
    """The cores that run, from :meth:`start` to :meth:`clear`. Empty while the chip is off."""

    def __init__(self, world: World) -> None:
        self.between_safe_points: ScheduledCore | None = None
        """The core that must go on before the other may."""
        self.booted_us = 0
        self._world = world
        self._cores: list[ScheduledCore] = []
        self._shared: Shared | None = None

    @property
    def shared(self) -> Shared:
        """What the chip and its simulation share. Only while it runs."""
        if self._shared is None:
            raise RuntimeError("the chip is off")
        return self._shared

    def __iter__(self) -> Iterator[ScheduledCore]:
        return iter(self._cores)

    def __len__(self) -> int:
        return len(self._cores)

    def __getitem__(self, number: int) -> ScheduledCore:
        return self._cores[number]

    def start(self, shared: Shared) -> None:
        """The chip boots now."""
        self._shared = shared
        self.booted_us = self._world.now_us

    def add(self, core: Core) -> None:
        """Schedule a core from now on; one of its number that ran before is forgotten."""
        self._cores[core.number :] = [ScheduledCore(core, self._world.now_us)]

    def remove(self, running: ScheduledCore) -> None:
        """Drop a core wherever it is."""
        self._cores.remove(running)
        if self.between_safe_points is running:
            self.between_safe_points = None
        running.core.kill()

    def clear(self) -> None:
        """Drop all of them."""
        for running in self._cores:
            running.core.kill()
        self._cores.clear()
        self.between_safe_points = None
        self._shared = None

    # When.

    @property
    def due_us(self) -> int:
        """When something happens to one of them next."""
        if not self._cores:
            return FOREVER
        if self.between_safe_points is not None:
            return self.between_safe_points.time_us
        return min(self.alarm_due_us, *(running.due_us for running in self._cores))

    @property
    def alarm_due_us(self) -> int:
        """When an alarm interrupts core 0, if it sleeps. While it computes, its slices end in time."""
        if self._cores[0].state not in (State.WAITING, State.AWAITING_OTHER):
            return FOREVER
        alarm_us = self.shared.alarm_us
        return alarm_us + self.booted_us if alarm_us < FOREVER else FOREVER

    def next(self) -> ScheduledCore:
        """The core whose turn it is: the earliest, and core 0 of two that are due at the same time."""
        return self.between_safe_points or min(self._cores, key=lambda running: (running.due_us, running.core.number))

    def slice_us(self, running: ScheduledCore) -> int:
        """How long it may compute without looking up: an alarm and the other core must get their turn in time."""
        end_us = running.time_us + SLICE_US
        if running.core.number == 0 and self.shared.alarm_us < FOREVER:
            end_us = min(end_us, self.shared.alarm_us + self.booted_us)
        for other in self._others(running):
            end_us = min(end_us, max(other.due_us, running.time_us + QUANTUM_US))
        return max(MIN_SLICE_US, end_us - running.time_us)

    # What one core does to another.

    def end_slice(self, running: ScheduledCore) -> None:
        """It has used up its slice: let it see an alarm that is due, and give way if it is the other's turn."""
        if running.core.number == 0 and self.shared.alarm_us + self.booted_us <= running.time_us:
            self.shared.attend[0] |= Attend.EVENTS
        self.ask_for_change(running)

    def ask_for_change(self, running: ScheduledCore) -> bool:
        """Let the core give way at its next safe point, if it is the other's turn; returns whether it is."""
        for other in self._others(running):
            if other.due_us <= running.time_us:
                self.shared.attend[running.core.number] |= Attend.OTHER_CORE
                return True
        return False

    def wake_other(self, running: ScheduledCore) -> None:
        """Wake the other core, which may be waiting for what this one has just done."""
        for other in self._others(running):
            is_event = other.state is State.WAITING and self.shared.event[other.core.number]
            if is_event or other.state is State.AWAITING_OTHER:
                other.wake_us = min(other.wake_us, running.time_us)

    def give_attention(self, number: int, reason: Attend) -> None:
        """Interrupt a core, which wakes if it sleeps."""
        running = self._cores[number]
        self.shared.attend[number] |= reason
        if running.state in (State.WAITING, State.AWAITING_OTHER):
            running.wake_us = min(running.wake_us, self._world.now_us)

    def _others(self, running: ScheduledCore) -> Iterator[ScheduledCore]:
        return (other for other in self._cores if other is not running)
