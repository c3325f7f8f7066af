"""The rungs of the recovery ladder, for a board that does not obey: one method each.

A rung succeeds when the board answers afterwards. Each ends within its deadline, and raises ``BenchError`` when it did
not help.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hil.board.paths import FILLER, STARTED_BY_ITSELF
from hil.board.power_switch import PowerSwitch
from hil.board.raw_repl import RawRepl, ReplError
from hil.board.repl_port import ReplPort, ReplTimeout
from hil.bootsel import BootselDevice
from hil.clock import Clock, Deadline
from hil.errors import BenchError, LinkError
from hil.links import SerialLink
from hil.on_board import call, source_of

REAPPEARS_WITHIN_S = 12.0
"""Seconds of rig time from power or a reset to an open serial device, in recovery: less than a board's first attempt
has, so that there is time for every rung."""

UseUf2 = Callable[[Deadline], object]
"""Flashes the rig file's UF2 image."""
NoteRestart = Callable[[str], None]
"""Records on the timeline why the board is about to restart."""

_BURST_S = 0.01
"""Seconds between two Ctrl-C of a burst. A program that catches them has an unprotected moment somewhere."""
_CTRL_B_EVERY = 10
"""Every this many Ctrl-C, a Ctrl-B is sent instead: a board in its raw REPL answers it, and does not answer Ctrl-C."""
_ANSWER_S = 4.0
"""Seconds in which a board that has just started must give its REPL."""
_VANISH_S = 3.0
"""Seconds within which the serial device goes away in a reset."""

_INTERRUPT = b"\x03"
_CTRL_B = b"\x02"
_CTRL_D = b"\x04"
_PROMPT = b">>> "
_RESET = b"\r" + _INTERRUPT + _CTRL_B + b"\rimport machine\rmachine.reset()\r"

_ERASED = [*(f"/{name}" for name in STARTED_BY_ITSELF), FILLER]
"""What :meth:`RecoveryRungs.erase` removes unless the rig file lets it remove everything."""


