"""A USB hub whose ports can be switched, with virtual boards on them."""

from hil.virtual.bench.pico import VirtualPico


class VirtualHub:
    """Ports 1 to ``ports``; a port without a board can be switched all the same."""

    def __init__(self, name: str, ports: int) -> None:
        self.name = name
        self.ports = ports
        self._on = dict.fromkeys(range(1, ports + 1), False)
        self._boards: dict[int, VirtualPico] = {}
        self.never_cut: set[int] = set()
        """Ports that supply power whatever they are told and say, once they have been on: hubs that only pretend."""

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
        """Whether the port supplies power."""
        return self._on[port]
