"""Serial devices that are no more than a pseudo-terminal, and somebody who listens to one."""

import os
import threading
import tty
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hil.clock import MonotonicClock
from hil.links.device import DeviceAddress
from hil.links.reader import PortLink

PATIENCE_S = 8.0
"""Only against hanging: everything here happens within milliseconds."""


def descriptors() -> int:
    """How many files this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


class PtyDevice:
    """A serial device that can be plugged in and out: a pseudo-terminal, at a path that stays the same."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._host_end = -1
        self.board_end = -1

    def plug_in(self) -> None:
        self.board_end, self._host_end = os.openpty()
        tty.setraw(self._host_end)
        # In one step, as udev does it: nobody sees a path that is half there.
        fresh = self.path.with_suffix(".new")
        fresh.symlink_to(os.ttyname(self._host_end))
        fresh.rename(self.path)

    def pull_out(self) -> None:
        if self.board_end >= 0:
            self.path.unlink()
            os.close(self._host_end)
            os.close(self.board_end)
            self.board_end = -1

    def say(self, data: bytes) -> None:
        os.write(self.board_end, data)

    def hear(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            data += os.read(self.board_end, size - len(data))
        return data


class Ear:
    """A listener that remembers."""

    def __init__(self, clock: MonotonicClock) -> None:
        self.heard = b""
        self.times: list[float] = []
        self.connections: list[str] = []
        self.disconnections = 0
        self._clock = clock

    def connected(self, time_s: float, missed: str = "") -> None:
        self.connections.append(missed)
        self._clock.notice()

    def disconnected(self, time_s: float) -> None:
        self.disconnections += 1
        self._clock.notice()

    def received(self, time_s: float, data: bytes) -> None:
        self.heard += data
        self.times.append(time_s)
        self._clock.notice()

    def wait(self, condition: Callable[[], bool]) -> None:
        assert self._clock.wait(condition, PATIENCE_S)

    def wait_for(self, text: bytes) -> None:
        self.wait(lambda: text in self.heard)


@pytest.fixture
def clock() -> MonotonicClock:
    return MonotonicClock()


@pytest.fixture
def ear(clock: MonotonicClock) -> Ear:
    return Ear(clock)


@pytest.fixture
def device(tmp_path: Path) -> Iterator[PtyDevice]:
    """A device that is not plugged in yet."""
    device = PtyDevice(tmp_path / "ttyACM0")
    yield device
    device.pull_out()


@pytest.fixture
def link(device: PtyDevice, clock: MonotonicClock) -> Iterator[PortLink]:
    """A link to ``device``, not started."""
    link = PortLink("B", DeviceAddress(str(device.path)), clock)
    yield link
    link.stop()


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert [thread for thread in threading.enumerate() if thread not in before and thread.is_alive()] == []
