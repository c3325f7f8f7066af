"""The contract of power ports."""

from collections.abc import Callable

import pytest

from hil.errors import PowerError
from hil.power import PowerPort
from hil.testing.contract import missing_fixture


class PowerPortContract:
    """What every :class:`hil.abc.PowerPort` has to do."""

    @pytest.fixture
    def make_port(self) -> Callable[[], PowerPort]:
        """Makes a new driver object for one and the same outlet at each call."""
        raise missing_fixture(
            self, "make_port", "returns a function that makes a port object for the same outlet each time"
        )

    @pytest.fixture
    def broken_port(self) -> PowerPort:
        """A port that cannot be reached: its hub is absent, or its server does not answer."""
        raise missing_fixture(self, "broken_port", "returns a port whose hub or outlet cannot be reached")

    def test_on_supplies_power(self, make_port: Callable[[], PowerPort]) -> None:
        """``on()`` returns once the port reports that it is on."""
        port = make_port()
        port.on()
        assert port.is_on() is True

    def test_off_cuts_power(self, make_port: Callable[[], PowerPort]) -> None:
        """``off()`` returns once the port reports that it is off."""
        port = make_port()
        port.on()
        port.off()
        assert port.is_on() is False

    def test_switching_twice_changes_nothing(self, make_port: Callable[[], PowerPort]) -> None:
        """``on()`` of a port that is on leaves it on; the same for ``off()``."""
        port = make_port()
        port.on()
        port.on()
        assert port.is_on() is True
        port.off()
        port.off()
        assert port.is_on() is False

    def test_state_is_read_from_the_outlet(self, make_port: Callable[[], PowerPort]) -> None:
        """``is_on()`` asks the outlet. A value remembered by the driver is wrong once anybody else has switched it."""
        first, second = make_port(), make_port()
        first.on()
        assert second.is_on() is True
        second.off()
        assert first.is_on() is False

    def test_a_new_port_object_switches_nothing(self, make_port: Callable[[], PowerPort]) -> None:
        """Constructing a driver has no effect: `hil doctor` and dry runs construct every port."""
        make_port().on()
        assert make_port().is_on() is True

    @pytest.mark.parametrize("operation", ["on", "off", "is_on"])
    def test_failure_is_a_power_error(self, broken_port: PowerPort, operation: str) -> None:
        """Whatever fails raises ``PowerError`` with a text, so that it counts as a bench error and can be retried."""
        with pytest.raises(PowerError) as caught:
            getattr(broken_port, operation)()
        assert str(caught.value).strip()
