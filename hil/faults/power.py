"""Faults of a board's supply."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hil.faults import BenchFault, BoardFault, End, FaultContext, FaultDriver

if TYPE_CHECKING:
    from hil.board.board import Board


@dataclass(frozen=True)
class PowerCut(BoardFault):
    """The power of a board is off. At the end it is on again, if it was before."""

    begins_when_done = True

    def begin(self, _context: FaultContext) -> End:
        power = self.board.power
        was_on = power.is_on
        power.off()

        def restore() -> None:
            if was_on:
                power.on()

        return restore


@dataclass(frozen=True)
class ApRestart(FaultDriver):
    """The AP's power is cycled. Over when its power is on again."""

    ap: "Board | None" = None
    """The board that is the AP now; None for the rig's AP."""

    def source(self, context: FaultContext) -> str:
        return self._board(context).name

    def begin(self, context: FaultContext) -> None:
        self._board(context).power.cycle()

    def _board(self, context: FaultContext) -> "Board":
        return self.ap or context.ap


@dataclass(frozen=True)
class BrownOut(BoardFault, BenchFault):
    """The supply of a board sags although its port is on: the board stops, and boots when the supply is back."""

    lasting_s: float = 0.05

    def begin(self, context: FaultContext) -> None:
        end = self.begin_on_bench(context)
        try:
            context.clock.sleep(self.lasting_s)
        finally:
            end()

    def __str__(self) -> str:
        return f"for {1000 * self.lasting_s:g} ms"
