"""The state of one board, folded from its timeline entries: the only state machine over the firmware vocabulary."""

from dataclasses import dataclass
from typing import Any

from hil import events
from hil.cluster import vocabulary
from hil.cluster.board_facts import Program, Reported, Serial, Wifi, WifiStatus
from hil.cluster.console_lines import Ending, ending_in
from hil.cluster.vocabulary import NO_ROLE, Order, epoch_of
from hil.events import Event, TimelineEntry

NOT_HEARD: frozenset[str] = frozenset({"usb_drop", "garbled_serial"})
"""Faults during which a board's lines are missing, late or garbled."""
SILENT_BOOT_S = 3.0
"""Seconds of an open serial device after which a board that prints nothing counts as running. MicroPython starts
main.py when it enumerates; firmware that has a `boot` event prints it within a second or two of that."""

_ACTIONS = frozenset(
    {
        *(events.POWER_ON, events.POWER_OFF, events.STOPPED, events.SERIAL_OPENED, events.SERIAL_GONE),
        *(events.FAULT_BEGIN, events.FAULT_END),
    }
)
"""Events of the bench and the framework that change the state of a board."""
_REPORTS = frozenset(
    {
        *(vocabulary.BOOT, vocabulary.JOINED, vocabulary.ROLE, vocabulary.ORDER),
        *(vocabulary.AP_UP, vocabulary.AP_DOWN, vocabulary.LINK_LOST),
    }
)
"""Events of firmware that change the state of a board, whether or not they have an epoch."""


