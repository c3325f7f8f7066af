"""The power port of a virtual board."""

from hil.virtual.bench.hub import VirtualHub


class VirtualPowerPort:
    """One port of a :class:`~hil.virtual.bench.hub.VirtualHub`. Implements ``PowerPort``."""

    def __init__(self, hub: VirtualHub, port: int) -> None:
        self._hub = hub
        self._port = port

    def on(self) -> None:
        """Switch on."""
        self._hub.set_power(self._port, True)

    def off(self) -> None:
        """Switch off."""
        self._hub.set_power(self._port, False)

    def is_on(self) -> bool:
        """The state that the hub reports."""
        return self._hub.is_on(self._port)
