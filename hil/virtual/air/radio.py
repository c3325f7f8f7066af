"""One CYW43 chip and the IP stack on top of it: the whole network hardware of one board or probe."""

from collections.abc import Callable, Mapping

from hil.probes.dns_message import MDNS_PORT
from hil.virtual.air.access_point import AccessPoint
from hil.virtual.air.addressing import Addressing
from hil.virtual.air.interface import Interface
from hil.virtual.air.ip import IpLayer
from hil.virtual.air.limits import HOSTNAME_MAX
from hil.virtual.air.mdns import MdnsResponder
from hil.virtual.air.medium import Air
from hil.virtual.air.packets import IpPacket, UdpDatagram
from hil.virtual.air.resolver import Lookup, Resolver
from hil.virtual.air.station import Station
from hil.virtual.air.tcp import TcpLayer
from hil.virtual.air.tcp_socket import TcpSocket
from hil.virtual.air.timing import POWER_UP
from hil.virtual.air.udp import UdpLayer, UdpSocket
from hil.virtual.call import BoardValueError
from hil.virtual.world import ScheduledEvent, World

DEFAULT_HOSTNAME = "PicoW"

CHIP_SETTINGS: Mapping[str, object] = {"antenna": 0, "pm": 0xA11142, "txpower": 31}
"""Settings after power-on that are kept and shown, without effect on the simulation. MicroPython cyw43 driver."""


class Radio:
    """The radio of one board.

    ``on_change`` is called when something has changed that a blocked call may wait for; ``print_line`` takes what the
    chip's DHCP server prints on the board's console. Neither is called while the radio is off. ``announces``: whether
    it has an mDNS responder, as every board has. ``hostname``: its name after power-on.
    """

    def __init__(
        self,
        world: World,
        air: Air,
        mac: bytes,
        on_change: Callable[[], None],
        print_line: Callable[[str], None],
        *,
        announces: bool = True,
        hostname: str = DEFAULT_HOSTNAME,
    ) -> None:
        self.world = world
        self._announces = announces
        self._default_hostname = hostname
        self._responders: dict[Interface, MdnsResponder] = {}
        self._on_change = on_change
        self._powering_up: ScheduledEvent | None = None
        self.mac = mac
        self.is_powered = False
        self.hostname = self._default_hostname
        self.chip_settings = dict(CHIP_SETTINGS)
        self._ip = IpLayer(world, self._deliver, self._changed)
        self._udp = UdpLayer(self._ip)
        self._tcp = TcpLayer(self._ip)
        self.station = Station(air, mac, self._changed, self._tcp.address_lost)
        self.access_point = AccessPoint(air, mac, self._changed, print_line)
        self._resolver = Resolver(self._udp, lambda: self.station.addressing.name_server)

    def _changed(self) -> None:
        for responder in self._responders.values():
            responder.refresh()
        if self.is_powered:
            self._on_change()

    def _deliver(self, own: Addressing, packet: IpPacket) -> None:
        if not isinstance(packet, UdpDatagram):
            self._tcp.receive(own, packet)
        elif packet.destination[1] != MDNS_PORT:
            self._udp.receive(own, packet)
        else:
            for responder in self._responders.values():
                responder.receive(own, packet)

    # ---- power

    def power_up(self) -> None:
        """Start to load the chip's firmware; ``is_powered`` after about a second. Does nothing when on its way."""
        if not self.is_powered and self._powering_up is None:
            self._powering_up = self.world.after(POWER_UP.draw_us(self.world.rng), self._powered_up)

    def _powered_up(self) -> None:
        self._powering_up = None
        self.is_powered = True
        self._changed()

    def power_off(self) -> None:
        """Vanish silently, as in a power cut or hard reset; everything but the MAC is forgotten."""
        self._switch_off()
        self._resolver.forget()
        self._udp.close_all()
        self._tcp.drop_all()
        self._ip.restart()
        self.station.vanish()
        self.access_point.vanish()
        self.access_point.restore_defaults()
        self.hostname = self._default_hostname
        self.chip_settings = dict(CHIP_SETTINGS)

    def deinit(self) -> None:
        """Switch the chip off in order, with both interfaces; sockets and settings stay."""
        self.deactivate(self.station)
        self.deactivate(self.access_point)
        self._switch_off()

    def _switch_off(self) -> None:
        self.is_powered = False
        if self._powering_up is not None:
            self._powering_up.cancel()
            self._powering_up = None
        for interface in (self.station, self.access_point):
            self._ip.remove_interface(interface)
            self._stop_announcing(interface)

    # ---- interfaces

    def activate(self, interface: Interface) -> None:
        """Switch an interface on; the chip must be powered."""
        self._ip.add_interface(interface)
        if self._announces and interface not in self._responders:
            self._responders[interface] = MdnsResponder(self.world, interface, self.hostname)
        interface.activate()

    def deactivate(self, interface: Interface) -> None:
        """Switch an interface off in order."""
        interface.deactivate()
        self._ip.remove_interface(interface)
        self._stop_announcing(interface)

    def _stop_announcing(self, interface: Interface) -> None:
        responder = self._responders.pop(interface, None)
        if responder is not None:
            responder.stop()

    # ---- sockets and names

    def udp_socket(self) -> UdpSocket:
        """A new UDP socket. Raises ENOMEM."""
        return UdpSocket(self._udp)

    def tcp_socket(self) -> TcpSocket:
        """A new TCP socket. Raises ENOMEM."""
        return TcpSocket(self._tcp)

    def close_sockets(self) -> None:
        """Close all sockets, as a soft reset does; the interfaces stay as they are."""
        self._resolver.abandon()
        self._udp.close_all()
        self._tcp.close_all()

    def look_up(self, name: str) -> Lookup:
        """Ask for the address behind ``name``; ``on_change`` is called once it is known. Raises ``OSError(-1)``."""
        return self._resolver.look_up(name)

    def set_hostname(self, hostname: str) -> None:
        """Take another name, which interfaces announce that are switched on later.

        Raises ``ValueError`` on the board when it is too long.
        """
        if len(hostname) > HOSTNAME_MAX:
            raise BoardValueError("")
        self.hostname = hostname
