"""The API by which tests inject faults into a rig."""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

from hil.board.board import Board
from hil.clock import Clock
from hil.config.registry import UnknownName
from hil.errors import FaultError
from hil.events import FAULT_BEGIN, FAULT_END, Event, Timeline
from hil.faults import BenchFault, BenchFaults, End, FaultContext, FaultDriver
from hil.faults.condition import Condition
from hil.faults.fault import Fault
from hil.faults.registry import FAULTS, fault_names, missing_faults, offered_faults


class Faults:
    """Injects faults into a rig, and ends them.

    Every method that injects a fault begins it at once, and returns a :class:`Fault`. It ends with the ``with`` block,
    also when the test fails in there, or by ``end()``, or else after the test. Begin and end are on the timeline.
    Faults add up.

    Besides the methods below, each fault that an installed package registers is a method of its name. Not every rig
    can have every fault: mark the test with ``needs(faults=("loss", …))``, so that it is skipped on a rig that cannot.
    Without that mark the methods raise ``FaultError`` there.
    """

    def __init__(self, rig: str, ap: Board, bench: BenchFaults | None, clock: Clock, timeline: Timeline) -> None:
        """``rig`` is the rig's name. ``bench`` is None where the bench has no faults of its own."""
        self._rig = rig
        self._context = FaultContext(ap, clock, bench)
        self._timeline = timeline
        self._active: list[Fault] = []

    @property
    def offered(self) -> frozenset[str]:
        """The faults that this rig can have."""
        return frozenset(offered_faults(self._offered_by_bench))

    @property
    def active(self) -> tuple[Fault, ...]:
        """The faults that have begun and not ended, oldest first."""
        return tuple(fault for fault in self._active if fault.is_active)

    def inject(self, name: str, /, *arguments: Any, **options: Any) -> Fault:
        """Begin the fault ``name`` with its own arguments: ``inject("loss", 0.1)`` is ``loss(0.1)``.

        Raises ``UnknownName``, ``FaultError`` on a rig that cannot have it, and what the fault raises.
        """
        make: Callable[..., FaultDriver] = FAULTS.load(name)
        return self._begin(name, make(*arguments, **options))

    def __getattr__(self, name: str) -> Callable[..., Fault]:
        """The method of a fault of another package."""
        if name.startswith("_"):
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        if name not in FAULTS.names:
            raise AttributeError(str(UnknownName(FAULTS.kind, name, fault_names())))
        return partial(self.inject, name)

    def end_all(self) -> None:
        """End every active fault, the latest first; each even when another cannot be ended. Raises ``BenchError``."""
        _end(self.active)

    def end_after_test(self) -> None:
        """As :meth:`end_all`, but faults that the coming power cut of all boards ends are only recorded as ended."""
        active = self.active
        for fault in active:
            if not fault.outlives_power:
                fault.drop()
        _end(fault for fault in active if fault.outlives_power)

    # ---- power

    def power_cut(self, board: Board) -> Fault:
        """Cut the power of ``board``; at the end it is on again, if it was before. As ``board.power.off()``."""
        return self.inject("power_cut", board)

    def brown_out(self, board: Board, lasting_s: float = 0.05) -> Fault:
        """Let the supply of ``board`` sag for ``lasting_s``, as when a neighbour is switched on: it reboots.

        It is over when this returns.
        """
        return self.inject("brown_out", board, lasting_s)

    # ---- the access point and the radio

    def ap_restart(self, ap: Board | None = None) -> Fault:
        """Cycle the power of the AP: the rig's, or the board ``ap`` that is it now. Over when its power is on again."""
        return self.inject("ap_restart", ap)

    def radio_off(self, board: Board) -> Fault:
        """Switch off the radio of ``board``; at the end the board is reset.

        This goes over the REPL, so Ctrl-C stops its firmware first, which may send a farewell. To cut off a board
        whose firmware runs on use :meth:`partition`.
        """
        return self.inject("radio_off", board)

    def wrong_key(self, board: Board) -> Fault:
        """Give the firmware of ``board`` a wrong Wi-Fi key, and restart it; at the end again, with the right one.

        Works with firmware that takes the key from ``config.json``. Raises ``FaultError`` when no app is deployed.
        """
        return self.inject("wrong_key", board)

    # ---- packets

    def loss(self, probability: float) -> Fault:
        """Lose packets, each with ``probability`` on each hop through the air (a packet between stations takes two)."""
        return self.inject("loss", probability)

    def latency(self, delay_s: float) -> Fault:
        """Delay all packets by ``delay_s`` on each hop, in order."""
        return self.inject("latency", delay_s)

    def duplication(self, probability: float) -> Fault:
        """Let packets arrive twice."""
        return self.inject("duplication", probability)

    def reordering(self, probability: float) -> Fault:
        """Hold packets back, so that later ones overtake them."""
        return self.inject("reordering", probability)

    def partition(self, *groups: Collection[Board]) -> Fault:
        """Put boards out of each other's reach: see :class:`~hil.faults.partition.Partition`."""
        return self.inject("partition", *groups)

    # ---- flash and USB

    def full_flash(self, board: Board) -> Fault:
        """Leave no room on the flash of ``board``. Its firmware is restarted, and again at the end."""
        return self.inject("full_flash", board)

    def usb_drop(self, board: Board) -> Fault:
        """Take the serial device of ``board`` away; at the end wait until it is back. The board runs on meanwhile."""
        return self.inject("usb_drop", board)

    def garbled_serial(self, board: Board, probability: float = 0.25) -> Fault:
        """Garble what ``board`` sends on its serial line, each byte with ``probability``."""
        return self.inject("garbled_serial", board, probability)

    # ---- a condition

    @contextmanager
    def under(self, condition: Condition) -> Iterator[None]:
        """Let ``condition`` hold for a block."""
        with ExitStack() as stack:
            for name, fault in condition.named:
                stack.enter_context(self._begin(name, fault))
            yield

    @property
    def _offered_by_bench(self) -> frozenset[type[BenchFault]]:
        bench = self._context.bench
        return bench.offered if bench is not None else frozenset()

    def _begin(self, name: str, driver: FaultDriver) -> Fault:
        if missing := missing_faults(self._rig, [name], self._offered_by_bench):
            hint = f"mark the test with needs(faults=({name!r},)), so that it is skipped on such a rig"
            raise FaultError(f"{missing}; {hint}")
        on_end = partial(self._record, FAULT_END, name, driver)
        end = self._begin_recorded(name, driver)
        fault = Fault(name, end, on_end, outlives_power=driver.outlives_power)
        if end is None:
            on_end()
        else:
            self._active = [*self.active, fault]
        return fault

    def _begin_recorded(self, name: str, driver: FaultDriver) -> End | None:
        if driver.begins_when_done:
            end = driver.begin(self._context)
            self._record(FAULT_BEGIN, name, driver)
            return end
        self._record(FAULT_BEGIN, name, driver)
        try:
            return driver.begin(self._context)
        except BaseException:
            self._record(FAULT_END, name, driver)
            raise

    def _record(self, event_name: str, name: str, driver: FaultDriver) -> None:
        now_s = self._context.clock.now()
        verb = "begins" if event_name == FAULT_BEGIN else "ends"
        text = " ".join(part for part in (name, str(driver), verb) if part)
        source = driver.source(self._context)
        event = Event(now_s, source, event_name, {"fault": name}, "")
        self._timeline.add(now_s, source, "fault", text, [event])
        self._context.clock.notify()


def _end(faults: Iterable[Fault]) -> None:
    with ExitStack() as stack:
        for fault in faults:
            stack.callback(fault.end)
