"""The contract of probes, for the two kinds that a virtual bench can have."""

from collections.abc import Callable

import pytest

from hil.probes import Probe
from hil.testing import ProbeContract
from hil.virtual.air.radio import Radio
from hil.virtual.air.tcp_socket import TcpSocket
from tests.probes.conftest import MakeProbe
from tests.virtual.air.conftest import RadioWorld, udp_on

AP = "192.168.4.1"
PERIOD_US = 1000
"""Microseconds of rig time between two looks of the peer at its sockets."""


class TestOnTheVirtualBench(ProbeContract):
    @pytest.fixture
    def access_point(self, net: RadioWorld) -> Radio:
        return net.access_point()

    @pytest.fixture
    def probe(self, access_point: Radio, make_probe: MakeProbe) -> Probe:
        return make_probe()

    @pytest.fixture
    def udp_echo(self, net: RadioWorld, access_point: Radio) -> tuple[str, int]:
        udp = udp_on(access_point, 5000)

        def look() -> None:
            if (received := udp.receive(1000)) is not None:
                udp.send_to(*received)
            net.world.after(PERIOD_US, look)

        look()
        return AP, 5000

    @pytest.fixture
    def tcp_echo(self, net: RadioWorld, access_point: Radio) -> tuple[str, int]:
        server = access_point.tcp_socket()
        server.bind(("0.0.0.0", 1234))
        server.listen()
        accepted: list[TcpSocket] = []

        def look() -> None:
            if (arrived := server.accept()) is not None:
                accepted.append(arrived[0])
            for connection in accepted:
                if data := connection.receive(1000):
                    connection.send(data)
            net.world.after(PERIOD_US, look)

        look()
        return AP, 1234

    @pytest.fixture
    def closed(self, access_point: Radio) -> tuple[str, int]:
        return AP, 9

    @pytest.fixture
    def peer_sends(self, access_point: Radio) -> Callable[[bytes, tuple[str, int]], None]:
        udp = udp_on(access_point, 6000)

        def send(data: bytes, to: tuple[str, int]) -> None:
            udp.send_to(data, to)

        return send
