"""Faults of the USB serial line of a board."""

from dataclasses import dataclass

from hil.faults import BenchFault, BoardFault, End, FaultContext, check_probability

_KEPT_OUTPUT_S = 0.05
"""Seconds in which a board sends a host that is back the output that it has kept."""


@dataclass(frozen=True)
class UsbDrop(BoardFault, BenchFault):
    """The serial device of a board is gone; the board runs on. The end waits until the device is back."""

    def begin(self, context: FaultContext) -> End:
        end = self.begin_on_bench(context)

        def end_and_wait() -> None:
            end()
            if self.board.power.is_on:
                self.board.boot()
                # What it sends first is old, and belongs to the time of the fault.
                context.clock.sleep(_KEPT_OUTPUT_S)

        return end_and_wait


@dataclass(frozen=True)
class GarbledSerial(BoardFault, BenchFault):
    """Bytes that a board sends over its serial line arrive as others, which are not text."""

    probability: float = 0.25
    """From 0 to 1, for each byte."""

    def __post_init__(self) -> None:
        check_probability(self.probability)

    def __str__(self) -> str:
        return f"{100 * self.probability:g} % of the bytes"
