"""The link to a serial device of this machine: reading, unplugging, closing, lending. The device is a pty."""

import fcntl
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hil.board.console import Console
from hil.clock import MonotonicClock
from hil.errors import LinkError
from hil.events import SERIAL_GONE, SERIAL_OPENED, Timeline
from hil.links.device import DeviceAddress
from hil.links.reader import PortLink
from tests.links.conftest import PATIENCE_S, Ear, PtyDevice, descriptors

NOBODY = 65534
"""A user whom every system has, and who owns nothing."""


@pytest.fixture
def as_nobody(device: PtyDevice) -> Iterator[None]:
    """A device that is there, and that this user may not open."""
    device.plug_in()
    device.path.chmod(0)
    user = os.geteuid()
    if user == 0:  # to whom nothing is forbidden
        os.seteuid(NOBODY)
    yield
    os.seteuid(user)


def connect(link: PortLink, device: PtyDevice, ear: Ear) -> None:
    link.start(ear)
    device.plug_in()
    ear.wait(lambda: link.is_connected and len(ear.connections) == 1)


def test_what_the_board_says_is_heard_at_the_time_at_which_it_comes(
    link: PortLink, device: PtyDevice, ear: Ear, clock: MonotonicClock
) -> None:
    connect(link, device, ear)
    before_s = clock.now()
    device.say(b"hello\n")
    ear.wait_for(b"hello\n")
    assert before_s <= ear.times[0] <= clock.now()


def test_what_is_written_reaches_the_board(link: PortLink, device: PtyDevice, ear: Ear) -> None:
    connect(link, device, ear)
    link.write(b"\x03\x01 all bytes \xff\n")
    assert device.hear(14) == b"\x03\x01 all bytes \xff\n"[:14]


def test_all_of_a_flood_arrives_in_order(link: PortLink, device: PtyDevice, ear: Ear) -> None:
    connect(link, device, ear)
    flood = b"".join(b"%06d\n" % number for number in range(20_000))

    def talk_on() -> None:
        for position in range(0, len(flood), 700):
            device.say(flood[position : position + 700])

    talk = threading.Thread(target=talk_on)
    talk.start()
    ear.wait(lambda: len(ear.heard) >= len(flood))
    talk.join()
    assert ear.heard == flood


def test_a_device_that_appears_while_one_listens_has_lost_nothing(link: PortLink, device: PtyDevice, ear: Ear) -> None:
    link.start(ear)
    device.plug_in()
    device.say(b"first words\n")
    ear.wait_for(b"first words\n")
    assert ear.connections == [""]


def test_output_may_be_missing_of_a_device_that_was_there_before(link: PortLink, device: PtyDevice, ear: Ear) -> None:
    device.plug_in()
    link.start(ear)
    ear.wait(lambda: ear.connections == ["its port was there already"])


def test_it_survives_unplugging_and_replugging(link: PortLink, device: PtyDevice, ear: Ear) -> None:
    connect(link, device, ear)
    device.say(b"one\n")
    ear.wait_for(b"one\n")
    device.pull_out()
    ear.wait(lambda: ear.disconnections == 1)
    assert not link.is_connected
    device.plug_in()
    ear.wait(lambda: link.is_connected)
    device.say(b"two\n")
    ear.wait_for(b"two\n")
    assert ear.connections == ["", "the serial device was away"]


def test_the_gap_is_in_the_log(device: PtyDevice, link: PortLink, clock: MonotonicClock) -> None:
    timeline = Timeline()
    console = Console("B", clock, timeline)
    link.start(console)
    device.plug_in()
    device.say(b"one\ntw")
    console.expect(re.compile("one"), within=PATIENCE_S)
    clock.wait(lambda: console.unfinished == "tw", PATIENCE_S)
    device.pull_out()
    assert clock.wait(lambda: not link.is_connected and len(timeline.events()) == 2, PATIENCE_S)
    device.plug_in()
    device.say(b"three\n")
    console.expect(re.compile("three"), within=PATIENCE_S)
    assert [entry.text for entry in timeline.entries()] == [
        "connected",
        "one",
        "tw [cut off]",
        "disconnected",
        "connected; what the board said before may be missing: the serial device was away",
        "three",
    ]
    assert [event.name for event in timeline.events()] == [SERIAL_OPENED, SERIAL_GONE, SERIAL_OPENED]


def test_stop_closes_the_port_at_once_and_it_stays_closed(
    link: PortLink, device: PtyDevice, ear: Ear, clock: MonotonicClock
) -> None:
    connect(link, device, ear)
    with pytest.raises(AssertionError):  # the port is open, so that nobody else gets it
        lock_for_oneself(device)
    link.stop()
    assert ear.disconnections == 1
    assert not link.is_connected
    lock_for_oneself(device)
    device.pull_out()
    device.plug_in()
    clock.sleep(3 * DeviceAddress.absent_retry_s)
    assert len(ear.connections) == 1


