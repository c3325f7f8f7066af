"""The one API by which tests make things go wrong, on any rig that can."""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack, contextmanager

from hil.board.board import Board
from hil.clock import Clock
from hil.errors import FaultError
from hil.events import FAULT_BEGIN, FAULT_END, Event, Timeline
from hil.faults import (
    FAULT_NAMES,
    ON_EVERY_RIG,
    BenchFault,
    BenchFaults,
    BrownOut,
    Duplication,
    FaultName,
    GarbledSerial,
    Latency,
    Loss,
    Partition,
    Reordering,
    UsbDrop,
    on_board,
)
from hil.faults.condition import Condition, name_of
from hil.faults.fault import Fault

AIR = "air"
"""What the timeline names as the source of a fault that concerns no single board."""

_KEPT_OUTPUT_S = 0.05
"""Seconds in which a board tells a host that is back what it kept for it."""


class FaultInjector:
    """Injects faults into a rig, and ends them.

    Every method that returns a :class:`Fault` begins it at once. It ends with the ``with`` block, also when the test
    fails in there, or by ``end()``, or else after the test. Begin and end are on the timeline. Faults add up.

    Those of ``ON_EVERY_RIG`` work everywhere; for the others mark the test with ``needs(faults=("loss", …))``, so
    that it is skipped on a rig that cannot do them. Without that mark they raise ``FaultError`` there.
    """

    def __init__(self, rig: str, ap: Board, bench: BenchFaults | None, clock: Clock, timeline: Timeline) -> None:
        """``rig`` is the rig's name. ``bench`` does what cannot be done through a board; None where nothing does."""
        self._rig = rig
        self._ap = ap
        self._bench = bench
        self._clock = clock
        self._timeline = timeline
        self._active: list[Fault] = []

    @property
    def offered(self) -> frozenset[FaultName]:
        """The faults that this rig can have."""
        return ON_EVERY_RIG | (self._bench.offered if self._bench is not None else frozenset())

    @property
    def active(self) -> tuple[Fault, ...]:
        """The faults that have begun and not ended, oldest first."""
        return tuple(fault for fault in self._active if fault.is_active)

    def end_all(self) -> None:
        """End every active fault, the latest first; each even when another cannot be ended. Raises ``BenchError``."""
        _end(self.active)

    def end_after_test(self) -> None:
        """As :meth:`end_all`, but what the coming power cut of all boards ends anyway is only noted."""
        active = self.active
        for fault in active:
            if not fault.outlives_power:
                fault.drop()
        _end(fault for fault in active if fault.outlives_power)

    # ---- power

    def power_cut(self, board: Board) -> Fault:
        """Cut the power of ``board``; at the end it is on again, if it was before. As ``board.power.off()``."""
        was_on = board.power.is_on

        def restore() -> None:
            if was_on:
                board.power.on()

        board.power.off()
        return self._begun("power_cut", board.name, "", restore)

    def brown_out(self, board: Board, lasting_s: float = 0.05) -> None:
        """Let the supply of ``board`` sag for ``lasting_s``, as when a neighbour is switched on: it boots anew."""
        with self._on_bench("brown_out", board.name, BrownOut(board.name), text=f"for {1000 * lasting_s:g} ms"):
            self._clock.sleep(lasting_s)

    # ---- the access point and the radio

    def ap_restart(self, ap: Board | None = None) -> None:
        """Cycle the power of the AP: the rig's, or the board ``ap`` that is it now. Returns when it is on again."""
        board = ap or self._ap
        self._note("ap_restart", board.name, "", is_begin=True)
        board.power.cycle()
        self._note("ap_restart", board.name, "", is_begin=False)

    def radio_off(self, board: Board) -> Fault:
        """Switch off the radio of ``board``; at the end the board is reset.

        This goes over the REPL, so its firmware is stopped by Ctrl-C first, and may say goodbye. To cut off a board
        whose firmware runs on use :meth:`partition`.
        """
        on_board.switch_radio_off(board)
        return self._begun("radio_off", board.name, "", board.reset)

    def wrong_key(self, board: Board) -> Fault:
        """Give the firmware of ``board`` a wrong Wi-Fi key, and start it anew; at the end again, with the right one.

        Works with firmware that takes the key from ``config.json``. Raises ``FaultError`` when no app is deployed.
        """
        written = on_board.falsify_key(board)
        return self._begun(
            "wrong_key", board.name, "", lambda: on_board.restore_key(board, written), outlives_power=True
        )

    # ---- packets

    def loss(self, probability: float) -> Fault:
        """Lose packets, each with ``probability`` on each hop through the air (a packet between stations takes two)."""
        return self._on_bench("loss", AIR, Loss(probability))

    def latency(self, delay_s: float) -> Fault:
        """Delay all packets by ``delay_s`` on each hop, in order."""
        return self._on_bench("latency", AIR, Latency(delay_s))

    def duplication(self, probability: float) -> Fault:
        """Let packets arrive twice."""
        return self._on_bench("duplication", AIR, Duplication(probability))

    def reordering(self, probability: float) -> Fault:
        """Hold packets back, so that later ones overtake them."""
        return self._on_bench("reordering", AIR, Reordering(probability))

    def partition(self, *groups: Collection[Board]) -> Fault:
        """Put boards out of each other's reach: see :class:`~hil.faults.Partition`."""
        names = tuple(frozenset(board.name for board in group) for group in groups)
        return self._on_bench("partition", AIR, Partition(names))

    # ---- flash and USB

    def full_flash(self, board: Board) -> Fault:
        """Leave no room on the flash of ``board``. Its firmware is started anew, and again at the end."""
        on_board.fill_flash(board)
        return self._begun("full_flash", board.name, "", lambda: on_board.empty_flash(board), outlives_power=True)

    def usb_drop(self, board: Board) -> Fault:
        """Take the serial device of ``board`` away; at the end wait until it is back. The board goes on meanwhile."""

        def wait_until_back() -> None:
            if board.power.is_on:
                board.boot()
                # What it says first is old. It belongs to the time in which it was not heard.
                self._clock.sleep(_KEPT_OUTPUT_S)

        return self._on_bench("usb_drop", board.name, UsbDrop(board.name), text="", afterwards=wait_until_back)

    def garbled_serial(self, board: Board, probability: float = 0.25) -> Fault:
        """Garble what ``board`` says on its serial line, each byte with ``probability``."""
        return self._on_bench("garbled_serial", board.name, GarbledSerial(board.name, probability))

    # ---- a whole run

    @contextmanager
    def under(self, condition: Condition) -> Iterator[None]:
        """Let ``condition`` hold for a block."""
        with ExitStack() as stack:
            for fault in condition.faults:
                stack.enter_context(self._on_bench(name_of(fault), AIR, fault))
            yield

    def _on_bench(
        self,
        name: FaultName,
        source: str,
        fault: BenchFault,
        *,
        text: str | None = None,
        afterwards: Callable[[], None] = lambda: None,
    ) -> Fault:
        bench = self._bench
        if bench is None or name not in bench.offered:
            raise FaultError(_not_offered(self._rig, name, self.offered))

        def undo() -> None:
            bench.end(fault)
            afterwards()

        # Recorded first: what it does to a board has its cause on the timeline then.
        begun = self._begun(name, source, str(fault) if text is None else text, undo, outlives_power=True)
        bench.begin(fault)
        return begun

    def _begun(
        self, name: FaultName, source: str, text: str, undo: Callable[[], None], *, outlives_power: bool = False
    ) -> Fault:
        self._note(name, source, text, is_begin=True)
        fault = Fault(name, undo, lambda: self._note(name, source, text, is_begin=False), outlives_power=outlives_power)
        self._active = [*self.active, fault]
        return fault

    def _note(self, name: FaultName, source: str, text: str, *, is_begin: bool) -> None:
        now_s = self._clock.now()
        told = " ".join(part for part in (name, text, "begins" if is_begin else "ends") if part)
        event = Event(now_s, source, FAULT_BEGIN if is_begin else FAULT_END, {"fault": name}, "")
        self._timeline.add(now_s, source, "fault", told, [event])
        self._clock.notice()


def _not_offered(rig: str, name: FaultName, offered: Collection[FaultName]) -> str:
    hint = f"mark the test with needs(faults=({name!r},)), so that it is skipped on such a rig"
    return f"{missing_faults(rig, [name], offered)}; {hint}"


def missing_faults(rig: str, wanted: Iterable[FaultName], offered: Collection[FaultName]) -> str:
    """Which of the faults ``wanted`` a rig cannot do, in words; empty when it can do all."""
    missing = [name for name in wanted if name not in offered]
    if not missing:
        return ""
    able = ", ".join(name for name in FAULT_NAMES if name in offered)
    return f'needs the faults {", ".join(missing)}, which rig "{rig}" cannot do; it can do {able}'


def _end(faults: Iterable[Fault]) -> None:
    with ExitStack() as stack:
        for fault in faults:
            stack.callback(fault.end)
