"""Access point of the app `mdns`: tells everybody the names of all, and finds by name whoever says HELLO."""

from picolink import config, wifi, wire
from picolink.address_book import AddressBook
from picolink.board import Uptime, say_boot
from picolink.log import say
from picolink.mdns import resolve, take_hostname
from picolink.node import UdpPort, serve
from picolink.registry import Registry


class Directory(Registry):
    """A registry in which a node is its name."""

    def __init__(self, port: UdpPort, book: AddressBook) -> None:
        super().__init__(port.send, say)
        self._port = port
        self._book = book

    def received(self, now_ms: int, message: wire.Message, sender: tuple[str, int]) -> None:
        if message.word == "HELLO" and not message.id:
            raise wire.Malformed("unknown")
        super().received(now_ms, message, sender)
        if message.word == "HELLO":
            # Now, for its owner is there now: asking for a name that is gone takes seconds, in which HELLOs pile up.
            self._book.want(self.peers.ids())
            self._book.ask(message.id, sender[0])

    def tell(self, address: tuple[str, int]) -> None:
        self._port.send(wire.names(self.peers.ids()), address)


def main() -> None:
    say_boot("mdns", "ap")
    settings = config.load()
    take_hostname(settings.ap_name)
    wifi.open_access_point(settings.ssid, settings.password, settings.channel)
    uptime = Uptime()
    port = UdpPort(settings.discovery_port)
    try:
        serve(port, Directory(port, AddressBook(resolve, uptime.now_ms, say)), uptime)
    finally:
        port.close()


main()
