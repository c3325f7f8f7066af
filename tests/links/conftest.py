"""Serial devices that are pseudo-terminals, a listener that records, and links between them."""

import os
import threading
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hil.clock import Clock, MonotonicClock
from hil.config.board_types.pico_w import PICO_W
from hil.host.usb_devices import UsbMonitor
from hil.links import LinkSite
from hil.links.device import DeviceAddress
from hil.links.reader import PortLink

PATIENCE_S = 8.0
"""Timeout against hanging only: everything here happens within milliseconds."""


def descriptors() -> int:
    """Number of open file descriptors of this process."""
    return len(list(Path("/proc/self/fd").iterdir()))


def link_site(link: str, clock: Clock) -> LinkSite:
    """The site of a board that is not on USB."""

    def usb() -> UsbMonitor:
        raise AssertionError("USB was asked for")

    return LinkSite(link=link, board_type=PICO_W, clock=clock, serial="", usb_port=None, usb=usb)


class PtyDevice:
    """A serial device that can be plugged in and unplugged: a pseudo-terminal at a fixed path."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._host_end = -1
        self.board_end = -1

    def plug_in(self) -> None:
        self.board_end, self._host_end = os.openpty()
        tty.setraw(self._host_end)
        # Renamed into place, as udev does, so that the path is never incomplete.
        fresh = self.path.with_suffix(".new")
        fresh.symlink_to(os.ttyname(self._host_end))
        fresh.rename(self.path)

    def unplug(self) -> None:
        if self.board_end >= 0:
            self.path.unlink()
            os.close(self._host_end)
            os.close(self.board_end)
            self.board_end = -1

    def send(self, data: bytes) -> None:
        os.write(self.board_end, data)

    def receive(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            data += os.read(self.board_end, size - len(data))
        return data


class RecordingListener:
    """A ``LinkListener`` that records what it is called with."""

    def __init__(self, clock: MonotonicClock) -> None:
        self.received_data = b""
        self.times: list[float] = []
        self.connections: list[str] = []
        self.disconnections = 0
        self._clock = clock

    def connected(self, time_s: float, missed: str = "") -> None:
        self.connections.append(missed)
        self._clock.notify()

    def disconnected(self, time_s: float) -> None:
        self.disconnections += 1
        self._clock.notify()

    def received(self, time_s: float, data: bytes) -> None:
        self.received_data += data
        self.times.append(time_s)
        self._clock.notify()

    def wait(self, condition: Callable[[], bool]) -> None:
        assert self._clock.wait(condition, PATIENCE_S)

    def wait_for(self, text: bytes) -> None:
        self.wait(lambda: text in self.received_data)


@pytest.fixture
def clock() -> MonotonicClock:
    return MonotonicClock()


@pytest.fixture
def listener(clock: MonotonicClock) -> RecordingListener:
    return RecordingListener(clock)


@pytest.fixture
def device(tmp_path: Path) -> Iterator[PtyDevice]:
    """A device, not plugged in."""
    device = PtyDevice(tmp_path / "ttyACM0")
    yield device
    device.unplug()


@pytest.fixture
def link(device: PtyDevice, clock: MonotonicClock) -> Iterator[PortLink]:
    """A link to ``device``, not started."""
    link = PortLink("B", DeviceAddress(link_site(str(device.path), clock)), clock)
    yield link
    link.stop()


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert [thread for thread in threading.enumerate() if thread not in before and thread.is_alive()] == []
