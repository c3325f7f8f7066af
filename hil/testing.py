"""Contract tests for drivers: what every power port, link and probe has to do.

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

from collections.abc import Callable

import pytest

from hil.clock import Clock
from hil.errors import LinkError, PowerError, ProbeError, WaitTimeout
from hil.links import SerialLink
from hil.power import PowerPort
from hil.probes import Probe

WAIT_S = 15.0
"""Deadline of each wait, in seconds of rig time: generous, since a driver that works answers within milliseconds."""


def _missing(contract: object, fixture: str, what: str) -> pytest.UsageError:
    return pytest.UsageError(f"{type(contract).__name__}: define the fixture `{fixture}`: {what}")


class PowerPortContract:
    """What every :class:`hil.abc.PowerPort` has to do."""

    @pytest.fixture
    def make_port(self) -> Callable[[], PowerPort]:
        """Makes a new driver object for one and the same outlet at each call."""
        raise _missing(self, "make_port", "returns a function that makes a port object for the same outlet each time")

    @pytest.fixture
    def broken_port(self) -> PowerPort:
        """A port that cannot be reached: its hub is absent, or its server does not answer."""
        raise _missing(self, "broken_port", "returns a port whose hub or outlet cannot be reached")

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


class Recorder:
    """A ``LinkListener`` that keeps what it was called with."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.data = b""
        self.times_s: list[float] = []
        self.connections = 0
        self.disconnections = 0

    def received(self, time_s: float, data: bytes) -> None:
        """Keep ``data``."""
        self.data += data
        self.times_s.append(time_s)
        self._clock.notice()

    def connected(self, time_s: float, missed: str = "") -> None:  # noqa: ARG002  # the protocol's names
        """Count it."""
        self.connections += 1
        self._clock.notice()

    def disconnected(self, time_s: float) -> None:  # noqa: ARG002  # the protocol's name
        """Count it."""
        self.disconnections += 1
        self._clock.notice()


class LinkContract:
    """What every :class:`hil.abc.SerialLink` has to do, shown with a device that echoes.

    The prompt of a MicroPython board echoes printable characters, so a real board serves as well as a loop-back.
    """

    @pytest.fixture
    def link(self) -> SerialLink:
        """The link under test, not started. Its device is plugged in, and echoes every printable character."""
        raise _missing(self, "link", "returns a link that is not started, to a device that echoes")

    @pytest.fixture
    def clock(self) -> Clock:
        """The clock that the link was made with."""
        raise _missing(self, "clock", "returns the clock that the link was made with")

    @pytest.fixture
    def unplug(self) -> Callable[[], None]:
        """Makes the device go away, as a pulled cable or a power cut does."""
        raise _missing(self, "unplug", "returns a function that makes the device go away")

    @pytest.fixture
    def plug_in(self) -> Callable[[], None]:
        """Makes the device come back after ``unplug``."""
        raise _missing(self, "plug_in", "returns a function that makes the device come back")

    @pytest.fixture
    def recorder(self, link: SerialLink, clock: Clock) -> Recorder:
        """A listener on the link, once the port is open."""
        recorder = Recorder(clock)
        link.start(recorder)
        assert clock.wait(lambda: link.is_connected, WAIT_S), f"the port was not opened: {link.obstacle}"
        return recorder

    def test_bytes_go_both_ways(self, link: SerialLink, clock: Clock, recorder: Recorder) -> None:
        """What is written reaches the device, and its answer the listener, at times that do not decrease."""
        link.write(b"0123456789")
        assert clock.wait(lambda: b"0123456789" in recorder.data, WAIT_S)
        assert recorder.connections == 1
        assert recorder.times_s == sorted(recorder.times_s)
        assert recorder.times_s[-1] <= clock.now()

    def test_a_device_that_comes_back_is_opened_again(
        self,
        link: SerialLink,
        clock: Clock,
        recorder: Recorder,
        unplug: Callable[[], None],
        plug_in: Callable[[], None],
    ) -> None:
        """The listener is called with both, and the link carries bytes again."""
        unplug()
        assert clock.wait(lambda: recorder.disconnections == 1 and not link.is_connected, WAIT_S)
        with pytest.raises(LinkError):
            link.write(b"lost")
        plug_in()
        assert clock.wait(lambda: recorder.connections == 2 and link.is_connected, WAIT_S)
        link.write(b"again")
        assert clock.wait(lambda: b"again" in recorder.data, WAIT_S)

    def test_stop_closes_the_port_until_start(self, link: SerialLink, clock: Clock, recorder: Recorder) -> None:
        """After ``stop()`` the device may lose power; ``start()`` opens it again."""
        link.stop()
        assert not link.is_connected
        link.stop()
        link.start(recorder)
        assert clock.wait(lambda: link.is_connected, WAIT_S)
        link.write(b"resumed")
        assert clock.wait(lambda: b"resumed" in recorder.data, WAIT_S)

    def test_a_closed_port_is_a_link_error(self, link: SerialLink) -> None:
        """Nothing is sent, or lent out, before the port is open."""
        with pytest.raises(LinkError):
            link.write(b"too early")
        with pytest.raises(LinkError), link.borrow():
            pass

    def test_a_borrowed_port_is_exclusive(self, link: SerialLink, clock: Clock, recorder: Recorder) -> None:
        """While the port is lent, the borrower reads the answers and the listener gets nothing."""
        with link.borrow() as port:
            port.timeout = WAIT_S
            port.write(b"exclusive")
            answer = b""
            while b"exclusive" not in answer and (data := port.read(1)):
                answer += data
        assert b"exclusive" in answer
        link.write(b"shared")
        assert clock.wait(lambda: b"shared" in recorder.data, WAIT_S)
        assert b"exclusive" not in recorder.data


