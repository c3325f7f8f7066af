"""The condition of a test run: packet faults that hold in every test, and the limits that apply then."""

from collections.abc import Callable
from dataclasses import dataclass

from hil.errors import ConfigError
from hil.faults.packets import PacketFault
from hil.faults.registry import FAULTS, fault_names


@dataclass(frozen=True)
class Condition:
    """What happens to packets between boards throughout a run. The rig's probe is spared: it is the instrument.

    Several faults add up. Without any the air is clear.
    """

    named: tuple[tuple[str, PacketFault], ...] = ()
    """Each fault with its name."""
    text: str = ""
    """As it was given, for people to read."""

    @classmethod
    def parse(cls, text: str) -> "Condition":
        """Read ``"loss=0.1,latency=0.05"``; empty for clear air. Raises ``ConfigError``."""
        given = [part.strip() for part in text.split(",") if part.strip()]
        return cls(tuple(_fault(part) for part in given), " ".join(given))

    @property
    def is_clear(self) -> bool:
        """Whether there is no fault."""
        return not self.named

    @property
    def names(self) -> tuple[str, ...]:
        """The faults that a rig must offer for it."""
        return tuple(name for name, _ in self.named)

    def limit(self, clear: float, *, disturbed: float) -> float:
        """The limit that holds in this run: ``clear``, or under any condition the wider one that a test states.

        A test states it for 10 % loss and 50 ms latency; nothing is promised beyond.
        """
        return clear if self.is_clear else disturbed


def _fault(part: str) -> tuple[str, PacketFault]:
    name, _, written = (text.strip() for text in part.partition("="))
    kind = FAULTS.load(name) if name in fault_names() else None
    if kind is None or not issubclass(kind, PacketFault):
        raise ConfigError(f"--hil-condition: {part!r} is not a condition; known: {_examples()}")
    make: Callable[..., PacketFault] = kind
    try:
        return name, make(float(written), spares_probe=True)
    except ValueError as error:
        raise ConfigError(f"--hil-condition: {part!r}: {error}; write for example {_examples()}") from error


def _examples() -> str:
    usable = FAULTS.usable()
    kinds = [(name, usable[name]) for name in fault_names() if name in usable]
    return ", ".join(f"{name}={kind.example}" for name, kind in kinds if issubclass(kind, PacketFault))
