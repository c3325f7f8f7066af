"""A core and its place in time: what it is doing, and when it goes on."""

from enum import Enum, auto

from hil.virtual.port.core import Core

NS_PER_FUEL = 5
"""CPU time of one unit of fuel. An estimate: not yet calibrated per kind of work."""

FOREVER = 1 << 62
"""Later than anything that happens."""


def fuel_of(time_us: int) -> int:
    """Fuel that a core uses in this CPU time."""
    return time_us * 1000 // NS_PER_FUEL


class State(Enum):
    """What a core is doing."""

    READY = auto()
    """It goes on at its time."""
    CALLING = auto()
    """It has called an import, which is to be answered at its time."""
    WAITING = auto()
    """It sleeps until its wake time, or until it is given something to attend to."""
    AWAITING_OTHER = auto()
    """It sleeps until the other core has done something, or likewise."""
    RESETTING = auto()
    """Nothing of it runs any more: the board is about to be halted."""


class ScheduledCore:
    """A core and where it is in time."""

    def __init__(self, core: Core, time_us: int) -> None:
        self.core = core
        self.time_us = time_us
        self.state = State.READY
        self.wake_us = FOREVER
        self._fuel = 0
        self._rest_ns = 0

    def charge(self) -> None:
        """Let time pass for the CPU time used since the last call."""
        fuel = self.core.fuel_used
        spent_ns = (fuel - self._fuel) * NS_PER_FUEL + self._rest_ns
        self._fuel = fuel
        self.time_us += spent_ns // 1000
        self._rest_ns = spent_ns % 1000

    @property
    def due_us(self) -> int:
        """When something happens to it next."""
        if self.state is State.RESETTING:
            return FOREVER
        return self.time_us if self.state in (State.READY, State.CALLING) else self.wake_us
