"""The condition of a whole test run: packet faults that every test has to live with, and the limits that hold then."""

from dataclasses import dataclass

from hil.errors import ConfigError
from hil.faults import Duplication, FaultName, Latency, Loss, PacketFault, Reordering

_KNOWN = "loss=0.1, latency=0.05 (seconds), duplication=0.1, reordering=0.1"


@dataclass(frozen=True)
class Condition:
    """What happens to packets between boards throughout a run. The rig's probe is spared: it is the instrument.

    Several faults add up. Without any the air is clear.
    """

    faults: tuple[PacketFault, ...] = ()
    text: str = ""
    """As it was given, for people to read."""

    @classmethod
    def parse(cls, text: str) -> "Condition":
        """Read ``"loss=0.1,latency=0.05"``; empty for clear air. Raises ``ConfigError``."""
        given = [part.strip() for part in text.split(",") if part.strip()]
        return cls(tuple(_fault(part) for part in given), " ".join(given))

    @property
    def is_clear(self) -> bool:
        """Whether nothing is disturbed on purpose."""
        return not self.faults

    @property
    def names(self) -> tuple[FaultName, ...]:
        """What a rig must offer for it."""
        return tuple(name_of(fault) for fault in self.faults)

    def limit(self, clear: float, *, disturbed: float) -> float:
        """The limit that holds in this run: ``clear``, or under any condition the wider one that a test states.

        A test that states one does so for 10 % loss and 50 ms latency; nothing is promised beyond.
        """
        return clear if self.is_clear else disturbed


def name_of(fault: PacketFault) -> FaultName:
    """What a packet fault is called."""
    names: dict[type[PacketFault], FaultName] = {
        Loss: "loss",
        Latency: "latency",
        Duplication: "duplication",
        Reordering: "reordering",
    }
    return names[type(fault)]


def _fault(part: str) -> PacketFault:
    name, _, written = part.partition("=")
    try:
        value = float(written)
        match name.strip():
            case "loss":
                return Loss(value, spares_probe=True)
            case "latency":
                return Latency(value, spares_probe=True)
            case "duplication":
                return Duplication(value, spares_probe=True)
            case "reordering":
                return Reordering(value, spares_probe=True)
    except ValueError as error:
        raise ConfigError(f"--hil-condition: {part!r}: {error}; write for example {_KNOWN}") from error
    raise ConfigError(f"--hil-condition: {part!r} is no condition; known: {_KNOWN}")
