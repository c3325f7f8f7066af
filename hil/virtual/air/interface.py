"""What the station and the access point of a chip have in common: a MAC, an address, and packets in and out."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from enum import IntEnum

from hil.virtual.air.addressing import ANY, UNCONFIGURED, Addressing
from hil.virtual.air.packets import IpPacket, Packet


class LinkStatus(IntEnum):
    """What ``WLAN.status()`` returns."""

    BAD_AUTH = -3
    NO_AP = -2
    FAIL = -1
    IDLE = 0
    JOINING = 1
    NO_IP = 2
    UP = 3


class Interface(ABC):
    """One network interface of a chip."""

    def __init__(self, mac: bytes) -> None:
        self.mac = mac
        self.addressing: Addressing = UNCONFIGURED
        self.is_active = False
        """The state last asked for by ``active()``, whatever the link does."""
        self.deliver: Callable[[Interface, IpPacket], None] | None = None
        """Where the IP layer takes packets meant for this board."""

    @property
    @abstractmethod
    def has_link(self) -> bool:
        """Whether packets can leave; true for a while after the other side has vanished."""

    @property
    @abstractmethod
    def status(self) -> LinkStatus:
        """The status as ``WLAN.status()`` shows it."""

    @property
    @abstractmethod
    def is_connected(self) -> bool:
        """What ``WLAN.isconnected()`` shows."""

    @property
    def is_up(self) -> bool:
        """Whether there is a link and an address."""
        return self.has_link and self.addressing.address != ANY

    # ---- on and off

    @abstractmethod
    def activate(self) -> None:
        """Switch on. Does nothing when active."""

    @abstractmethod
    def deactivate(self) -> None:
        """Switch off in order: the other side is told."""

    @abstractmethod
    def vanish(self) -> None:
        """Lose power: the other side finds out by itself."""

    # ---- packets

    @abstractmethod
    def transmit(self, packet: IpPacket) -> None:
        """Send into the air. What cannot be delivered is lost without a word."""

    @abstractmethod
    def receive(self, sender: "Interface", packet: Packet) -> None:
        """Take a packet that has arrived from ``sender``, one hop away."""

    def hand_up(self, packet: IpPacket) -> None:
        """Give a packet to the IP layer of this board."""
        if self.deliver is not None:
            self.deliver(self, packet)
