"""The program on the probe's board as the host has it: started over the raw REPL, told and heard line by line."""

import json
from collections.abc import Callable
from typing import Any

from hil.board.power_sequencer import PowerSequencer
from hil.board.raw_repl import RawRepl
from hil.clock import Clock
from hil.errors import LinkError, ProbeError
from hil.links import SerialLink
from hil.on_board import source_of
from hil.power import PowerPort

READY = b"probe-agent-ready"
"""What it prints once it listens to commands."""
BOOT_WITHIN_S = 15.0
"""Seconds of rig time from power to an open serial device."""
CALL_WITHIN_S = 5.0
"""Seconds of rig time in which the agent answers a command; switching the radio on is the longest."""

Reporter = Callable[[float, str, list[Any]], None]
"""Is told what the agent reports: rig time of arrival, the name of the report, and the rest of it."""


class CommandFailed(Exception):
    """The board could not do what it was told."""

    def __init__(self, errno: int | str) -> None:
        super().__init__(errno)
        self.errno = errno
        """An errno of its ``socket`` module, or what else it raised, in text."""


class BoardAgent:
    """Runs the agent on a board of the rig, power and all; starts it again when it is gone. A ``LinkListener``."""

    def __init__(
        self,
        board: str,
        link: SerialLink,
        power: PowerPort,
        clock: Clock,
        sequencer: PowerSequencer,
        min_off_s: float,
    ) -> None:
        """``min_off_s``: how long the board stays without power at least, in seconds of rig time."""
        self.board = board
        self.on_report: Reporter = lambda _time_s, _name, _rest: None
        self.starts = 0
        """How often it was started: handles of an earlier start are worth nothing."""
        self._link = link
        self._power = power
        self._clock = clock
        self._sequencer = sequencer
        self._min_off_s = min_off_s
        self._runs = False
        self._line = b""
        self._last = ""
        self._number = 0
        self._answers: dict[int, tuple[bool, Any]] = {}

    # ---- life

    @property
    def runs(self) -> bool:
        """Whether it runs and its board is there."""
        return self._runs

    def ensure_running(self) -> None:
        """Start it unless it runs, on a board that has just been powered on. Raises a ``BenchError``."""
        if self._runs:
            return
        self.stop()
        self._answers.clear()
        with self._sequencer.turn():
            self._power.on()
        self._link.start(self)
        if not self._clock.wait(lambda: self._link.is_connected, BOOT_WITHIN_S):
            raise LinkError(
                f"{self.board}, the probe: no serial device {BOOT_WITHIN_S:g} s after power-on; check its cable and "
                "hub port, and that it runs MicroPython"
            )
        source = source_of("probe_agent")
        with self._link.borrow() as port:
            repl = RawRepl(self.board, port, self._clock)
            repl.enter(soft_reset=True)
            repl.exec(source)
            repl.start("Agent().run()", READY)
        self.starts += 1
        self._runs = True

    def stop(self) -> None:
        """Cut the board's power, for long enough to start it again. Raises ``PowerError``."""
        self._runs = False
        self._link.stop()
        if self._power.is_on():
            self._power.off()
            self._clock.sleep(self._min_off_s)

    # ---- commands

    def call(self, name: str, *arguments: object) -> Any:
        """Give a command and return what it answers. Raises ``CommandFailed``, ``ProbeError``."""
        number = self.begin(name, *arguments)
        if not self.wait(number, CALL_WITHIN_S):
            self._runs = False
            raise ProbeError(
                f"{self.board}, the probe, did not do {name!r} within {CALL_WITHIN_S:g} s; it last said {self._last!r}."
                " It is started anew when it is used again"
            )
        return self.answer(number)

    def begin(self, name: str, *arguments: object) -> int:
        """Give a command; the number under which it is answered. Raises ``ProbeError`` when the board is gone."""
        self._number += 1
        self._require_running()
        try:
            self._link.write(json.dumps([self._number, name, *arguments]).encode() + b"\n")
        except LinkError as error:
            raise ProbeError(f"the probe's board is gone: {error}") from error
        return self._number

    def wait(self, number: int, within_s: float) -> bool:
        """Whether a command is answered in time. Raises ``ProbeError`` when the board goes away meanwhile."""
        self._clock.wait(lambda: number in self._answers or not self._runs, within_s)
        if number not in self._answers:
            self._require_running()
        return number in self._answers

    def answer(self, number: int) -> Any:
        """What a command was answered with. Raises ``CommandFailed``."""
        done, value = self._answers.pop(number)
        if not done:
            raise CommandFailed(value)
        return value

    def _require_running(self) -> None:
        if not self._runs:
            raise ProbeError(
                f"{self.board}, the probe, has stopped; was its power cut, or did it reset? It last said {self._last!r}"
            )

    # ---- the serial line

    def connected(self, time_s: float, missed: str = "") -> None:  # noqa: ARG002  # as every LinkListener
        """The serial device was opened."""
        self._line = b""
        self._clock.notify()

    def disconnected(self, time_s: float) -> None:  # noqa: ARG002
        """The serial device went away, and with it whatever ran."""
        self._runs = False
        self._clock.notify()

    def received(self, time_s: float, data: bytes) -> None:
        """The board sent ``data``."""
        *lines, self._line = (self._line + data).split(b"\n")
        for line in lines:
            self._take(time_s, line.strip())
        if lines:
            self._clock.notify()

    def _take(self, time_s: float, line: bytes) -> None:
        try:
            # What the board printed before the agent ran may look like a message, and is none.
            message = json.loads(line) if self._runs else None
        except ValueError:
            message = None
        match message:
            case [0, str(name), *rest]:
                self.on_report(time_s, name, rest)
            case [int(number), bool(done), value]:
                self._answers[number] = (done, value)
            case _:
                # A traceback, most likely: kept to be shown.
                self._last = line.decode("utf-8", "backslashreplace") or self._last
