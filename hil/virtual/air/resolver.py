"""Names to addresses on one board, as lwIP's resolver: ask, ask again ever less often, remember for a while."""

from collections.abc import Callable
from dataclasses import dataclass

from hil.probes.dns_message import LOCAL, MDNS, question, read
from hil.virtual.air.addressing import parse
from hil.virtual.air.limits import NAMES_KEPT
from hil.virtual.air.packets import UdpDatagram
from hil.virtual.air.timing import DNS_RETRY_TICKS, DNS_TICK_S
from hil.virtual.air.udp import UdpLayer, UdpSocket
from hil.virtual.call import BoardOSError
from hil.virtual.world import US_PER_S, ScheduledEvent

_DNS_PORT = 53

NAME_UNKNOWN = -2
RESOLVER_FULL = -1
"""What ``getaddrinfo`` raises for a name that nobody answers for, and when no socket is left to ask: no errnos, but
numbers of MicroPython's modlwip.c and of lwIP."""


@dataclass(frozen=True)
class _Known:
    address: str
    until_us: int


class Resolver:
    """The resolver of one board. A question under way takes one of the board's UDP sockets."""

    def __init__(self, udp: UdpLayer, name_server: Callable[[], str]) -> None:
        self._udp = udp
        self._name_server = name_server
        self._known: dict[str, _Known] = {}
        self._lookups: list[Lookup] = []

    def look_up(self, name: str) -> "Lookup":
        """Ask for the address of ``name``. Raises ``OSError(-1)`` on the board when it has no socket left to ask with.

        Names that end in ``.local`` are asked of everybody (mDNS), others of the name server.
        """
        lookup = Lookup(name)
        known = self._known.get(name)
        if known is not None and known.until_us > self._udp.ip.world.now_us:
            lookup.address = known.address
        elif _is_address(name):
            lookup.address = name
        else:
            self._ask(lookup)
        return lookup

    def abandon(self) -> None:
        """Ask for nothing any more, as after a reset; what is known stays."""
        for lookup in list(self._lookups):
            self._finish(lookup)

    def forget(self) -> None:
        """Power is gone."""
        self.abandon()
        self._known.clear()

    def _ask(self, lookup: "Lookup") -> None:
        world = self._udp.ip.world
        try:
            data = question(lookup.name, world.rng.getrandbits(16))
        except ValueError:
            lookup.is_over = True
            return
        try:
            socket = UdpSocket(self._udp)
        except BoardOSError:
            raise BoardOSError(RESOLVER_FULL) from None
        socket.take_over(lambda datagram: self._arrived(lookup, datagram))
        to = MDNS if lookup.name.endswith(LOCAL) else (self._name_server(), _DNS_PORT)
        self._lookups.append(lookup)
        lookup.begin(socket, data)

        def next_try() -> None:
            if lookup.tries == len(DNS_RETRY_TICKS):
                self._finish(lookup)
                self._udp.ip.on_change()
                return
            # The first tick after the question comes when the resolver's own clock says so.
            ticks = DNS_RETRY_TICKS[lookup.tries] if lookup.tries else world.rng.random()
            lookup.send(to)
            lookup.next = world.after(round(ticks * DNS_TICK_S * US_PER_S), next_try)

        next_try()

    def _arrived(self, lookup: "Lookup", datagram: UdpDatagram) -> None:
        message, asked = read(datagram.data), read(lookup.data)
        if message is None or asked is None or not message.is_response or message.identity != asked.identity:
            return
        record = message.address_of(lookup.name)
        if record is None:
            return
        lookup.address = record.address
        self._finish(lookup)
        if len(self._known) >= NAMES_KEPT:
            del self._known[next(iter(self._known))]
        self._known[lookup.name] = _Known(record.address, self._udp.ip.world.now_us + record.ttl_s * US_PER_S)

    def _finish(self, lookup: "Lookup") -> None:
        self._lookups.remove(lookup)
        lookup.end()


class Lookup:
    """One question for the address of a name, under way or over."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.address = ""
        """The answer; empty while there is none."""
        self.is_over = False
        self.data = b""
        self.tries = 0
        self.next: ScheduledEvent | None = None
        self._socket: UdpSocket | None = None

    def answered(self) -> str | None:
        """The address, or None while it is not known. Raises ``OSError(-2)`` on the board when nobody has answered."""
        if self.address:
            return self.address
        if self.is_over:
            raise BoardOSError(NAME_UNKNOWN)
        return None

    def begin(self, socket: UdpSocket, data: bytes) -> None:
        """``data``, the question, will be sent from ``socket``."""
        self._socket, self.data = socket, data

    def send(self, to: tuple[str, int]) -> None:
        """Ask once more."""
        self.tries += 1
        try:
            if self._socket is not None:
                self._socket.send_to(self.data, to)
        except BoardOSError:
            # Without a link a try is lost, and the next one comes all the same.
            return

    def end(self) -> None:
        """Nothing is asked any more."""
        self.is_over = True
        if self.next is not None:
            self.next.cancel()
        if self._socket is not None:
            self._socket.close()


def _is_address(name: str) -> bool:
    try:
        parse(name)
    except ValueError:
        return False
    return True
