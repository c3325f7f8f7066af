"""What the boards of a rig do at this moment, for people to read: power, link, role, last line, transfers, waits."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from hil import events
from hil.cluster.cluster import MASTER, NO_ROLE
from hil.events import Event
from hil.report.redaction import Redactor

if TYPE_CHECKING:
    from hil.board.board import Board
    from hil.rig import Rig

_ROWS_BESIDE_BOARDS = 3
"""The test, what is being waited for, and how many boards there is no room for."""
_BAR_COLUMNS = 24
_STYLE = {"on": "green", "connected": "green", "gone": "yellow", MASTER: "bold"}


@dataclass
class _BoardState:
    """What the timeline says about one board."""

    is_on: bool = False
    switched_s: float | None = None
    link: str = ""
    role: str = ""
    last_event: int = -1
    """Number of its latest event, to tell boards that take part in a test from those that do not."""

    def take(self, event: Event) -> None:
        """``event`` happened to the board."""
        match event.name:
            case events.POWER_ON | events.POWER_OFF:
                self.is_on, self.switched_s = event.name == events.POWER_ON, event.time_s
                self.link = self.role = ""
            case events.SERIAL_OPENED:
                self.link = "connected"
            case events.SERIAL_GONE:
                self.link = "gone" if self.is_on else ""
            case "boot" | events.STOPPED:
                self.role = ""
            case "ap-up":
                self.role = "AP"
            case "role":
                role = event.fields.get("role", NO_ROLE)
                self.role = "" if role == NO_ROLE else role


@dataclass
class RigStatus:
    """Follows a rig. It reads what others keep, and asks no hub and no board: looking on changes nothing."""

    rig: "Rig"
    redactor: Redactor
    _states: dict[str, _BoardState] = field(default_factory=dict)
    _position: int = 0
    _first_event: int = 0

    def begin_test(self) -> None:
        """A test begins: boards that it uses come first where there is not room for all."""
        self._first_event = self.rig.timeline.event_mark()

    def render(self, test: str, rows: int) -> RenderableType:
        """At most ``rows`` lines about ``test``."""
        self._follow()
        boards = self._chosen(max(0, rows - _ROWS_BESIDE_BOARDS))
        parts: list[RenderableType] = [self._headline(test), self._table(boards)]
        if more := len(self.rig.boards) - len(boards):
            parts.append(Text(f"and {more} more {'board' if more == 1 else 'boards'}", style="dim"))
        # Last: it comes and goes, and nothing should move with it.
        parts += self._waits()
        return Group(*parts)

    def _follow(self) -> None:
        for event in self.rig.timeline.events(self._position):
            state = self._states.setdefault(event.board, _BoardState())
            state.take(event)
            state.last_event = self._position
            self._position += 1

    def _state(self, board: str) -> _BoardState:
        return self._states.get(board, _BoardState())

    def _chosen(self, most: int) -> list["Board"]:
        boards = list(self.rig.boards.values())
        if len(boards) <= most:
            return boards
        taking_part = [board for board in boards if self._state(board.name).last_event >= self._first_event]
        others = [board for board in boards if board not in taking_part]
        chosen = [*taking_part, *others][:most]
        return [board for board in boards if board in chosen]

    def _headline(self, test: str) -> Text:
        since_s = self.rig.clock.now() - self.rig.timeline.begun_s
        # Its folder is what it can best do without.
        return _line((self._clean(test.rpartition("/")[2]), "bold"), (f"  {_duration(since_s)} of rig time", "dim"))

    def _table(self, boards: Iterable["Board"]) -> Table:
        table = Table.grid(padding=(0, 2, 0, 0), expand=True)
        for _ in ("board", "power", "link", "role"):
            table.add_column(no_wrap=True)
        table.add_column(no_wrap=True, overflow="ellipsis", ratio=1)
        now_s = self.rig.clock.now()
        for board in boards:
            state = self._state(board.name)
            since = "" if state.switched_s is None else f" {_duration(now_s - state.switched_s)}"
            power = "on" if state.is_on else "off"
            if board.name in self.rig.quarantine:
                power, since = "quarantined", ""
            table.add_row(
                Text(board.name, style="bold"),
                Text(f"{power}{since}", style=_STYLE.get(power, "dim")),
                Text(state.link or "-", style=_STYLE.get(state.link, "dim")),
                Text(self._clean(state.role) or "-", style=_STYLE.get(state.role, "")),
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
        """``text`` without secrets, and without anything that a terminal would obey."""
        redacted = self.redactor.redact(text).expandtabs(2)
        return "".join(character if character.isprintable() else "·" for character in redacted)


def _line(*parts: tuple[str, str]) -> Text:
    text = Text.assemble(*parts)
    text.no_wrap, text.overflow = True, "ellipsis"
    return text


def _duration(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 100 else f"{seconds:.0f} s"


def _kilobytes(size: int) -> str:
    return f"{size / 1000:.1f}"
