"""The mDNS responder of one interface, as lwIP's: it makes sure that its name is free, announces it, and answers.

A name that somebody else has already is given up without a word, as MicroPython leaves it: the board is then not found
until its interface is switched off and on again.
"""

from collections.abc import Callable
from enum import Enum

from hil.probes.dns_message import LOCAL, MDNS, MDNS_PORT, Message, answer, answer_to, claim, read, same_name
from hil.virtual.air.addressing import ANY, Addressing, Endpoint, parse
from hil.virtual.air.interface import Interface
from hil.virtual.air.packets import UdpDatagram
from hil.virtual.air.timing import (
    MDNS_ANNOUNCEMENT_S,
    MDNS_ANNOUNCEMENTS,
    MDNS_DEFER_S,
    MDNS_MULTICAST_S,
    MDNS_PROBE_S,
    MDNS_PROBES,
    MDNS_TTL_S,
    MDNS_UNICAST_TTL_S,
)
from hil.virtual.world import US_PER_S, ScheduledEvent, World


class _State(Enum):
    DOWN = "down"
    """The interface has no link or no address."""
    WAITING = "waiting"
    """About to probe."""
    PROBING = "probing"
    READY = "ready"
    """The name is ours: questions are answered."""
    NAME_TAKEN = "name taken"


class MdnsResponder:
    """Answers for ``<hostname>.local`` on one interface. IPv4 only; no services."""

    def __init__(self, world: World, interface: Interface, hostname: str) -> None:
        """``hostname``: as it was when the interface was switched on; a later one is not noticed."""
        self.name = hostname + LOCAL
        self._world = world
        self._interface = interface
        self._state = _State.DOWN
        self._address = ANY
        self._sent = 0
        self._next: ScheduledEvent | None = None
        self._multicast_us: int | None = None

    def refresh(self) -> None:
        """To be called when something about the interface may have changed. A new link or address: probe (again)."""
        address = self._interface.addressing.address if self._interface.is_up else ANY
        if address != self._address:
            self._address = address
            self._multicast_us = None
            if address == ANY:
                self.stop()
            else:
                self._restart(self._world.rng.uniform(0, MDNS_PROBE_S))

    def stop(self) -> None:
        """Fall silent; there is no goodbye."""
        self._state = _State.DOWN
        self._cancel_next()

    # ---- making sure that the name is free

    def _restart(self, delay_s: float) -> None:
        self._state = _State.WAITING
        self._sent = 0
        self._after(delay_s, self._probe)

    def _probe(self) -> None:
        if self._sent == MDNS_PROBES:
            self._state = _State.READY
            self._sent = 0
            self._announce()
            return
        try:
            asked = claim(self.name, self._address, MDNS_TTL_S)
        except ValueError:
            # Not every hostname makes a name.
            self.stop()
            return
        self._state = _State.PROBING
        self._sent += 1
        self._send(asked, MDNS)
        self._after(MDNS_PROBE_S, self._probe)

    def _announce(self) -> None:
        self._sent += 1
        self._send(answer(self.name, self._address, MDNS_TTL_S), MDNS)
        if self._sent < MDNS_ANNOUNCEMENTS:
            self._after(MDNS_ANNOUNCEMENT_S, self._announce)

    # ---- what others say

    def receive(self, own: Addressing, datagram: UdpDatagram) -> None:
        """Take a datagram to the mDNS port that arrived at the interface with the addresses ``own``."""
        if own != self._interface.addressing:
            return
        message = read(datagram.data)
        if message is None:
            return
        if not message.is_response:
            self._take_question(message, datagram)
        elif datagram.source[1] == MDNS_PORT:
            self._take_answer(message)

    def _take_answer(self, message: Message) -> None:
        record = message.address_of(self.name)
        if record is None:
            return
        if self._state is _State.PROBING:
            self._state = _State.NAME_TAKEN
            self._cancel_next()
        elif self._state is _State.READY and record.address != self._address:
            self._restart(self._world.rng.uniform(0, MDNS_PROBE_S))

    def _take_question(self, message: Message, datagram: UdpDatagram) -> None:
        claimed = [record.address for record in message.claims if same_name(record.name, self.name)]
        if self._state is _State.PROBING and claimed and parse(claimed[0]) > parse(self._address):
            self._restart(MDNS_DEFER_S)
        elif self._state is _State.READY and any(same_name(name, self.name) for name in message.asked):
            self._answer(message, datagram, is_probe=bool(claimed))

    def _answer(self, message: Message, datagram: UdpDatagram, *, is_probe: bool) -> None:
        if datagram.source[1] != MDNS_PORT:
            if len(message.asked) == 1:
                own = answer_to(message, self.name, self._address, MDNS_UNICAST_TTL_S)
                self._send(own, datagram.source)
            return
        to_all = answer(self.name, self._address, MDNS_TTL_S)
        if datagram.destination != MDNS or (is_probe and message.wants_unicast):
            self._send(to_all, datagram.source)
            return
        silent_until_us = -1 if self._multicast_us is None else self._multicast_us + round(MDNS_MULTICAST_S * US_PER_S)
        if is_probe or self._world.now_us >= silent_until_us:
            self._multicast_us = self._world.now_us
            self._send(to_all, MDNS)

    # ---- in and out

    def _send(self, data: bytes, to: Endpoint) -> None:
        self._interface.transmit(UdpDatagram((self._address, MDNS_PORT), to, data))

    def _after(self, delay_s: float, action: Callable[[], None]) -> None:
        self._cancel_next()
        self._next = self._world.after(round(delay_s * US_PER_S), action)

    def _cancel_next(self) -> None:
        if self._next is not None:
            self._next.cancel()
            self._next = None
