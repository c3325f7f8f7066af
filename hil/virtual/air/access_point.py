"""The access point interface of a chip: admits stations, forwards their packets, leases addresses."""

from collections.abc import Callable
from dataclasses import dataclass

from hil.virtual.air.addressing import BROADCAST, Addressing, is_multicast
from hil.virtual.air.association import AccessPointSettings, Admission, BeaconListener, BeaconSender
from hil.virtual.air.dhcp_server import DhcpServer
from hil.virtual.air.interface import Interface, LinkStatus
from hil.virtual.air.limits import STATIONS_MAX
from hil.virtual.air.medium import Air
from hil.virtual.air.packets import Deauthentication, DhcpMessage, IpPacket, Packet
from hil.virtual.air.timing import AP_START, SILENT_STATION
from hil.virtual.world import ScheduledEvent

DEFAULT_ADDRESSING = Addressing("192.168.4.1", "255.255.255.0", "192.168.4.1", "192.168.4.1")


@dataclass(slots=True)
class _Member:
    station: BeaconListener
    departure: ScheduledEvent | None = None
    """When a member that fell silent will be forgotten."""
    is_out_of_reach: bool = False


class AccessPoint(BeaconSender):
    """One access point. Between :meth:`activate` and its first beacon passes a moment."""

    def __init__(self, air: Air, mac: bytes, on_change: Callable[[], None], print_line: Callable[[str], None]) -> None:
        super().__init__(mac)
        self._air = air
        self._on_change = on_change
        self._print_line = print_line
        self._start: ScheduledEvent | None = None
        self._members: dict[bytes, _Member] = {}
        self._beacons = False
        self.restore_defaults()

    def restore_defaults(self) -> None:
        """Settings and address as after power-on."""
        self.settings = AccessPointSettings(ssid="PICO" + self.mac[-2:].hex().upper())
        self.addressing = DEFAULT_ADDRESSING
        self._dhcp = self._new_dhcp_server()

    def _new_dhcp_server(self) -> DhcpServer:
        return DhcpServer(self._air.world, self.addressing, self._print_line)

    # ---- on and off

    @property
    def has_link(self) -> bool:
        return self._beacons

    @property
    def status(self) -> LinkStatus:
        # An access point knows no other status.
        return LinkStatus.UP if self._beacons else LinkStatus.IDLE

    @property
    def is_connected(self) -> bool:
        """Whether it is up and has at least one station."""
        return self._beacons and bool(self._members)

    @property
    def station_macs(self) -> list[bytes]:
        """MACs of the stations it counts as connected, in order of association."""
        return list(self._members)

    def activate(self) -> None:
        """Start, with no station and all leases free. Does nothing when active."""
        if not self.is_active:
            self.is_active = True
            self._dhcp = self._new_dhcp_server()
            self._start = self._air.world.after(AP_START.draw_us(self._air.world.rng), self._first_beacon)

    def _first_beacon(self) -> None:
        self._start = None
        self._beacons = True
        self._air.appear(self)
        self._on_change()

    def deactivate(self) -> None:
        for member in self._stop():
            self._air.carry(self, member.station, Deauthentication())
        self._on_change()

    def vanish(self) -> None:
        self._stop()

    def _stop(self) -> list[_Member]:
        self.is_active = False
        self._beacons = False
        if self._start is not None:
            self._start.cancel()
            self._start = None
        self._air.disappear(self)
        members = list(self._members.values())
        self._members.clear()
        for member in members:
            member.station.beacons_stopped(self)
            if member.departure is not None:
                member.departure.cancel()
        return members

    def configure(self, settings: AccessPointSettings) -> None:
        """Apply ``settings``. An active access point restarts, which empties its leases."""
        self.settings = settings
        if self.is_active:
            self.deactivate()
            self.activate()

    def set_addressing(self, addressing: Addressing) -> None:
        """Take another address; leases of the old network are forgotten."""
        if addressing != self.addressing:
            self.addressing = addressing
            self._dhcp = self._new_dhcp_server()

    # ---- stations

    def admit(self, station: BeaconListener, key: str) -> Admission:
        if not self.settings.accepts(key):
            return Admission.WRONG_KEY
        if station.mac not in self._members and len(self._members) >= STATIONS_MAX:
            return Admission.FULL
        self.forget(station)
        self._members[station.mac] = _Member(station)
        self._on_change()
        return Admission.ADMITTED

    def forget(self, station: BeaconListener) -> None:
        member = self._members.pop(station.mac, None)
        if member is not None and member.departure is not None:
            member.departure.cancel()

    def fell_silent(self, station: BeaconListener) -> None:
        member = self._members.get(station.mac)
        if member is not None and member.departure is None:
            delay_us = SILENT_STATION.draw_us(self._air.world.rng)
            member.departure = self._air.world.after(delay_us, lambda: self.forget(station))

    def reach_changed(self) -> None:
        for member in list(self._members.values()):
            station = member.station
            was_out_of_reach = member.is_out_of_reach
            member.is_out_of_reach = not self._air.can_hear(self.mac, station.mac)
            if member.is_out_of_reach and not was_out_of_reach:
                self.fell_silent(station)
                station.beacons_stopped(self)
            elif was_out_of_reach and not member.is_out_of_reach and station.beacons_back(self):
                if member.departure is not None:
                    member.departure.cancel()
                member.departure = None

    # ---- packets

    def transmit(self, packet: IpPacket) -> None:
        self._forward(packet, None)

    def receive(self, sender: Interface, packet: Packet) -> None:
        if not self._beacons:
            return
        if sender.mac not in self._members:
            # The station does not know yet that the access point it joined has restarted.
            self._air.carry(self, sender, Deauthentication())
        elif isinstance(packet, DhcpMessage):
            reply = self._dhcp.answer(packet)
            if reply is not None:
                self._air.carry(self, sender, reply)
        elif not isinstance(packet, Deauthentication):
            self._receive_ip(sender, packet)

    def _receive_ip(self, sender: Interface, packet: IpPacket) -> None:
        address = packet.destination[0]
        if address == self.addressing.address:
            self.hand_up(packet)
        else:
            self._forward(packet, sender)
            if self._is_for_many(address):
                self.hand_up(packet)

    def _forward(self, packet: IpPacket, sender: Interface | None) -> None:
        """To the station that has the address, or to all of them; never back to the sender."""
        address = packet.destination[0]
        everyone = self._is_for_many(address)
        for member in list(self._members.values()):
            station = member.station
            if station is not sender and (everyone or station.addressing.address == address):
                self._air.carry(self, station, packet, origin=sender)
                if not everyone:
                    return

    def _is_for_many(self, address: str) -> bool:
        # It does not know who is in which group: multicast goes to all, as broadcast does.
        return address in (BROADCAST, self.addressing.broadcast) or is_multicast(address)
