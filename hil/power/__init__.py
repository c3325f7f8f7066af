"""Power: switching one board's supply. One small class per kind of switch."""

from typing import Protocol


class PowerPort(Protocol):
    """The supply of one board: one port of a hub, one outlet. Drivers implement just this."""

    def on(self) -> None:
        """Supply power. Returns when the port says it is on; raises ``PowerError`` with what to check."""

    def off(self) -> None:
        """Cut power. Returns when the port says it is off; raises ``PowerError`` with what to check."""

    def is_on(self) -> bool:
        """The state the port reports, read back from it."""
