"""The UDP half of every probe: send, request, listen, resolve names. Each kind of probe provides the ports."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Protocol

from hil.clock import Clock
from hil.errors import ProbeError, WaitTimeout
from hil.probes import Datagram, Listener
from hil.probes.dns_message import LOCAL, MDNS, question, read

QUERY_PERIOD_S = 1.0
"""Seconds between two mDNS queries for a name: the radio loses some."""


class Inbox:
    """Datagrams in the order of their arrival. Implements ``Listener``; adding one must notify the clock."""

    def __init__(self, clock: Clock, port: int) -> None:
        self.received: list[Datagram] = []
        self._clock = clock
        self._port = port
        self._handed_out = 0

    def receive(self, within_s: float) -> Datagram:
        self._clock.wait(lambda: self._has_next or bool(self.fault), within_s)
        self.check()
        if not self._has_next:
            raise WaitTimeout(
                f"no datagram on the probe's port {self._port} within {within_s:g} s; {self._handed_out} came before"
            )
        self._handed_out += 1
        return self.received[self._handed_out - 1]

    @property
    def fault(self) -> str:
        """Why :attr:`received` may be incomplete; empty while nothing is wrong."""
        return ""

    def check(self) -> None:
        """Raise ``ProbeError`` when there is a :attr:`fault`."""
        if fault := self.fault:
            raise ProbeError(fault)

    @property
    def _has_next(self) -> bool:
        return len(self.received) > self._handed_out


class UdpPort(Listener, Protocol):
    """A UDP port that a probe holds open, and can also send from."""

    def send(self, data: bytes, to: tuple[str, int]) -> None:
        """Send one datagram. Raises ``ProbeError``."""


class UdpProbe(ABC):
    """The UDP half of a ``Probe``."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    @abstractmethod
    def join(self, within_s: float = 15.0) -> None:
        """See ``Probe``."""

    @abstractmethod
    def open_port(self, port: int) -> AbstractContextManager[UdpPort]:
        """Hold UDP ``port`` open, 0 for any; joins first. Raises ``ProbeError``."""

    def send(self, data: bytes, to: tuple[str, int], source_port: int = 0) -> None:
        with self.open_port(source_port) as port:
            port.send(data, to)

    def request(self, data: bytes, to: tuple[str, int], within_s: float = 2.0, tries: int = 3) -> Datagram:
        with self.open_port(0) as port:
            for _ in range(tries):
                # The access point may have restarted since the last try.
                self.join()
                port.send(data, to)
                if self._clock.wait(lambda: bool(port.received), within_s):
                    return port.receive(0)
        raise WaitTimeout(
            f"no answer to {data!r} from {to[0]}:{to[1]}, asked {tries} times and waited {within_s:g} s for each"
        )

    def resolve(self, name: str, within_s: float = 5.0) -> str:
        # A query of our own, not the name service of board or host: those cache answers for minutes.
        asked = mdns_question(name)
        with self.open_port(0) as port:
            deadline = self._clock.deadline(within_s)
            while not deadline.expired:
                self.join()
                port.send(asked, MDNS)
                wait_s = min(QUERY_PERIOD_S, deadline.remaining_s)
                if self._clock.wait(lambda: _address(port, name) is not None, wait_s):
                    break
            address = _address(port, name)
        if address is None:
            raise WaitTimeout(f"no board answered for the name {name} within {within_s:g} s")
        return address

    @contextmanager
    def listen(self, port: int) -> Iterator[Listener]:
        with self.open_port(port) as opened:
            yield opened


def mdns_question(name: str) -> bytes:
    """The mDNS query for ``name``. Raises ``ProbeError`` when it is not an mDNS name."""
    if not name.endswith(LOCAL):
        raise ProbeError(f"{name!r} is not an mDNS name; give the board's hostname followed by {LOCAL!r}")
    try:
        return question(name, identity=1)
    except ValueError as error:
        raise ProbeError(f"{name!r} cannot be resolved: {error}") from error


def _address(port: UdpPort, name: str) -> str | None:
    for datagram in port.received:
        message = read(datagram.data)
        record = message.address_of(name) if message is not None and message.is_response else None
        if record is not None:
            return record.address
    return None
