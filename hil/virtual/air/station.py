"""The station interface of a chip: joins an access point, notices when it is gone, joins again."""

from collections.abc import Callable

from hil.virtual.air.addressing import UNCONFIGURED, Addressing
from hil.virtual.air.association import Admission, BeaconListener, BeaconSender
from hil.virtual.air.dhcp_client import DhcpClient
from hil.virtual.air.interface import Interface, LinkStatus
from hil.virtual.air.limits import KEY_MAX, SSID_MAX
from hil.virtual.air.medium import Air
from hil.virtual.air.packets import Deauthentication, DhcpMessage, IpPacket, Packet
from hil.virtual.air.scan import Scan
from hil.virtual.air.timing import (
    ASSOCIATION,
    LINK_LOSS,
    WRONG_KEY_FAIL_FIRST,
    WRONG_KEY_SECOND_TRY,
    Span,
)
from hil.virtual.call import BoardOSError
from hil.virtual.rp2_errno import Errno
from hil.virtual.world import ScheduledEvent


class Station(BeaconListener):
    """One station. What it does next is a single event in the world; an idle or connected station schedules none."""

    def __init__(
        self,
        air: Air,
        mac: bytes,
        on_change: Callable[[], None],
        on_address_lost: Callable[[str], None],
    ) -> None:
        super().__init__(mac)
        self._air = air
        self._on_change = on_change
        self._on_address_lost = on_address_lost
        self._dhcp = DhcpClient(air.world, mac, self._send_dhcp, self._bind)
        self.uses_dhcp = True
        """Whether the address comes from the access point; false once one was set by hand."""
        self._key = ""
        self._failure: LinkStatus | None = None
        self._is_joining = False
        self._next: ScheduledEvent | None = None
        self.wanted_ssid = ""
        self.access_point: BeaconSender | None = None
        """Where it is associated; it may have vanished without the station having noticed."""

    @property
    def has_link(self) -> bool:
        return self.access_point is not None

    @property
    def status(self) -> LinkStatus:
        if self.access_point is not None:
            return LinkStatus.UP if self.is_up else LinkStatus.NO_IP
        if self._failure is not None:
            return self._failure
        return LinkStatus.JOINING if self._is_joining else LinkStatus.IDLE

    @property
    def is_connected(self) -> bool:
        return self.is_up

    # ---- on and off

    def activate(self) -> None:
        self.is_active = True

    def deactivate(self) -> None:
        """Leave the access point in order, forget the address, switch off."""
        self.disconnect()
        self.is_active = False
        self.uses_dhcp = True
        self._set_addressing(UNCONFIGURED)

    def vanish(self) -> None:
        if self.access_point is not None:
            self.access_point.fell_silent(self)
            self.access_point = None
        self.deactivate()

    def set_addressing(self, addressing: Addressing | None) -> None:
        """Set the address by hand, or with None return to DHCP."""
        self.uses_dhcp = addressing is None
        self._dhcp.stop()
        self._set_addressing(addressing or UNCONFIGURED)
        if addressing is None and self.has_link:
            self._dhcp.start(UNCONFIGURED)

    # ---- joining

    def connect(self, ssid: str, key: str) -> None:
        """Start to join. Raises EPERM when not active."""
        self._require_active()
        self.disconnect()
        self.wanted_ssid = ssid[:SSID_MAX]
        self._key = key[:KEY_MAX]
        self._is_joining = True
        self._schedule(ASSOCIATION, lambda: self._associate(is_rejoining=False))

    def disconnect(self) -> None:
        """Leave the access point, or stop trying. The address stays until the next one is granted."""
        self._cancel_next()
        self._dhcp.stop()
        self._air.stop_seeking(self)
        if self.access_point is not None:
            if self._air.can_hear(self.mac, self.access_point.mac):
                self.access_point.forget(self)
            self.access_point = None
        self._is_joining = False
        self._failure = None
        self._on_change()

    def rejoin(self) -> None:
        self._schedule(ASSOCIATION, lambda: self._associate(is_rejoining=True))

    def _associate(self, is_rejoining: bool) -> None:
        access_point = self._air.best_access_point(self)
        if access_point is None:
            if is_rejoining:
                self._air.seek(self)
            else:
                self._fail(LinkStatus.NO_AP)
            return
        admission = access_point.admit(self, self._key)
        if admission is Admission.ADMITTED:
            self._link_up(access_point)
        elif admission is Admission.FULL:
            self._fail(LinkStatus.FAIL)
        elif self._air.world.rng.random() < WRONG_KEY_FAIL_FIRST:
            self._fail(LinkStatus.FAIL)
            self._schedule(WRONG_KEY_SECOND_TRY, lambda: self._fail(LinkStatus.BAD_AUTH))
        else:
            self._fail(LinkStatus.BAD_AUTH)

    def _fail(self, failure: LinkStatus) -> None:
        self._is_joining = False
        self._failure = failure
        self._on_change()

    def _link_up(self, access_point: BeaconSender) -> None:
        self.access_point = access_point
        self._is_joining = False
        if self.uses_dhcp:
            self._dhcp.start(self.addressing)
        self._on_change()

    # ---- losing the link

    def beacons_stopped(self, access_point: BeaconSender) -> None:
        if self.access_point is access_point:
            self._schedule(LINK_LOSS, self._link_lost)

    def beacons_back(self, access_point: BeaconSender) -> bool:
        if self.access_point is not access_point:
            return False
        self._cancel_next()
        return True

    def _link_lost(self) -> None:
        self._cancel_next()
        self._dhcp.stop()
        self.access_point = None
        self._is_joining = True
        if self._air.best_access_point(self) is None:
            self._air.seek(self)
        else:
            self.rejoin()
        self._on_change()

    # ---- scanning

    def start_scan(self) -> Scan:
        """Start to listen for access points. Raises EPERM when not active."""
        self._require_active()
        return Scan(self._air, self.mac, self._on_change)

    # ---- packets

    def transmit(self, packet: IpPacket) -> None:
        if self.access_point is not None:
            self._air.carry(self, self.access_point, packet)

    def receive(self, sender: Interface, packet: Packet) -> None:
        if sender is not self.access_point:
            return
        if isinstance(packet, Deauthentication):
            self._link_lost()
        elif isinstance(packet, DhcpMessage):
            if packet.client_mac == self.mac:
                self._dhcp.take(packet)
        else:
            self.hand_up(packet)

    def _send_dhcp(self, message: DhcpMessage) -> None:
        if self.access_point is not None:
            self._air.carry(self, self.access_point, message)

    def _bind(self, addressing: Addressing) -> None:
        self._set_addressing(addressing)
        self._on_change()

    def _set_addressing(self, addressing: Addressing) -> None:
        previous, self.addressing = self.addressing, addressing
        if previous != UNCONFIGURED and previous.address != addressing.address:
            self._on_address_lost(previous.address)

    # ---- what comes next

    def _require_active(self) -> None:
        if not self.is_active:
            raise BoardOSError(Errno.EPERM)

    def _schedule(self, delay: Span, action: Callable[[], None]) -> None:
        self._cancel_next()
        self._next = self._air.world.after(delay.draw_us(self._air.world.rng), action)

    def _cancel_next(self) -> None:
        if self._next is not None:
            self._next.cancel()
            self._next = None