def lock_for_oneself(device: PtyDevice) -> None:
    descriptor = os.open(device.path, os.O_RDWR | os.O_NOCTTY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise AssertionError("somebody has it") from None
    finally:
        os.close(descriptor)


def test_stop_does_not_wait_for_the_board_to_say_something(
    link: PortLink, device: PtyDevice, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hil.links.device.READ_TIMEOUT_S", 1000.0)
    connect(link, device, ear)
    link.stop()
    assert ear.disconnections == 1


def test_stop_does_not_wait_for_a_device_that_is_not_there(link: PortLink, ear: Ear) -> None:
    link.start(ear)
    link.stop()
    assert ear.connections == []
    assert ear.disconnections == 0


def test_started_and_stopped_as_often_as_one_likes(link: PortLink, device: PtyDevice, ear: Ear) -> None:
    device.plug_in()
    for number in range(1, 4):
        link.start(ear)
        link.start(ear)
        ear.wait(lambda: link.is_connected)
        link.stop()
        link.stop()
        assert ear.disconnections == number


def test_writing_to_a_closed_port_says_why_it_is_closed(link: PortLink, device: PtyDevice, ear: Ear) -> None:
    with pytest.raises(LinkError, match="board B: its serial port is not open; is the board powered"):
        link.write(b"x")
    link.start(ear)
    ear.wait(lambda: bool(link.obstacle))
    with pytest.raises(LinkError, match=r"board B: .*ttyACM0 is not there; is the board on, and the `link:`"):
        link.write(b"x")


def test_a_board_that_takes_nothing_does_not_hang_who_writes(
    link: PortLink, device: PtyDevice, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hil.links.device.WRITE_TIMEOUT_S", 0.05)
    connect(link, device, ear)
    with pytest.raises(LinkError, match=r"board B: the board has taken nothing for 0\.05 s"):
        link.write(b"x" * 100_000)
    device.say(b"but it talks\n")
    ear.wait_for(b"but it talks\n")


HOLD = """
import sys, fcntl, os
port = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
fcntl.flock(port, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def test_a_port_in_use_is_named_with_its_holder_and_opened_when_it_is_free(
    link: PortLink, device: PtyDevice, ear: Ear
) -> None:
    device.plug_in()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, device.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        link.start(ear)
        ear.wait(lambda: f"is in use by process {holder.pid} of user " in link.obstacle)
        assert not link.is_connected
        holder.communicate("")
    ear.wait(lambda: link.is_connected)
    assert ear.connections == ["its port was there already"]
    assert link.obstacle == ""


def test_a_port_that_one_may_not_open_says_which_right_is_missing(
    link: PortLink, device: PtyDevice, ear: Ear, as_nobody: None
) -> None:
    link.start(ear)
    ear.wait(lambda: "may not be opened by this user; install the udev rule" in link.obstacle)
    assert str(device.path) in link.obstacle
    assert "dialout" in link.obstacle


# ---- lending


def test_the_borrower_reads_and_the_listener_hears_nothing(link: PortLink, device: PtyDevice, ear: Ear) -> None:
    connect(link, device, ear)
    with link.borrow() as port:
        port.timeout = PATIENCE_S
        port.write(b"1+1")
        assert device.hear(3) == b"1+1"
        device.say(b"2\r\n>")
        assert port.read(4) == b"2\r\n>"
        assert port.in_waiting == 0
        port.timeout = 0.01
        assert port.read(1) == b""
        device.say(b"rest")
        ear.wait(lambda: port.in_waiting == 4)
    assert ear.heard == b"rest"
    device.say(b", and on\n")
    ear.wait_for(b"rest, and on\n")


def test_it_is_lent_to_one_at_a_time(link: PortLink, device: PtyDevice, ear: Ear) -> None:
    connect(link, device, ear)
    with link.borrow(), pytest.raises(LinkError, match="board B: its serial port is lent already"), link.borrow():
        pass
    with link.borrow():
        pass


def test_what_is_not_open_cannot_be_borrowed(link: PortLink) -> None:
    with pytest.raises(LinkError, match="board B: its serial port is not open"), link.borrow():
        pass


def test_a_device_that_vanishes_from_a_borrower_surfaces_to_both(link: PortLink, device: PtyDevice, ear: Ear) -> None:
    connect(link, device, ear)
    with link.borrow() as port:
        port.timeout = PATIENCE_S
        device.pull_out()
        with pytest.raises(OSError, match=r"read failed|disconnected"):
            port.read(1)
        with pytest.raises(OSError, match=r"read failed|disconnected"):
            assert port.in_waiting
        assert ear.disconnections == 1
        # It comes back: to the listener, not to who had borrowed the one that is gone.
        device.plug_in()
        ear.wait(lambda: link.is_connected)
        device.say(b"new\n")
        ear.wait_for(b"new\n")
        with pytest.raises(OSError, match=r"read failed|disconnected"):
            port.write(b"x")
    assert ear.heard == b"new\n"


def test_a_stop_ends_the_borrowing(link: PortLink, device: PtyDevice, ear: Ear) -> None:
    connect(link, device, ear)
    with link.borrow() as port:
        link.stop()
        with pytest.raises(OSError, match="the link was stopped"):
            port.read(1)


# ---- for long


def test_a_thousand_power_cycles_leak_nothing(link: PortLink, device: PtyDevice, ear: Ear) -> None:
    def cycle(number: int) -> None:
        device.plug_in()
        link.start(ear)
        device.say(b"boot\n")
        ear.wait(lambda: ear.heard == b"boot\n")
        if number % 2:
            link.stop()
            device.pull_out()
        else:
            device.pull_out()
            ear.wait(lambda: ear.disconnections == number)
            link.stop()
        ear.heard = b""

    for number in range(1, 21):
        cycle(number)
    before = resources()
    for number in range(21, 1001):
        cycle(number)
    descriptors, threads, memory_kb = resources()
    assert (descriptors, threads) == before[:2]
    assert memory_kb - before[2] < 1024
    assert len(ear.connections) == ear.disconnections == 1000


def resources() -> tuple[int, int, int]:
    """Descriptors, threads and resident kilobytes of this process."""
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    memory_kb = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    return descriptors(), threading.active_count(), memory_kb
