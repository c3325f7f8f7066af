"""A UDP port of the bench's machine that fails, over loopback: ``test_host.py`` has what needs a network card."""

import socket

import pytest

from hil.clock import MonotonicClock
from hil.errors import ProbeError
from hil.probes.host_port import HostPort

WITHIN_S = 60.0
"""Generous: the failure is there at once."""


def test_that_nothing_can_be_received_any_more_is_told_at_once_and_why() -> None:
    clock = MonotonicClock()
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
    ):
        nobody.bind(("127.0.0.1", 0))
        udp.bind(("127.0.0.1", 0))
        # Of a connected socket the kernel says when nobody is there; of a card's, when the card has gone.
        udp.connect(nobody.getsockname())
        nobody.close()
        with HostPort(udp, clock) as port:
            started_s = clock.now()
            udp.send(b"x")
            with pytest.raises(ProbeError, match=rf"could not receive on port {udp.getsockname()[1]}: refused"):
                port.receive(WITHIN_S)
            assert clock.now() - started_s < WITHIN_S
            with pytest.raises(ProbeError, match="could not receive"):
                port.check()
