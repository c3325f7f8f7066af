"""A small radio world without boards: radios that tests drive directly."""

from collections.abc import Callable

import pytest

from hil.virtual.air.addressing import Endpoint
from hil.virtual.air.association import AccessPointSettings
from hil.virtual.air.medium import Air
from hil.virtual.air.radio import Radio
from hil.virtual.air.udp import UdpSocket
from hil.virtual.bench.clock import VirtualClock
from hil.virtual.call import BoardOSError
from hil.virtual.world import US_PER_S, World

SSID = "PicoAP"
KEY = "pico1234"


class RadioWorld:
    """A world, its air and the radios in it; everything that their consoles would show is in ``printed``."""

    def __init__(self, seed: int = 1) -> None:
        self.world = World(seed)
        self.air = Air(self.world)
        self.clock = VirtualClock(self.world)
        self.printed: list[str] = []
        self._radios = 0

    def radio(self) -> Radio:
        """One more radio, powered up."""
        self._radios += 1
        mac = bytes((0x28, 0xCD, 0xC1, 0, 0, self._radios))
        radio = Radio(self.world, self.air, mac, self.world.notify, self.printed.append)
        self.power_up(radio)
        return radio

    def power_up(self, radio: Radio) -> None:
        radio.power_up()
        assert self.clock.wait(lambda: radio.is_powered, 2)

    def access_point(self, ssid: str = SSID, key: str = KEY) -> Radio:
        """A radio whose access point is on the air."""
        radio = self.radio()
        self.open_access_point(radio, ssid, key)
        return radio

    def open_access_point(self, radio: Radio, ssid: str = SSID, key: str = KEY) -> None:
        radio.access_point.configure(AccessPointSettings(ssid=ssid, key=key))
        radio.activate(radio.access_point)
        assert self.clock.wait(lambda: radio.access_point.has_link, 1)

    def client(self) -> Radio:
        """A radio whose station has joined and has an address."""
        radio = self.radio()
        self.start_joining(radio)
        self.wait_joined(radio)
        return radio

    def start_joining(self, radio: Radio, key: str = KEY) -> None:
        radio.activate(radio.station)
        radio.station.connect(SSID, key)

    def wait_joined(self, radio: Radio, within_s: float = 5) -> None:
        assert self.clock.wait(lambda: radio.station.is_connected, within_s), radio.station.status

    def run(self, duration_s: float) -> None:
        self.clock.sleep(duration_s)

    @property
    def now_s(self) -> float:
        return self.world.now_us / US_PER_S


def address(radio: Radio) -> str:
    """The address of a radio's station."""
    return radio.station.addressing.address


def errno_of(action: Callable[[], object]) -> int:
    """The errno of the ``BoardOSError`` that ``action`` raises."""
    with pytest.raises(BoardOSError) as caught:
        action()
    return caught.value.errno


def udp_on(radio: Radio, port: int) -> UdpSocket:
    """A UDP socket bound to ``port``."""
    udp = radio.udp_socket()
    udp.bind(("0.0.0.0", port))
    return udp


def all_received(udp: UdpSocket) -> list[tuple[bytes, Endpoint]]:
    """Everything that waits in a socket, oldest first."""
    received = []
    while (datagram := udp.receive(2000)) is not None:
        received.append(datagram)
    return received


@pytest.fixture
def net() -> RadioWorld:
    """A radio world with nothing in it."""
    return RadioWorld()
