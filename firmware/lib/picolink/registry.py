"""The AP's part in the apps without roles: it lists its clients and sends them the list. Pure: time is passed in."""

from picolink import wire
from picolink.peers import PeerList
from picolink.program import Program
from picolink.timing import NODE_SILENT_MS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class Registry(Program):
    """HELLO registers its sender and is answered with the list. WHO is only answered. BYE and long silence remove."""

    def __init__(self, send: "Callable[[str, tuple[str, int]], None]", log: "Callable[[str], None]") -> None:
        self.peers = PeerList(NODE_SILENT_MS)
        self._send = send
        self._log = log

    def tick(self, now_ms: int) -> int:
        expired = self.peers.expire(now_ms)
        for peer in expired:
            self._log(f"dropped id={peer.id} reason=silent")
        if expired:
            self._log_nodes()
        return self.peers.due_ms(now_ms)

    def received(self, now_ms: int, message: wire.Message, sender: tuple[str, int]) -> None:
        if message.word == "HELLO":
            if self.peers.heard(now_ms, message.id, sender[0]):
                self._log_nodes()
            self.send_list(sender)
        elif message.word == "WHO":
            self.send_list(sender)
        elif message.word == "BYE":
            peer = self.peers.forget(message.id, sender[0])
            if peer is not None:
                self._log(f"dropped id={peer.id} reason=bye")
                self._log_nodes()
        else:
            raise wire.Malformed("unknown")

    def send_list(self, address: tuple[str, int]) -> None:
        """Send the list to one address."""
        self._send(wire.nodes(self.peers.ips()), address)

    def _log_nodes(self) -> None:
        self._log(f"listed nodes={self.peers.listed()}")
