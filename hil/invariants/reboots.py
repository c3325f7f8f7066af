"""No board restarts without a cause on the timeline."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from hil import events
from hil.cluster import vocabulary
from hil.cluster.console_lines import Ending, ending_in
from hil.events import Event, TimelineEntry
from hil.invariants.invariant import Invariant

BEFORE_S = 2.0
AFTER_S = 1.0
"""Seconds of rig time around the first sign of a reboot in which the switching of another port on the same hub may be
why. Afterwards too: a port that was switched a second time is recorded with the time of the second."""
WATCHDOG_RESET = "3"
"""``machine.reset_cause()`` after ``machine.reset()`` or the watchdog, as a `boot` event has it in ``cause``."""


@dataclass
class _Board:
    """What one board may do."""

    port: str = ""
    """Where its supply comes from, such as ``main/1``; empty until it is switched."""
    caused_by: TimelineEntry | None = None
    """What was last done to it."""
    may_connect: bool = False
    may_boot: bool = False
    may_reboot_softly: bool = False
    is_cold: bool = False
    """Its next boot is the first since power-on."""
    signs: list[TimelineEntry] = field(default_factory=list)
    """Of one reboot without a cause, until it is complete."""


class Reboot(Invariant):
    """No board restarts unless its power was switched, it was reset or stopped for its REPL, or a fault caused it.

    Signs are: the serial device goes away, or comes back; MicroPython prints that it reboots softly; the firmware
    prints `boot` again, or a first `boot` after power-on whose cause is a reset. The banner is not a sign: MicroPython
    prints it whenever main.py is over. One cause accounts for one reboot; a dropped USB connection for no `boot`.
    """

    name = "reboot"

    def __init__(self, nodes: Mapping[str, str]) -> None:
        super().__init__(nodes)
        self._boards: dict[str, _Board] = {}
        self._switched: list[Event] = []

    def see(self, entry: TimelineEntry) -> None:
        board = self._boards.setdefault(entry.source, _Board())
        if entry.kind in ("power", "repl", "reset"):
            self._caused(board, entry)
        elif entry.kind == "serial" and ending_in(entry.text) is Ending.SOFT_REBOOT:
            self._reboot_softly(board, entry)
        for event in entry.events:
            match event.name:
                case vocabulary.BOOT:
                    self._boot(board, event, entry)
                case events.POWER_ON | events.POWER_OFF:
                    board.port = event.fields.get("port", "")
                    self._switched.append(event)
                case events.SERIAL_GONE | events.SERIAL_OPENED:
                    self._link(board, event, entry)
                case events.FAULT_BEGIN:
                    self._fault(board, event, entry)

    def finish(self, _end_s: float) -> None:
        for board in self._boards.values():
            self._report(board)

    def _caused(self, board: _Board, entry: TimelineEntry) -> None:
        self._account(board, entry)
        names = {event.name for event in entry.events}
        board.may_connect = board.may_boot = events.POWER_OFF not in names
        board.may_reboot_softly = events.STOPPED in names
        board.is_cold = events.POWER_ON in names

    def _fault(self, board: _Board, event: Event, entry: TimelineEntry) -> None:
        match event.fields["fault"]:
            case "usb_drop":
                self._account(board, entry)
                board.may_connect = True
            case "brown_out":
                self._account(board, entry)
                board.may_connect = board.may_boot = True

    def _account(self, board: _Board, entry: TimelineEntry) -> None:
        """``entry`` is the cause, also of a serial device that went away the instant before."""
        if [event.name for sign in board.signs for event in sign.events] == [events.SERIAL_GONE]:
            board.signs = []
        self._report(board)
        board.caused_by = entry

    def _reboot_softly(self, board: _Board, entry: TimelineEntry) -> None:
        if board.may_reboot_softly:
            board.may_reboot_softly = False
        else:
            self._report(board)
            board.signs.append(entry)

    def _link(self, board: _Board, event: Event, entry: TimelineEntry) -> None:
        is_opened = event.name == events.SERIAL_OPENED
        if not board.may_connect:
            if not is_opened:
                self._report(board)
            board.signs.append(entry)
        elif is_opened:
            board.may_connect = False

    def _boot(self, board: _Board, event: Event, entry: TimelineEntry) -> None:
        reset_itself = board.is_cold and event.fields.get(vocabulary.CAUSE_FIELD) == WATCHDOG_RESET
        if board.signs or not board.may_boot or reset_itself:
            board.signs.append(entry)
            self._report(board)
        board.may_boot = board.is_cold = False

    def _report(self, board: _Board) -> None:
        if board.signs:
            first = board.signs[0]
            cause = [board.caused_by] if board.caused_by is not None else []
            came_back = len(board.signs) > 1 or first.kind != "link"
            what = "restarted" if came_back else "left USB"
            text = f"{first.source} {what} without a cause{self._suspicion(board, first)}"
            self.found(first.time_s, text, [*cause, *board.signs])
            board.signs = []

    def _suspicion(self, board: _Board, sign: TimelineEntry) -> str:
        """Which other port of the same hub was switched at that time, and what that would mean; empty if none was."""
        hub, _, _ = board.port.rpartition("/")
        for event in reversed(self._switched):
            port, delay_s = event.fields.get("port", ""), event.time_s - sign.time_s
            if event.board != sign.source and port.rpartition("/")[0] == hub != "" and -BEFORE_S <= delay_s <= AFTER_S:
                is_on = event.name == events.POWER_ON
                state, why = ("on", "too weak a supply") if is_on else ("off", "one switch for all")
                when = f"{abs(delay_s):.1f} s {'before' if delay_s <= 0 else 'after'}"
                return f"; {when}, power port {port} ({event.board}) was switched {state}: has hub {hub} {why}?"
        return ""