class RecoveryRungs:
    """The rungs for one board."""

    def __init__(
        self,
        board: str,
        *,
        power: PowerSwitch,
        link: SerialLink,
        bootsel: BootselDevice,
        clock: Clock,
        note_restart: NoteRestart,
        erase_all: bool = False,
        use_uf2: UseUf2 | None = None,
    ) -> None:
        """``erase_all``: whether :meth:`erase` removes every file of the board, not only main.py and boot.py."""
        self.board = board
        self.use_uf2 = use_uf2
        self.has_appeared = False
        """Whether a rung brought the serial device back, for however short a time."""
        self._power = power
        self._link = link
        self._bootsel = bootsel
        self._clock = clock
        self._note_restart = note_restart
        self._erase_all = erase_all

    @property
    def has_device(self) -> bool:
        """Whether the board's serial device is open."""
        return self._link.is_connected

    @property
    def is_in_bootsel(self) -> bool:
        """Whether the board is in BOOTSEL mode, which only a UF2 image or a power cycle ends."""
        return self._bootsel.is_present

    def interrupt(self, deadline: Deadline) -> None:
        """Ctrl-C, a hundred times a second: for programs that catch most of them."""
        with self._talking("give its prompt to a hundred Ctrl-C a second", deadline) as port:
            _interrupt_in_a_burst(port)

    def raw_repl(self, deadline: Deadline) -> None:
        """Ctrl-D, which ends a firmware console that handles Ctrl-C itself; then the raw REPL, with more time."""
        with self._talking("give its raw REPL to Ctrl-D", deadline) as port:
            port.write(_CTRL_B + _CTRL_D)
            port.try_read_until(_PROMPT, _BURST_S)
        with self._link.borrow() as port_of_link:
            RawRepl(self.board, port_of_link, self._clock).enter(soft_reset=True, within_s=deadline.remaining_s)

    def hard_reset(self, deadline: Deadline) -> None:
        """``machine.reset()``, typed without reading: the board's answer may be hidden in its other output."""
        self._note_restart("machine.reset(), typed by recovery")
        vanishing = self._clock.deadline(min(_VANISH_S, deadline.remaining_s))
        with self._talking("reset when machine.reset() was typed", vanishing) as port:
            port.write(_RESET)
            port.read_until_gone()
        self._await_device("the reset", deadline)
        self._await_repl(deadline)

    def power_cycle(self, deadline: Deadline) -> None:
        """Power off, wait until the board has discharged, power on."""
        self._power.cycle()
        self._await_device("power-on", deadline)
        self._await_repl(deadline)

    def interrupt_boot(self, deadline: Deadline) -> None:
        """A power cycle, and Ctrl-C from the moment the device appears, before the program can catch it."""
        self._power.cycle()
        self._await_device("power-on", deadline)
        with self._talking("give its prompt to Ctrl-C sent from its first moment", self._answer(deadline)) as port:
            _interrupt_in_a_burst(port)

    def erase(self, deadline: Deadline) -> None:
        """As :meth:`interrupt_boot`; main.py and boot.py are then removed at once, and the board is reset.

        For a program that does harm even when it is stopped, such as one that has started a watchdog.
        """
        self.interrupt_boot(deadline)
        with self._link.borrow() as port:
            repl = RawRepl(self.board, port, self._clock)
            repl.enter(soft_reset=False, within_s=deadline.remaining_s)
            program = "erase_all" if self._erase_all else "erase_files"
            arguments = [] if self._erase_all else [_ERASED]
            try:
                repl.exec(source_of(program) + call(program, *arguments), deadline.remaining_s)
            except ReplError as error:
                raise BenchError(f"{self.board}: its files could not be erased: {error.traceback}") from error
            self._note_restart("its files were erased by recovery")
            repl.reset(deadline.remaining_s)
        self._await_device("the reset", deadline)
        self._await_repl(deadline)

    def uf2(self, deadline: Deadline) -> None:
        """Flash the rig file's UF2 image."""
        assert self.use_uf2 is not None
        self.use_uf2(deadline)
        self._await_device("flashing", deadline)
        self._await_repl(deadline)

    def _answer(self, deadline: Deadline) -> Deadline:
        return self._clock.deadline(min(_ANSWER_S, deadline.remaining_s))

    def _await_device(self, cause: str, deadline: Deadline) -> None:
        within_s = min(REAPPEARS_WITHIN_S, deadline.remaining_s)
        if not self._clock.wait(lambda: self._link.is_connected, within_s):
            raise LinkError(f"{self.board}: no serial device {within_s:g} s after {cause}")
        self.has_appeared = True

    def _await_repl(self, deadline: Deadline) -> None:
        with self._link.borrow() as port:
            RawRepl(self.board, port, self._clock).enter(
                soft_reset=False, within_s=min(_ANSWER_S, deadline.remaining_s)
            )

    @contextmanager
    def _talking(self, task: str, deadline: Deadline) -> Iterator[ReplPort]:
        with self._link.borrow() as borrowed:
            port = ReplPort(self.board, borrowed, self._clock)
            port.deadline = deadline
            try:
                yield port
            except ReplTimeout as late:
                text = f"{self.board}: the board did not {task} within {deadline.timeout_s:.3g} s{late.heard}"
                raise LinkError(text) from None
            except OSError as error:  # not only SerialException: a vanished tty raises it directly
                text = f"{self.board}: the serial device went away while the board was to {task}"
                raise LinkError(f"{text} ({error})") from error


def _interrupt_in_a_burst(port: ReplPort) -> None:
    """Ctrl-C again and again until a prompt comes. Raises ``ReplTimeout`` at the port's deadline."""
    number = 0
    while True:
        number += 1
        port.write(_INTERRUPT if number % _CTRL_B_EVERY else _CTRL_B)
        if port.try_read_until(_PROMPT, _BURST_S):
            return