@dataclass(frozen=True)
class BoardState:
    """What is known of a board after some entries; a pure fold: :meth:`after` gives the next state.

    ``role``, ``order``, ``epoch`` and ``wifi`` are what the board reported last. Whether that still holds is certain
    only within one :attr:`run`: see :meth:`proves`. Times are rig time in seconds.
    """

    is_on: bool = False
    switched_s: float | None = None
    """When its supply was last switched; None if the rig has not switched it."""
    serial: Serial = Serial.CLOSED
    serial_since_s: float = 0.0
    program: Program = Program.OFF
    program_since_s: float = 0.0
    app: str = ""
    """The firmware app, from its latest `boot` event since power-on."""
    restarts: int = 0
    """How often the board has restarted since it was switched on or stopped: by itself, or by a `brown_out`."""
    wifi: Reported[Wifi] | None = None
    role: Reported[str] | None = None
    """``NO_ROLE`` for a board that certainly holds none, None where that is not known."""
    order: Reported[Order] | None = None
    epoch: Reported[int] | None = None
    node_id: str = ""
    """From its latest `boot` event, whatever happened since."""
    faults: tuple[str, ...] = ()
    """The injected faults that last."""
    run: int = 0
    """Counts the times at which the board restarted, or may have done so unseen."""
    _has_booted: bool = False
    """Whether the running program has printed its `boot` event."""

    @property
    def is_heard(self) -> bool:
        """Whether the lines of the board arrive as it prints them."""
        return NOT_HEARD.isdisjoint(self.faults)

    @property
    def holds_role(self) -> str:
        """The role that the board reported last; empty if it holds none."""
        return "" if self.role is None or self.role.value == NO_ROLE else self.role.value

    def proves(self, reported: Reported[Any] | None) -> bool:
        """Whether ``reported`` is of the present run: what a board reported before a restart proves nothing."""
        return reported is not None and reported.run == self.run

    def _with(self, **changes: Any) -> "BoardState":
        # Like dataclasses.replace(), but eight times as fast: this is done for most events of a run.
        state = object.__new__(BoardState)
        values = state.__dict__
        values.update(self.__dict__)
        values.update(changes)
        return state

    def at(self, time_s: float) -> "BoardState":
        """The state at ``time_s`` if nothing happens until then."""
        runs_s = self.serial_since_s + SILENT_BOOT_S
        if self.program is Program.BOOTING and self.serial is Serial.OPEN and time_s >= runs_s:
            return self._with(program=Program.RUNNING, program_since_s=runs_s)
        return self

    def after(self, entry: TimelineEntry) -> "BoardState":
        """The state after ``entry``, which is about this board."""
        state = self.at(entry.time_s) if self.program is Program.BOOTING else self
        if entry.kind == "serial":
            state = state._after_line(entry)
        for event in entry.events:
            # Decided by sets first: most events are of a running program, and a match tries one case after another.
            if event.name in _ACTIONS:
                state = state._after_action(event, entry)
            elif event.name in _REPORTS or vocabulary.EPOCH_FIELD in event.fields:
                state = state._after_report(event, entry)
        return state

    def _after_line(self, entry: TimelineEntry) -> "BoardState":
        ending = ending_in(entry.text)
        if ending is None:
            return self._runs(entry.time_s) if self.program is Program.BOOTING and entry.text.strip() else self
        state = self._with(run=self.run + 1)
        match ending:
            case Ending.SOFT_REBOOT:
                return state._restarts(entry.time_s)
            case Ending.CRASH | Ending.BANNER if self.program is not Program.STOPPED:
                # A second banner: the program has begun and ended in between.
                restarts = self.restarts + int(ending is Ending.BANNER and self.program is Program.ENDED)
                return state._with(program=Program.ENDED, program_since_s=entry.time_s, restarts=restarts)
            case Ending.TRACEBACK | Ending.MEMORY_ERROR:
                return state._runs(entry.time_s)
        return state

    def _after_action(self, event: Event, entry: TimelineEntry) -> "BoardState":
        """The state after the bench or the framework did something to the board."""
        match event.name:
            case events.POWER_ON | events.POWER_OFF:
                is_on = event.name == events.POWER_ON
                program = Program.BOOTING if is_on else Program.OFF
                return self._begins(program, entry, is_on=is_on, switched_s=entry.time_s, serial=Serial.CLOSED, app="")
            case events.STOPPED:
                return self._begins(Program.STOPPED, entry)
            case events.SERIAL_OPENED:
                return self._serial_opened(entry.time_s)
            case events.SERIAL_GONE:
                gone = Serial.DROPPED if "usb_drop" in self.faults else Serial.GONE
                serial = Serial.CLOSED if self.program is Program.OFF else gone
                return self._with(serial=serial, serial_since_s=entry.time_s, run=self.run + 1)
            case events.FAULT_BEGIN | events.FAULT_END:
                return self._fault(event)
        return self

    def _after_report(self, event: Event, entry: TimelineEntry) -> "BoardState":
        """The state after the firmware reported something."""
        if event.name == vocabulary.BOOT:
            return self._boots(event, entry)
        epoch = epoch_of(event)
        also = {} if epoch is None else {"epoch": Reported(epoch, entry, self.run)}
        match event.name:
            case vocabulary.JOINED:
                return self._with(wifi=Reported(_wifi(WifiStatus.JOINED, event), entry, self.run), **also)
            case vocabulary.ROLE if vocabulary.ROLE_FIELD in event.fields:
                return self._with(role=Reported(event.fields[vocabulary.ROLE_FIELD], entry, self.run), **also)
            case vocabulary.ORDER if (order := Order.of(event)) is not None:
                return self._with(order=Reported(order, entry, self.run), **also)
            case vocabulary.AP_UP:
                return self._with(wifi=Reported(_wifi(WifiStatus.AP_UP, event), entry, self.run), **also)
            case vocabulary.AP_DOWN:
                return self._with(wifi=Reported(Wifi(WifiStatus.AP_DOWN), entry, self.run), order=None, **also)
            case vocabulary.LINK_LOST:
                return self._with(wifi=Reported(Wifi(WifiStatus.LOST), entry, self.run), **also)
        return self._with(**also) if also else self

    def _begins(
        self,
        program: Program,
        entry: TimelineEntry,
        *,
        restarts: int = 0,
        wifi: Reported[Wifi] | None = None,
        epoch: Reported[int] | None = None,
        **changes: Any,
    ) -> "BoardState":
        """The board was switched or stopped, or has booted: it holds no role and keeps no order."""
        run = self.run + 1
        return self._with(
            program=program,
            program_since_s=entry.time_s,
            restarts=restarts,
            wifi=wifi,
            role=Reported(NO_ROLE, entry, run),
            order=None,
            epoch=epoch,
            run=run,
            _has_booted=program is Program.RUNNING,
            **changes,
        )

    def _boots(self, event: Event, entry: TimelineEntry) -> "BoardState":
        again = int(self.program is Program.RUNNING and self._has_booted)
        run, epoch = self.run + 1, epoch_of(event)
        return self._begins(
            Program.RUNNING,
            entry,
            restarts=self.restarts + again,
            app=event.fields.get(vocabulary.APP_FIELD, ""),
            node_id=event.fields.get(vocabulary.ID_FIELD, self.node_id),
            wifi=Reported(Wifi(WifiStatus.NOT_YET), entry, run),
            epoch=None if epoch is None else Reported(epoch, entry, run),
        )

    def _runs(self, time_s: float) -> "BoardState":
        """The board has printed a line: then its program runs, also where no `boot` event tells so."""
        if self.program is not Program.BOOTING:
            return self
        return self._with(program=Program.RUNNING, program_since_s=time_s)

    def _serial_opened(self, time_s: float) -> "BoardState":
        state = self
        if self.serial is Serial.GONE:
            state = self._restarts(max(self.serial_since_s, self.program_since_s))
        elif self.program is Program.OFF:
            # A board whose power the rig did not switch: a serial device is proof enough.
            state = self._with(program=Program.BOOTING, program_since_s=time_s)
        return state._with(serial=Serial.OPEN, serial_since_s=time_s)

    def _restarts(self, since_s: float) -> "BoardState":
        """The board boots again without its power having been switched. One that was stopped is reset that way."""
        restarts = self.restarts + int(self.program is not Program.STOPPED)
        state = self._with(program=Program.BOOTING, program_since_s=since_s, restarts=restarts, _has_booted=False)
        return state._with(wifi=None, role=None, order=None, epoch=None)

    def _fault(self, event: Event) -> "BoardState":
        fault = event.fields.get("fault", "")
        if event.name == events.FAULT_BEGIN:
            return self._with(faults=(*self.faults, fault), run=self.run + (fault in NOT_HEARD))
        if fault not in self.faults:
            return self
        at = self.faults.index(fault)
        return self._with(faults=self.faults[:at] + self.faults[at + 1 :])


def _wifi(status: WifiStatus, event: Event) -> Wifi:
    return Wifi(status, event.fields.get(vocabulary.SSID_FIELD, ""), event.fields.get(vocabulary.IP_FIELD, ""))
