"""The agent on the probe's board, as the host sees it: started over the raw REPL, driven line by line over serial."""

import json
from base64 import b64decode
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from hil.board.board import Board
from hil.board.console import Line
from hil.board.raw_repl import ReplError
from hil.board.supervisor import BoardSupervisor
from hil.clock import Clock
from hil.errors import BenchError, LinkError, ProbeError
from hil.links import SerialLink
from hil.on_board import call, source_of

READY = b"probe-agent-ready"
"""What the agent prints once it reads commands."""
CALL_WITHIN_S = 5.0
"""Seconds of rig time in which the agent answers a command; switching the radio on takes longest."""

Reporter = Callable[[float, str, list[Any]], None]
"""Called with each report of the agent: rig time of arrival, name of the report, and its other fields. Raises
``ValueError`` for fields that no agent sends."""
_WITH_DATA = frozenset({"send", "write"})
"""Commands whose second argument is data, as base64."""


class CommandFailed(Exception):
    """The board could not carry out a command."""

    def __init__(self, errno: int | str) -> None:
        super().__init__(errno)
        self.errno = errno
        """An errno of its ``socket`` module, or the ``repr`` of what else it raised."""


class BoardAgent:
    """Runs the agent on a board of the rig. Starts it when it is first needed, and again when it has died.

    Wi-Fi name and key are part of the call that starts the agent: the raw REPL does not echo. A command would be echoed
    into the log by the friendly REPL, if the agent had just died.
    """

    def __init__(
        self, board: Board, link: SerialLink, supervisor: BoardSupervisor, clock: Clock, *, ssid: str, key: str
    ) -> None:
        """``link`` is the serial line of ``board``."""
        self.board = board
        self.on_report: Reporter = lambda _time_s, _name, _rest: None
        self.starts = 0
        """How often the agent was started. Handles of an earlier start are not valid."""
        self._link = link
        self._supervisor = supervisor
        self._clock = clock
        self._call = f"{call('Agent', ssid, key)}.run()"
        self._connection = 0
        self._failure: BenchError | None = None
        self._last = ""
        self._sent = ""
        """The data of the latest command that had some, as base64."""
        self._number = 0
        self._reads: set[int] = set()
        self._answers: dict[int, tuple[bool, Any]] = {}
        board.console.divert(self._take)

    # ---- life

    @property
    def runs(self) -> bool:
        """Whether the agent runs: it has not failed, and its board has not gone away since it was started."""
        return self._connection != 0 and self._connection == self.board.console.connection

    def ensure_running(self) -> None:
        """Start the agent unless it runs; its board is recovered if that fails, or if the agent has died.

        Raises ``RecoveryFailed`` when nothing helps, and when the board is quarantined already.
        """
        if self.runs:
            return
        if self._connection:
            text = "its serial device went away while the probe agent ran; check its cable, hub port and supply"
            self._failure = LinkError(f"{self.board}: {text}")
        failure, self._failure, self._connection = self._failure, None, 0
        if failure is None:
            self._supervisor.run(self.board, self._start)
        else:
            self._supervisor.recover(self.board, failure, self._start)

    def stop(self) -> None:
        """Cut the board's power. Raises ``PowerError``, unless the board is quarantined."""
        self._connection = 0
        self._supervisor.switch_off(self.board)

    def _start(self, _is_fresh: bool) -> None:
        self._reads.clear()
        self._answers.clear()
        try:
            with self.board.program("the probe agent", source_of("probe_agent"), self._call, READY):
                self._connection = self.board.console.connection
        except ReplError as error:
            reason = error.traceback.rpartition("\n")[2]
            raise ProbeError(f"{self.board}: the probe agent does not start on its MicroPython: {reason}") from error
        self.starts += 1

    # ---- commands

    def call(self, name: str, *arguments: object) -> Any:
        """Send a command and return its answer. Raises ``CommandFailed``, ``ProbeError``."""
        number = self.begin(name, *arguments)
        if not self.wait(number, CALL_WITHIN_S):
            self._connection = 0
            last = f"its last line was {self._last!r}" if self._last else "it printed nothing else"
            text = f"{self.board}: the probe agent did not answer {name!r} within {CALL_WITHIN_S:g} s; {last}"
            self._failure = ProbeError(text)
            raise ProbeError(f"{text}. Its board is recovered when the probe is used again")
        return self.answer(number)

    def begin(self, name: str, *arguments: object) -> int:
        """Send a command; returns the number of its answer. Raises ``ProbeError`` when the agent does not run."""
        self._require_running()
        self._number += 1
        if name == "read":
            self._reads.add(self._number)
        if name in _WITH_DATA:
            self._sent = str(arguments[1])
        try:
            self._link.write(json.dumps([self._number, name, *arguments]).encode() + b"\n")
        except LinkError as error:
            raise ProbeError(f"{self.board}: the board of the probe has gone: {error}") from error
        return self._number

    def wait(self, number: int, within_s: float) -> bool:
        """Wait for the answer to a command; returns whether it came. Raises ``ProbeError`` when the board goes away."""
        self._clock.wait(lambda: number in self._answers or not self.runs, within_s)
        if number not in self._answers:
            self._require_running()
        return number in self._answers

    def answer(self, number: int) -> Any:
        """The answer to a command, which has come. Raises ``CommandFailed``."""
        done, value = self._answers.pop(number)
        if not done:
            raise CommandFailed(value)
        return value

    def _require_running(self) -> None:
        if not self.runs:
            raise ProbeError(
                f"{self.board}: the probe agent has stopped; was the board's power cut, or did it reset? Its last line "
                f"was {self._last!r}"
            )

    # ---- lines of the board

    def _take(self, line: Line) -> str | None:
        """Handle one line of the board; returns what the log shows of it, or None if it is not of the protocol."""
        # The friendly REPL echoes a command when the agent has just died.
        shown = line.text.replace(self._sent, _as_text(self._sent)) if self._sent else line.text
        if not self.runs:
            # Of the program on its flash, which may look like the protocol. It is not under test.
            return shown
        if not line.cut_off and not line.garbled:
            # A ValueError: it is not JSON, or only looks like the protocol.
            with suppress(ValueError):
                if (logged := self._handle(line.time_s, json.loads(line.text))) is not None:
                    return logged
        # A traceback, most likely: kept for error messages, and seen by invariants.
        self._last = shown or self._last
        return None if shown == line.text else shown

    def _handle(self, time_s: float, message: object) -> str | None:
        """Handle what the board sent; returns what the log shows of it, or None if it is not a message of the agent.

        Raises ``ValueError`` for a message whose fields make no sense.
        """
        match message:
            case [0, "udp", handle, str(data), *sender]:
                self.on_report(time_s, "udp", [handle, data, *sender])
                return json.dumps([0, "udp", handle, _as_text(data), *sender])
            case [0, str(name), *rest]:
                self.on_report(time_s, name, rest)
                return json.dumps(message)
            case [int(number), True, str(data)] if number in self._reads:
                shown = json.dumps([number, True, _as_text(data)])
                self._answers[number] = (True, data)
                self._reads.discard(number)
                return shown
            case [int(number), bool(done), value]:
                self._answers[number] = (done, value)
                self._reads.discard(number)
                return json.dumps(message)
        return None


def _as_text(data: str) -> str:
    """``data``, which is base64, as text for the log: a secret in base64 would not be redacted."""
    return b64decode(data).decode("utf-8", "backslashreplace")
