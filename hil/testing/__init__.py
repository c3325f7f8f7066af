"""Contract tests for drivers: what every power port, link, probe, fault and board type has to do.

For authors of drivers, and for the drivers of pico-hil itself. Subclass a contract in a test module of your own, define
the fixtures that it asks for, and let pytest collect it::

    class TestAcmeRelay(PowerPortContract):
        @pytest.fixture
        def make_port(self, card):
            return lambda: AcmeRelay(driver="acme-relay", host="127.0.0.1").power_port(1, MonotonicClock())

        @pytest.fixture
        def broken_port(self):
            return AcmeRelay(driver="acme-relay", host="127.0.0.1", tcp_port=1).power_port(1, MonotonicClock())

Fixtures that a subclass does not define fail with the name of what is missing.
"""

from hil.clock import MonotonicClock
from hil.invariants.watch import find_violations
from hil.testing.board_type import BoardTypeContract
from hil.testing.fault import FaultContract
from hil.testing.link import LinkContract, Recorder, make_link
from hil.testing.power_port import PowerPortContract
from hil.testing.probe import ProbeContract

__all__ = [
    "BoardTypeContract",
    "FaultContract",
    "LinkContract",
    "MonotonicClock",
    "PowerPortContract",
    "ProbeContract",
    "Recorder",
    "find_violations",
    "make_link",
]
