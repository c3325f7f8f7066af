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
from tests.links.conftest import PATIENCE_S, PtyDevice, RecordingListener, descriptors

NOBODY = 65534
"""The unprivileged user that every system has."""


@pytest.fixture
def as_nobody(device: PtyDevice) -> Iterator[None]:
    """A device that is present, but that this user may not open."""
    device.plug_in()
    device.path.chmod(0)
    user = os.geteuid()
    if user == 0:  # root may open everything
        os.seteuid(NOBODY)
    yield
    os.seteuid(user)


def connect(link: PortLink, device: PtyDevice, listener: RecordingListener) -> None:
    link.start(listener)
    device.plug_in()
    listener.wait(lambda: link.is_connected and len(listener.connections) == 1)


def test_output_is_received_with_its_arrival_time(
    link: PortLink, device: PtyDevice, listener: RecordingListener, clock: MonotonicClock
) -> None:
    connect(link, device, listener)
    before_s = clock.now()
    device.send(b"hello\n")
    listener.wait_for(b"hello\n")
    assert before_s <= listener.times[0] <= clock.now()


def test_written_bytes_reach_the_board(link: PortLink, device: PtyDevice, listener: RecordingListener) -> None:
    connect(link, device, listener)
    link.write(b"\x03\x01 all bytes \xff\n")
    assert device.receive(14) == b"\x03\x01 all bytes \xff\n"[:14]


def test_a_flood_of_output_arrives_complete_and_in_order(
    link: PortLink, device: PtyDevice, listener: RecordingListener
) -> None:
    connect(link, device, listener)
    flood = b"".join(b"%06d\n" % number for number in range(20_000))

    def send_flood() -> None:
        for position in range(0, len(flood), 700):
            device.send(flood[position : position + 700])

    sender = threading.Thread(target=send_flood)
    sender.start()
    listener.wait(lambda: len(listener.received_data) >= len(flood))
    sender.join()
    assert listener.received_data == flood


def test_no_output_is_lost_of_a_device_that_appears_after_start(
    link: PortLink, device: PtyDevice, listener: RecordingListener
) -> None:
    link.start(listener)
    device.plug_in()
    device.send(b"first words\n")
    listener.wait_for(b"first words\n")
    assert listener.connections == [""]


def test_output_may_be_missing_of_a_device_that_was_present_before_start(
    link: PortLink, device: PtyDevice, listener: RecordingListener
) -> None:
    device.plug_in()
    link.start(listener)
    listener.wait(lambda: listener.connections == ["its port was there already"])


def test_it_survives_unplugging_and_replugging(link: PortLink, device: PtyDevice, listener: RecordingListener) -> None:
    connect(link, device, listener)
    device.send(b"one\n")
    listener.wait_for(b"one\n")
    device.unplug()
    listener.wait(lambda: listener.disconnections == 1)
    assert not link.is_connected
    device.plug_in()
    listener.wait(lambda: link.is_connected)
    device.send(b"two\n")
    listener.wait_for(b"two\n")
    assert listener.connections == ["", "the serial device was away"]


def test_the_gap_is_on_the_timeline(device: PtyDevice, link: PortLink, clock: MonotonicClock) -> None:
    timeline = Timeline()
    console = Console("B", clock, timeline)
    link.start(console)
    device.plug_in()
    device.send(b"one\ntw")
    console.expect(re.compile("one"), within=PATIENCE_S)
    clock.wait(lambda: console.unfinished == "tw", PATIENCE_S)
    device.unplug()
    assert clock.wait(lambda: not link.is_connected and len(timeline.events()) == 2, PATIENCE_S)
    device.plug_in()
    device.send(b"three\n")
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


def test_stop_closes_the_port_immediately_and_it_stays_closed(
    link: PortLink, device: PtyDevice, listener: RecordingListener, clock: MonotonicClock
) -> None:
    connect(link, device, listener)
    with pytest.raises(AssertionError):  # the link holds the port exclusively
        lock_exclusively(device)
    link.stop()
    assert listener.disconnections == 1
    assert not link.is_connected
    lock_exclusively(device)
    device.unplug()
    device.plug_in()
    clock.sleep(3 * DeviceAddress.poll_interval_s)
    assert len(listener.connections) == 1


