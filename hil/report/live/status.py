"""What the boards of a rig do at this moment, as text: power, link, program, role, last line, transfers, waits."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hil.cluster.board_facts import Program, Serial, WifiStatus
from hil.cluster.board_state import BoardState
from hil.cluster.vocabulary import MASTER
from hil.report.redaction import Redactor

if TYPE_CHECKING:
    from hil.board.board import Board
    from hil.rig import Rig

_ROWS_BESIDE_BOARDS = 3
"""The test, what is being waited for, and how many boards there is no room for."""
_BAR_COLUMNS = 24
_STYLE = {"on": "green", "connected": "green", "gone": "yellow", MASTER: "bold"}
_UNKNOWN = BoardState()
"""The state of a board about which nothing is on the timeline."""
_LINK = {Serial.OPEN: "connected", Serial.GONE: "gone", Serial.DROPPED: "gone"}


@dataclass
class RigStatus:
    """Follows a rig. It reads what other parts record, and asks no hub and no board: looking changes nothing."""

    rig: "Rig"
    redactor: Redactor
    _states: dict[str, BoardState] = field(default_factory=dict)
    _latest: dict[str, int] = field(default_factory=dict)
    """The position of each board's latest entry with an event, to tell boards that take part in a test."""
    _position: int = 0
    _first: int = 0

    def begin_test(self) -> None:
        """A test begins: boards that it uses come first where there is not room for all."""
        self._first = self.rig.timeline.mark()

    def render(self, test: str, rows: int) -> RenderableType:
        """At most ``rows`` lines about ``test``."""
        self._follow()
        boards = self._chosen(max(0, rows - _ROWS_BESIDE_BOARDS))
        parts: list[RenderableType] = [self._headline(test), self._table(boards)]
        if more := len(self.rig.all_boards) - len(boards):
            parts.append(Text(f"and {more} more {'board' if more == 1 else 'boards'}", style="dim"))
        # Last: it comes and goes, and nothing should move with it.
        parts += self._waits()
        return Group(*parts)

    def _follow(self) -> None:
        for entry in self.rig.timeline.entries(self._position):
            self._states[entry.source] = self._state(entry.source).after(entry)
            if entry.events:
                self._latest[entry.source] = self._position
            self._position += 1

    def _state(self, board: str) -> BoardState:
        return self._states.get(board, _UNKNOWN)

    def _chosen(self, most: int) -> list["Board"]:
        boards = list(self.rig.all_boards)
        if len(boards) <= most:
            return boards
        taking_part = [board for board in boards if self._latest.get(board.name, -1) >= self._first]
        others = [board for board in boards if board not in taking_part]
        chosen = [*taking_part, *others][:most]
        return [board for board in boards if board in chosen]

    def _headline(self, test: str) -> Text:
        since_s = self.rig.clock.now() - self.rig.timeline.begun_s
        # The folder of the test is the least important part of its name.
        return _line((self._clean(test.rpartition("/")[2]), "bold"), (f"  {_duration(since_s)} of rig time", "dim"))

    def _table(self, boards: Iterable["Board"]) -> Table:
        table = Table.grid(padding=(0, 2, 0, 0), expand=True)
        for _ in range(5):
            table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        now_s = self.rig.clock.now()
        for board in boards:
            state = self._state(board.name).at(now_s)
            since = "" if state.switched_s is None else f" {_duration(now_s - state.switched_s)}"
            power = "on" if state.is_on else "off"
            if board.name in self.rig.quarantine:
                power, since = "quarantined", ""
            link, role = _LINK.get(state.serial, ""), _role(state)
            table.add_row(
                Text(board.name, style="bold"),
                Text(f"{power}{since}", style=_STYLE.get(power, "dim")),
                Text(link or "-", style=_STYLE.get(link, "dim")),
                Text(self._clean(_program(state)) or "-", style="yellow" if state.restarts else ""),
                Text(self._clean(role) or "-", style=_STYLE.get(role, "")),
                self._doing(board),
            )
        return table

    def _doing(self, board: "Board") -> RenderableType:
        transfer = board.transfer
        if transfer is None:
            last = next((line.text for line in reversed(board.console.lines) if line.text.strip()), "")
            return Text(self._clean(last), style="dim")
        done, total = transfer
        bar = Table.grid(padding=(0, 1, 0, 0))
        bar.add_row(ProgressBar(total, done, width=_BAR_COLUMNS), f"{_kilobytes(done)} of {_kilobytes(total)} kB")
        return bar

    def _waits(self) -> list[Text]:
        waits = self.rig.clock.waits
        if not waits:
            return []
        latest, now_s = waits[-1], self.rig.clock.now()
        others = f" (and {len(waits) - 1} more)" if len(waits) > 1 else ""
        spent = f", {_duration(max(0.0, now_s - latest.since_s))} of {latest.timeout_s:g} s"
        return [_line((f"waits for {self._clean(latest.what)}", "cyan"), (f"{spent}{others}", "dim"))]

    def _clean(self, text: str) -> str:
        """``text`` without secrets, and without control characters."""
        redacted = self.redactor.redact(text).expandtabs(2)
        return "".join(character if character.isprintable() else "·" for character in redacted)


def _program(state: BoardState) -> str:
    """What the program does, and how often it began again by itself; empty for a board without power."""
    match state.program:
        case Program.OFF:
            return ""
        case Program.BOOTING:
            text = "boots"
        case Program.RUNNING:
            text = f"{state.app} runs".strip()
        case Program.STOPPED:
            text = "REPL"
        case Program.ENDED:
            text = "ended"
    return f"{text}, restart {state.restarts}" if state.restarts else text


def _role(state: BoardState) -> str:
    """The role that the board holds; an AP without one is shown as such."""
    is_ap = state.wifi is not None and state.wifi.value.status is WifiStatus.AP_UP
    return state.holds_role or ("AP" if is_ap else "")


def _line(*parts: tuple[str, str]) -> Text:
    text = Text.assemble(*parts)
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds:.0f} s"


def _kilobytes(size: int) -> str:
    return f"{size / 1000:.1f}"
