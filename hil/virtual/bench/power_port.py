"""Power through a port of a virtual hub."""

from hil.virtual.bench.hub import VirtualHub


class VirtualPowerPort:
    """One port of a :class:`~hil.virtual.bench.hub.VirtualHub`."""

    def __init__(self, hub: VirtualHub, port: int) -> None:
        self._hub = hub
        self._port = port

    def on(self) -> None:
        """Supply power."""
        self._hub.set_power(self._port, True)

    def off(self) -> None:
        """Cut power, at this instant."""
        self._hub.set_power(self._port, False)

    def is_on(self) -> bool:
        """Whether the port supplies power."""
        return self._hub.is_on(self._port)