def lock_exclusively(device: PtyDevice) -> None:
    descriptor = os.open(device.path, os.O_RDWR | os.O_NOCTTY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise AssertionError("the port is in use") from None
    finally:
        os.close(descriptor)


def test_stop_does_not_wait_for_output(
    link: PortLink, device: PtyDevice, listener: RecordingListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hil.links.device.READ_TIMEOUT_S", 1000.0)
    connect(link, device, listener)
    link.stop()
    assert listener.disconnections == 1


def test_stop_does_not_wait_for_an_absent_device(link: PortLink, listener: RecordingListener) -> None:
    link.start(listener)
    link.stop()
    assert listener.connections == []
    assert listener.disconnections == 0


def test_start_and_stop_can_be_repeated(link: PortLink, device: PtyDevice, listener: RecordingListener) -> None:
    device.plug_in()
    for number in range(1, 4):
        link.start(listener)
        link.start(listener)
        listener.wait(lambda: link.is_connected)
        link.stop()
        link.stop()
        assert listener.disconnections == number


def test_writing_to_a_closed_port_reports_why_it_is_closed(
    link: PortLink, device: PtyDevice, listener: RecordingListener
) -> None:
    with pytest.raises(LinkError, match="board B: its serial port is not open; check that the board is powered"):
        link.write(b"x")
    link.start(listener)
    listener.wait(lambda: bool(link.obstacle))
    with pytest.raises(LinkError, match=r"board B: .*ttyACM0 does not exist; check that the board is on, and `link:`"):
        link.write(b"x")


def test_a_board_that_does_not_read_does_not_block_the_writer(
    link: PortLink, device: PtyDevice, listener: RecordingListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hil.links.device.WRITE_TIMEOUT_S", 0.05)
    connect(link, device, listener)
    with pytest.raises(LinkError, match=r"board B: the board has read nothing for 0\.05 s"):
        link.write(b"x" * 100_000)
    device.send(b"but it talks\n")
    listener.wait_for(b"but it talks\n")


HOLD = """
import sys, fcntl, os
port = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
fcntl.flock(port, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def test_a_port_in_use_is_reported_with_its_holder_and_opened_once_free(
    link: PortLink, device: PtyDevice, listener: RecordingListener
) -> None:
    device.plug_in()
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, device.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        link.start(listener)
        listener.wait(lambda: f"is in use by process {holder.pid} of user " in link.obstacle)
        assert not link.is_connected
        holder.communicate("")
    listener.wait(lambda: link.is_connected)
    assert listener.connections == ["its port was there already"]
    assert link.obstacle == ""


def test_a_port_without_permission_reports_what_to_do(
    link: PortLink, device: PtyDevice, listener: RecordingListener, as_nobody: None
) -> None:
    link.start(listener)
    listener.wait(lambda: "may not be opened by this user; install the udev rule" in link.obstacle)
    assert str(device.path) in link.obstacle
    assert "dialout" in link.obstacle


# Lending.


def test_the_borrower_reads_and_the_listener_receives_nothing(
    link: PortLink, device: PtyDevice, listener: RecordingListener
) -> None:
    connect(link, device, listener)
    with link.borrow() as port:
        port.timeout = PATIENCE_S
        port.write(b"1+1")
        assert device.receive(3) == b"1+1"
        device.send(b"2\r\n>")
        assert port.read(4) == b"2\r\n>"
        assert port.in_waiting == 0
        port.timeout = 0.01
        assert port.read(1) == b""
        device.send(b"rest")
        listener.wait(lambda: port.in_waiting == 4)
    assert listener.received_data == b"rest"
    device.send(b", and on\n")
    listener.wait_for(b"rest, and on\n")


def test_there_is_one_borrower_at_a_time(link: PortLink, device: PtyDevice, listener: RecordingListener) -> None:
    connect(link, device, listener)
    with link.borrow(), pytest.raises(LinkError, match="board B: its serial port is already borrowed"), link.borrow():
        pass
    with link.borrow():
        pass


def test_a_closed_port_cannot_be_borrowed(link: PortLink) -> None:
    with pytest.raises(LinkError, match="board B: its serial port is not open"), link.borrow():
        pass


def test_a_lost_device_is_reported_to_borrower_and_listener(
    link: PortLink, device: PtyDevice, listener: RecordingListener
) -> None:
    connect(link, device, listener)
    with link.borrow() as port:
        port.timeout = PATIENCE_S
        device.unplug()
        with pytest.raises(OSError, match=r"read failed|disconnected"):
            port.read(1)
        with pytest.raises(OSError, match=r"read failed|disconnected"):
            assert port.in_waiting
        assert listener.disconnections == 1
        # The device returns for the listener, not for the borrower of the lost one.
        device.plug_in()
        listener.wait(lambda: link.is_connected)
        device.send(b"new\n")
        listener.wait_for(b"new\n")
        with pytest.raises(OSError, match=r"read failed|disconnected"):
            port.write(b"x")
    assert listener.received_data == b"new\n"


def test_stop_ends_the_borrowing(link: PortLink, device: PtyDevice, listener: RecordingListener) -> None:
    connect(link, device, listener)
    with link.borrow() as port:
        link.stop()
        with pytest.raises(OSError, match="the link was stopped"):
            port.read(1)


# Endurance.


def test_a_thousand_power_cycles_leak_nothing(link: PortLink, device: PtyDevice, listener: RecordingListener) -> None:
    def cycle(number: int) -> None:
        device.plug_in()
        link.start(listener)
        device.send(b"boot\n")
        listener.wait(lambda: listener.received_data == b"boot\n")
        if number % 2:
            link.stop()
            device.unplug()
        else:
            device.unplug()
            listener.wait(lambda: listener.disconnections == number)
            link.stop()
        listener.received_data = b""

    for number in range(1, 21):
        cycle(number)
    before = resources()
    for number in range(21, 1001):
        cycle(number)
    descriptors, threads, memory_kb = resources()
    assert (descriptors, threads) == before[:2]
    assert memory_kb - before[2] < 1024
    assert len(listener.connections) == listener.disconnections == 1000


def resources() -> tuple[int, int, int]:
    """Descriptors, threads and resident kilobytes of this process."""
    status = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    memory_kb = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
    return descriptors(), threading.active_count(), memory_kb
