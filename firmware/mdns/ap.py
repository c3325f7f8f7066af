"""Access point of the app `mdns`: sends clients the names of all, and resolves the name of each that sends HELLO."""

from picolink import config, wifi, wire
from picolink.address_book import AddressBook
from picolink.board import Uptime, log_boot
from picolink.log import log
from picolink.mdns import resolve, take_hostname
from picolink.node import UdpPort, serve
from picolink.registry import Registry


class Directory(Registry):
    """A registry that identifies nodes by name."""

    def __init__(self, port: UdpPort, book: AddressBook) -> None:
        super().__init__(port.send, log)
        self._port = port
        self._book = book

    def received(self, now_ms: int, message: wire.Message, sender: tuple[str, int]) -> None:
        if message.word == "HELLO" and not message.id:
            raise wire.Malformed("unknown")
        super().received(now_ms, message, sender)
        if message.word == "HELLO":
            # At once, while its owner is there. Asking for a name that is gone blocks for seconds, and HELLOs pile up.
            self._book.want(self.peers.ids())
            self._book.ask(message.id, sender[0])

    def send_list(self, address: tuple[str, int]) -> None:
        self._port.send(wire.names(self.peers.ids()), address)


def main() -> None:
    log_boot("mdns", "ap")
    settings = config.load()
    take_hostname(settings.ap_name)
    wifi.open_access_point(settings.ssid, settings.password, settings.channel)
    uptime = Uptime()
    port = UdpPort(settings.discovery_port)
    try:
        serve(port, Directory(port, AddressBook(resolve, uptime.now_ms, log)), uptime)
    finally:
        port.close()


main()