class ProbeContract:
    """What every :class:`hil.abc.Probe` has to do, in a Wi-Fi in which a peer answers."""

    @pytest.fixture
    def probe(self) -> Probe:
        """The probe under test, which has not joined."""
        raise _missing(self, "probe", "returns a probe that has not joined")

    @pytest.fixture
    def udp_echo(self) -> tuple[str, int]:
        """Address and port in the Wi-Fi that send every datagram back to where it came from."""
        raise _missing(self, "udp_echo", "returns (address, port) of a UDP echo service in the Wi-Fi")

    @pytest.fixture
    def tcp_echo(self) -> tuple[str, int]:
        """Address and port in the Wi-Fi that send back what they receive over TCP."""
        raise _missing(self, "tcp_echo", "returns (address, port) of a TCP echo service in the Wi-Fi")

    @pytest.fixture
    def closed(self) -> tuple[str, int]:
        """Address of a peer and a port of it on which nothing listens, neither UDP nor TCP."""
        raise _missing(self, "closed", "returns (address, port) of a peer that has nothing there")

    def test_joins_and_leaves(self, probe: Probe) -> None:
        """It has an address exactly while it has joined; joining twice changes nothing."""
        assert probe.address == ""
        probe.join()
        address = probe.address
        assert address.count(".") == 3
        probe.join()
        assert probe.address == address
        probe.leave()
        assert probe.address == ""

    def test_can_be_used_again_after_close(self, probe: Probe, udp_echo: tuple[str, int]) -> None:
        """``close()`` gives everything back; the next use starts again."""
        probe.join()
        probe.close()
        assert probe.address == ""
        assert probe.request(b"AGAIN", udp_echo).data == b"AGAIN"

    def test_request_joins_and_returns_the_answer(self, probe: Probe, udp_echo: tuple[str, int]) -> None:
        """The answer has its sender; the probe joins by itself."""
        answer = probe.request(b"WHO", udp_echo)
        assert (answer.data, answer.sender) == (b"WHO", udp_echo)

    def test_no_answer_is_a_timeout(self, probe: Probe, closed: tuple[str, int]) -> None:
        """Not a bench error: the firmware did not answer."""
        with pytest.raises(WaitTimeout):
            probe.request(b"WHO", closed, within_s=0.2, tries=2)

    def test_a_listener_keeps_what_arrives(self, probe: Probe, udp_echo: tuple[str, int]) -> None:
        """In order, with non-decreasing times; the port is free again afterwards."""
        probe.join()
        for _ in range(2):
            with probe.listen(5001) as listener:
                for payload in (b"ONE", b"TWO"):
                    probe.send(payload, udp_echo, source_port=5001)
                    assert listener.receive(WAIT_S).data == payload
                with pytest.raises(WaitTimeout):
                    listener.receive(0.1)
                times_s = [datagram.time_s for datagram in listener.received]
                assert len(times_s) == 2
                assert times_s == sorted(times_s)

    def test_tcp_carries_bytes_both_ways(self, probe: Probe, tcp_echo: tuple[str, int]) -> None:
        """``receive`` returns what there is, up to the size asked for."""
        with probe.connect(tcp_echo) as connection:
            connection.send(b"HELLO")
            received = b""
            while len(received) < 5 and (data := connection.receive(5 - len(received), WAIT_S)):
                received += data
            assert received == b"HELLO"

    def test_a_refused_connection_is_a_probe_error(self, probe: Probe, closed: tuple[str, int]) -> None:
        """With a text that says where."""
        with pytest.raises(ProbeError, match=closed[0]), probe.connect(closed):
            pass
