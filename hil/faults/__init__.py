"""Faults: what can be made to go wrong on a rig, and the part of it that only the bench itself can do.

Some faults any rig can have, through a board's power and its REPL. The others a bench does for us, through
:class:`BenchFaults`: nobody above that protocol knows what kind of bench it is.
"""

import math
from dataclasses import dataclass, field
from typing import Literal, Protocol, get_args

FaultName = Literal[
    "power_cut",
    "brown_out",
    "radio_off",
    "ap_restart",
    "loss",
    "latency",
    "duplication",
    "reordering",
    "partition",
    "wrong_key",
    "full_flash",
    "usb_drop",
    "garbled_serial",
]
"""A kind of fault: the name of the method that injects it, and what ``needs(faults=(…))`` calls it."""

FAULT_NAMES: tuple[FaultName, ...] = get_args(FaultName)

ON_EVERY_RIG: frozenset[FaultName] = frozenset({"power_cut", "radio_off", "ap_restart", "wrong_key", "full_flash"})
"""What takes no more than boards whose power can be switched and whose REPL answers."""


@dataclass(frozen=True)
class _Chance:
    """A fault that hits some packets and not others."""

    probability: float
    """From 0 to 1, for each packet on each hop through the air."""
    spares_probe: bool = field(default=False, kw_only=True)
    """Whether what the rig's probe sends and is sent gets through undisturbed."""

    def __post_init__(self) -> None:
        check_probability(self.probability)

    def __str__(self) -> str:
        return f"{100 * self.probability:g} %"


@dataclass(frozen=True)
class Loss(_Chance):
    """Packets that do not arrive."""


@dataclass(frozen=True)
class Duplication(_Chance):
    """Packets that arrive twice, the second time late."""


@dataclass(frozen=True)
class Reordering(_Chance):
    """Packets that are held back, so that later ones overtake them."""


@dataclass(frozen=True)
class Latency:
    """Packets that arrive later, in the order in which they were sent."""

    delay_s: float
    """Seconds added on each hop through the air."""
    spares_probe: bool = field(default=False, kw_only=True)
    """As for :class:`Loss`."""

    def __post_init__(self) -> None:
        if not 0 <= self.delay_s < math.inf:
            raise ValueError(
                f"latency of {self.delay_s:g} s: must be finite, and a packet cannot arrive before it was sent"
            )

    def __str__(self) -> str:
        return f"{1000 * self.delay_s:g} ms"


@dataclass(frozen=True)
class Partition:
    """Groups of boards of which none hears one of another group, neither directly nor by way of a third board's AP.

    It is as if they were out of each other's radio range: no beacon, no association, no packet. Boards in no group
    hear everybody.
    """

    groups: tuple[frozenset[str], ...]
    """Names of boards."""

    def __post_init__(self) -> None:
        names = [name for group in self.groups for name in group]
        if len(self.groups) < 2 or not all(self.groups) or len(names) != len(set(names)):
            raise ValueError(f"a partition ({self}) takes two groups of boards or more, and no board in two of them")

    def __str__(self) -> str:
        return " | ".join(" ".join(sorted(group)) for group in self.groups)


@dataclass(frozen=True)
class BrownOut:
    """The supply of a board sags although its port is on: it stops, and starts anew when the fault ends."""

    board: str


@dataclass(frozen=True)
class UsbDrop:
    """A board's serial device goes away and comes back; the board goes on meanwhile."""

    board: str


@dataclass(frozen=True)
class GarbledSerial:
    """Bytes that a board sends over its serial line arrive as others, which are no text."""

    board: str
    probability: float
    """From 0 to 1, for each byte."""

    def __post_init__(self) -> None:
        check_probability(self.probability)

    def __str__(self) -> str:
        return f"{100 * self.probability:g} % of the bytes"


PacketFault = Loss | Latency | Duplication | Reordering
"""What befalls single packets. Several at once add up."""

BenchFault = PacketFault | Partition | BrownOut | UsbDrop | GarbledSerial


class BenchFaults(Protocol):
    """The faults that a bench can inject by itself."""

    @property
    def offered(self) -> frozenset[FaultName]:
        """What it can do."""

    def begin(self, fault: BenchFault) -> None:
        """Let ``fault``, which must be offered, begin at this instant. Boards are meant by their names."""

    def end(self, fault: BenchFault) -> None:
        """Let a fault end that was begun."""


def check_probability(probability: float) -> None:
    """Raise ``ValueError`` for what is no probability."""
    if not 0 <= probability <= 1:
        raise ValueError(f"probability {probability:g}: must be from 0 to 1, 0.1 for 10 %")
