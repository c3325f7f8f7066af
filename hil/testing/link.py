"""The contract of links."""

from collections.abc import Callable

import pytest

from hil.clock import Clock
from hil.config.board_type import default_board_type
from hil.errors import LinkError
from hil.host.usb_devices import UsbMonitor
from hil.links import Address, LinkSite, SerialLink
from hil.links.reader import PortLink
from hil.testing.contract import WAIT_S, missing_fixture


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
        self._clock.notify()

    def connected(self, time_s: float, missed: str = "") -> None:  # noqa: ARG002  # the protocol's names
        """Count it."""
        self.connections += 1
        self._clock.notify()

    def disconnected(self, time_s: float) -> None:  # noqa: ARG002  # the protocol's name
        """Count it."""
        self.disconnections += 1
        self._clock.notify()


def make_link(address: type[Address], link: str, clock: Clock) -> SerialLink:
    """The link that a rig makes for a board with ``link: LINK`` that is not on USB, not started. Stop it at the end."""

    def usb() -> UsbMonitor:
        raise LookupError(f"{link} is not on USB")

    site = LinkSite(link=link, board_type=default_board_type(), clock=clock, serial="", usb_port=None, usb=usb)
    return PortLink("under test", address(site), clock)


class LinkContract:
    """What every :class:`hil.abc.SerialLink` has to do, shown with a device that echoes.

    The prompt of a MicroPython board echoes printable characters, so a real board serves as well as a loop-back.
    """

    @pytest.fixture
    def link(self) -> SerialLink:
        """The link under test, not started. Its device is plugged in, and echoes every printable character."""
        raise missing_fixture(self, "link", "returns a link that is not started, to a device that echoes")

    @pytest.fixture
    def clock(self) -> Clock:
        """The clock that the link was made with."""
        raise missing_fixture(self, "clock", "returns the clock that the link was made with")

    @pytest.fixture
    def unplug(self) -> Callable[[], None]:
        """Makes the device go away, as a pulled cable or a power cut does."""
        raise missing_fixture(self, "unplug", "returns a function that makes the device go away")

    @pytest.fixture
    def plug_in(self) -> Callable[[], None]:
        """Makes the device come back after ``unplug``."""
        raise missing_fixture(self, "plug_in", "returns a function that makes the device come back")

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
