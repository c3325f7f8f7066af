"""Faults of single packets on their way through the air. Several at once add up."""

import math
from abc import abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import ClassVar, Protocol

from hil.faults import BenchFault, check_probability

HELD_BACK_US = (5_000, 100_000)
"""How much later a held-back packet or a second copy arrives: uniform between the two."""

_US_PER_S = 1_000_000


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy of a packet that arrives at the end of a hop."""

    delay_us: int = 0
    """Added to what the hop takes anyway."""
    in_order: bool = True
    """Whether it arrives after all earlier ones of its sender and receiver, as it always does in clear air."""

    def delayed(self, delay_s: float) -> "Copy":
        """The same copy, ``delay_s`` later."""
        return replace(self, delay_us=self.delay_us + round(delay_s * _US_PER_S))


class Chance(Protocol):
    """The random numbers of the bench: the same seed gives the same ones."""

    def random(self) -> float:
        """A number from 0 to less than 1."""

    def randint(self, a: int, b: int) -> int:
        """A whole number from ``a`` to ``b``."""


@dataclass(frozen=True)
class PacketFault(BenchFault):
    """What happens to each packet on each hop. A packet between two stations takes two hops: to the AP, and on.

    Subclasses have one parameter, a number. With that every one of them can be part of ``--hil-condition``.
    """

    example: ClassVar[str]
    """A value of the parameter, for error texts: ``0.05 (seconds)``."""
    spares_probe: bool = field(default=False, kw_only=True)
    """Whether packets from and to the rig's probe are left alone."""

    @abstractmethod
    def copies(self, copy: Copy, chance: Chance) -> Iterable[Copy]:
        """What arrives in place of ``copy``: nothing, the same, others. Takes random numbers from ``chance`` alone."""


@dataclass(frozen=True)
class _SomePackets(PacketFault):
    """A fault that hits some packets and not others."""

    example = "0.1"
    probability: float
    """From 0 to 1, for each packet on each hop."""

    def __post_init__(self) -> None:
        check_probability(self.probability)

    def __str__(self) -> str:
        return f"{100 * self.probability:g} %"

    def copies(self, copy: Copy, chance: Chance) -> Iterable[Copy]:
        return self.hit(copy, chance) if chance.random() < self.probability else (copy,)

    @abstractmethod
    def hit(self, copy: Copy, chance: Chance) -> Iterable[Copy]:
        """What arrives of a packet that is hit."""


@dataclass(frozen=True)
class Loss(_SomePackets):
    """Packets do not arrive."""

    def hit(self, _copy: Copy, _chance: Chance) -> Iterable[Copy]:
        return ()


@dataclass(frozen=True)
class Duplication(_SomePackets):
    """Packets arrive twice, the second time late."""

    def hit(self, copy: Copy, chance: Chance) -> Iterable[Copy]:
        return copy, _held_back(copy, chance)


@dataclass(frozen=True)
class Reordering(_SomePackets):
    """Packets are held back, so that later ones overtake them."""

    def hit(self, copy: Copy, chance: Chance) -> Iterable[Copy]:
        return (_held_back(copy, chance),)


@dataclass(frozen=True)
class Latency(PacketFault):
    """Packets arrive later, in the order in which they were sent."""

    example = "0.05 (seconds)"
    delay_s: float
    """Seconds added on each hop."""

    def __post_init__(self) -> None:
        if not 0 <= self.delay_s < math.inf:
            raise ValueError(
                f"latency of {self.delay_s:g} s: must be finite, and a packet cannot arrive before it was sent"
            )

    def __str__(self) -> str:
        return f"{1000 * self.delay_s:g} ms"

    def copies(self, copy: Copy, _chance: Chance) -> Iterable[Copy]:
        return (copy.delayed(self.delay_s),)


def _held_back(copy: Copy, chance: Chance) -> Copy:
    return Copy(copy.delay_us + chance.randint(*HELD_BACK_US), in_order=False)
