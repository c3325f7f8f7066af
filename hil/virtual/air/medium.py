"""The medium: which access points are on the air, who looks for one, and packets that take time to arrive."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial

from hil.faults.packets import Copy
from hil.virtual.air.association import BeaconListener, BeaconSender
from hil.virtual.air.interface import Interface
from hil.virtual.air.packets import Packet, TcpSegment, UdpDatagram
from hil.virtual.air.sniffer import AirSniffer
from hil.virtual.air.timing import HOP_JITTER_S, HOP_MAX_S, HOP_MIN_S
from hil.virtual.world import US_PER_S, World


@dataclass(frozen=True, slots=True)
class Hop:
    """One packet on its way from one interface to the next."""

    sender_mac: bytes
    receiver_mac: bytes
    packet: Packet


Disturbance = Callable[[Hop], Sequence[Copy]]
"""Decides what becomes of a hop, one entry per copy that arrives: ``(Copy(),)`` leaves it alone, ``()`` loses it."""


class Air:
    """The radio world that all chips of a bench share."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.disturbance: Disturbance | None = None
        """What disturbs the packets, or None for clear air."""
        self.sniffer = AirSniffer()
        self._walls: list[tuple[frozenset[bytes], ...]] = []
        self._access_points: list[BeaconSender] = []
        self._seekers: list[BeaconListener] = []
        self._last_arrival_us: dict[tuple[bytes, bytes], int] = {}

    # ---- packets

    def carry(self, sender: Interface, receiver: Interface, packet: Packet, origin: Interface | None = None) -> None:
        """Carry ``packet`` one hop; ``origin`` is who sent it, if ``sender`` only forwards it."""
        arrival_us = self.world.now_us + self._draw_latency_us()
        if origin is None and isinstance(packet, UdpDatagram | TcpSegment):
            self.sniffer.hear(self.world.now_us, sender.mac, receiver.mac, packet, sender.addressing.broadcast)
        if self._walls and not self._passes(sender, receiver, origin):
            return
        if self.disturbance is None:
            self._arrive_in_order(arrival_us, sender, receiver, packet)
            return
        for copy in self.disturbance(Hop(sender.mac, receiver.mac, packet)):
            if copy.in_order:
                self._arrive_in_order(arrival_us + copy.delay_us, sender, receiver, packet)
            else:
                self.world.at(arrival_us + copy.delay_us, partial(receiver.receive, sender, packet))

    def _passes(self, sender: Interface, receiver: Interface, origin: Interface | None) -> bool:
        return self.can_hear(sender.mac, receiver.mac) and (origin is None or self.can_hear(origin.mac, receiver.mac))

    def _arrive_in_order(self, arrival_us: int, sender: Interface, receiver: Interface, packet: Packet) -> None:
        link = (sender.mac, receiver.mac)
        # Wi-Fi acknowledges every unicast frame before the next one: jitter delays packets, it does not swap them.
        arrival_us = max(arrival_us, self._last_arrival_us.get(link, 0))
        self._last_arrival_us[link] = arrival_us
        self.world.at(arrival_us, partial(receiver.receive, sender, packet))

    def _draw_latency_us(self) -> int:
        latency_s = HOP_MIN_S + self.world.rng.expovariate(1 / HOP_JITTER_S)
        return round(min(latency_s, HOP_MAX_S) * US_PER_S)

    # ---- who is in reach

    def can_hear(self, one: bytes, other: bytes) -> bool:
        """Whether the chips with these MACs are in reach of each other."""
        return not any(
            one in group and any(other in far for far in wall if far is not group)
            for wall in self._walls
            for group in wall
        )

    def separate(self, groups: Collection[frozenset[bytes]]) -> None:
        """Put chips, by their MACs, out of reach of those of the other groups."""
        self._walls.append(tuple(groups))
        self._reach_changed()

    def reunite(self, groups: Collection[frozenset[bytes]]) -> None:
        """End a :meth:`separate`."""
        self._walls.remove(tuple(groups))
        self._reach_changed()

    def _reach_changed(self) -> None:
        for access_point in list(self._access_points):
            access_point.reach_changed()
        for station in list(self._seekers):
            if any(each.settings.ssid == station.wanted_ssid for each in self.audible(station.mac)):
                self._seekers.remove(station)
                station.rejoin()

    # ---- who is on the air

    def audible(self, mac: bytes) -> list[BeaconSender]:
        """The access points that the chip with ``mac`` hears: all but its own, in order of appearance."""
        return [each for each in self._access_points if each.mac != mac and self.can_hear(each.mac, mac)]

    def best_access_point(self, station: BeaconListener) -> BeaconSender | None:
        """The one ``station`` hears best among those it wants: any of them, for signals change from try to try."""
        heard = [each for each in self.audible(station.mac) if each.settings.ssid == station.wanted_ssid]
        return self.world.rng.choice(heard) if len(heard) > 1 else next(iter(heard), None)

    def appear(self, access_point: BeaconSender) -> None:
        """An access point starts to send beacons; stations that look for its SSID find it."""
        self._access_points.append(access_point)
        ssid = access_point.settings.ssid
        for station in list(self._seekers):
            if station.wanted_ssid == ssid and access_point in self.audible(station.mac):
                self._seekers.remove(station)
                station.rejoin()

    def disappear(self, access_point: BeaconSender) -> None:
        """An access point sends no more beacons. Does nothing when it sent none."""
        if access_point in self._access_points:
            self._access_points.remove(access_point)

    def seek(self, station: BeaconListener) -> None:
        """``station`` waits for an access point of its SSID to appear; :meth:`BeaconListener.rejoin` is called then."""
        self._seekers.append(station)

    def stop_seeking(self, station: BeaconListener) -> None:
        """Call :meth:`seek` off. Does nothing when the station does not wait."""
        if station in self._seekers:
            self._seekers.remove(station)
