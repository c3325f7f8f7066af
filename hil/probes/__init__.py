"""Probes: UDP and TCP from inside the Wi-Fi under test, to observe boards from outside."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

SEND_TIMEOUT_S = 10.0
"""Seconds in which a TCP peer that has stopped reading must read again."""


@dataclass(frozen=True)
class Datagram:
    """One UDP datagram that a probe received."""

    time_s: float
    """Rig time of arrival."""
    data: bytes
    sender: tuple[str, int]
    """Address and port it came from."""


class Listener(Protocol):
    """A UDP port that a probe holds open."""

    @property
    def received(self) -> list[Datagram]:
        """Everything that has arrived so far, oldest first."""

    def receive(self, within_s: float) -> Datagram:
        """The next datagram that was not returned before. Raises ``WaitTimeout``."""


class TcpConnection(Protocol):
    """One TCP connection of a probe."""

    def send(self, data: bytes) -> None:
        """Send all of ``data``. Raises ``ProbeError``, also when the peer reads nothing for ``SEND_TIMEOUT_S``."""

    def receive(self, size: int, within_s: float) -> bytes:
        """Up to ``size`` bytes, at least one; empty when the peer has closed. Raises ``WaitTimeout``."""

    def close(self) -> None:
        """Close the connection."""


class Probe(Protocol):
    """A station of its own in the Wi-Fi under test. It sends only what the test sends through it."""

    @property
    def address(self) -> str:
        """Its own IPv4 address; empty while it has not joined."""

    def join(self, within_s: float = 15.0) -> None:
        """Join the Wi-Fi under test. Does nothing when joined already. Raises ``ProbeError``."""

    def leave(self) -> None:
        """Leave the Wi-Fi."""

    def close(self) -> None:
        """Leave, and release what the probe holds; it starts again when it is used. For the rig, not for tests.

        Raises a ``BenchError``.
        """

    def send(self, data: bytes, to: tuple[str, int], source_port: int = 0) -> None:
        """Send one datagram; joins first. ``source_port`` 0 takes any."""

    def request(self, data: bytes, to: tuple[str, int], within_s: float = 2.0, tries: int = 3) -> Datagram:
        """Send, and return the answer; send up to ``tries`` times, since the radio loses some datagrams.

        Raises ``WaitTimeout`` when no try is answered within ``within_s``.
        """

    def resolve(self, name: str, within_s: float = 5.0) -> str:
        """The address of the board that answers for ``name`` (``<hostname>.local``), asked by mDNS in the Wi-Fi.

        Raises ``WaitTimeout`` when no board answers within ``within_s``.
        """

    def listen(self, port: int) -> AbstractContextManager[Listener]:
        """Hold UDP ``port`` open and collect what arrives (broadcasts too)."""

    def connect(self, to: tuple[str, int], within_s: float = 5.0) -> AbstractContextManager[TcpConnection]:
        """Open a TCP connection. Raises ``ProbeError`` when refused, ``WaitTimeout`` when unanswered."""
