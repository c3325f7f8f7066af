"""All hardware calls of a board's radio in one place."""

from collections.abc import Callable

from hil.virtual.air.radio import Radio
from hil.virtual.call import Handler
from hil.virtual.hal.socket import SocketHal
from hil.virtual.hal.wlan import WlanHal


class NetworkHal:
    """Answers ``wlan.*``, ``sock.*`` and ``poll`` of one board. ``stdin_ready``: whether its console has input."""

    def __init__(self, radio: Radio, stdin_ready: Callable[[], bool]) -> None:
        self._wlan = WlanHal(radio)
        self._sockets = SocketHal(radio, stdin_ready)

    def restart(self) -> None:
        """The board starts anew; its radio has forgotten all."""
        self._sockets.restart()

    def handlers(self) -> dict[str, Handler]:
        """Handlers by the name of the call."""
        return {**self._wlan.handlers(), **self._sockets.handlers()}
