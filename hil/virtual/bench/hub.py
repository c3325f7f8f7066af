"""A virtual USB hub with per-port power switching."""

from hil.virtual.bench.pico import VirtualPico


class VirtualHub:
    """A hub with ports 1 to ``ports``. Ports without a board can be switched too."""

    def __init__(self, name: str, ports: int) -> None:
        self.name = name
        self.ports = ports
        self._on = dict.fromkeys(range(1, ports + 1), False)
        self._boards: dict[int, VirtualPico] = {}
        self.never_cut: set[int] = set()
        """Ports that report to be off but keep supplying power, like hubs that only claim power switching."""

    def plug_in(self, port: int, board: VirtualPico) -> None:
        """Plug a board into a port."""
        self._boards[port] = board
        if self._on[port]:
            board.power_on()

    def set_power(self, port: int, on: bool) -> None:
        """Switch a port."""
        if self._on[port] == on:
            return
        self._on[port] = on
        board = self._boards.get(port)
        if board is not None:
            if on:
                board.power_on()
            elif port not in self.never_cut:
                board.power_off()

    def is_on(self, port: int) -> bool:
        """The state that the port reports."""
        return self._on[port]
