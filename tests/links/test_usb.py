"""Finding the serial device of a board among USB devices, on benches with typical faults."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

from hil.clock import MonotonicClock
from hil.config.board_types.pico_w import PICO_W
from hil.host.usb_devices import UsbDevice, UsbMonitor
from hil.links import DeviceAbsent, LinkSite
from hil.links.reader import PortLink
from hil.links.usb import UsbAddress, find_tty
from tests.links.conftest import PATIENCE_S, PtyDevice, RecordingListener, descriptors

B, C = "e6614c311b8c2b2a", "e6614c311b7d5c21"


def pico(port_path: str, serial: str | None, *ttys: str, product_id: int = 0x0005) -> UsbDevice:
    return UsbDevice(port_path, 0x2E8A, product_id, serial, bus=1, address=7, ttys=ttys)


HUB = UsbDevice("1-1.4", 0x0BDA, 0x5411, None, bus=1, address=2)
BOARDS = (HUB, pico("1-1.4.2", B, "/dev/ttyACM3"), pico("1-1.4.3", C, "/dev/ttyACM0"))
BOOTSEL = pico("1-1.4.2", "e0c9125b0d9b", product_id=0x0003)


@pytest.mark.parametrize("usb_port", ["1-1.4.2", None])
def test_a_board_is_found_by_its_serial_number(usb_port: str | None) -> None:
    assert find_tty(BOARDS, B, usb_port, PICO_W) == "/dev/ttyACM3"


def test_a_board_is_found_by_its_hub_port() -> None:
    assert find_tty(BOARDS, "", "1-1.4.3", PICO_W) == "/dev/ttyACM0"


def test_the_first_of_several_serial_devices_is_the_repl() -> None:
    assert find_tty([pico("1-2", B, "/dev/ttyACM4", "/dev/ttyACM5")], B, None, PICO_W) == "/dev/ttyACM4"


KEYBOARD = UsbDevice("1-1.4.2", 0x046D, 0xC31C, None, bus=1, address=9)
WRONG = {
    "nothing on the port": ((HUB,), "", "nothing is on USB port 1-1.4.2; check the cable, and that the port has power"),
    "nothing at all": (
        (HUB,),
        B,
        f"no USB device has serial number {B}; nothing is on its USB port 1-1.4.2; boards found: none",
    ),
    "others are there": (
        (HUB, BOARDS[2]),
        B,
        (f"no USB device has serial number {B}; nothing is on its USB port 1-1.4.2; boards found: {C} on 1-1.4.3"),
    ),
    "another board on the port": (
        (HUB, pico("1-1.4.2", C, "/dev/ttyACM0")),
        B,
        (
            f"no USB device has serial number {B}; on its USB port 1-1.4.2 is another device (2e8a:0005, serial number "
            f"{C}); correct `serial:`, or plug in the right board"
        ),
    ),
    "cables swapped": (
        (HUB, pico("1-1.4.2", C, "/dev/ttyACM0"), pico("1-1.4.3", B, "/dev/ttyACM1")),
        B,
        (
            f"the board with serial number {B} is on USB port 1-1.4.3, but its power is on 1-1.4.2; move its cable, or "
            "correct `power:` or `serial:` in the rig file"
        ),
    ),
    "waits for a UF2, known by number": (
        (HUB, BOOTSEL),
        B,
        (
            f"no USB device has serial number {B}; a board in BOOTSEL mode is on its port 1-1.4.2; flash "
            "MicroPython: `hil flash --uf2 …`"
        ),
    ),
    "waits for a UF2, known by port": (
        (HUB, BOOTSEL),
        "",
        (
            "the USB device on port 1-1.4.2 (2e8a:0003) is a board in BOOTSEL mode; flash MicroPython: "
            "`hil flash --uf2 …`"
        ),
    ),
    "no bandwidth left": (
        (HUB, pico("1-1.4.2", B)),
        B,
        (
            "the USB device on port 1-1.4.2 (2e8a:0005) has no serial device; look at `dmesg`: 'Not enough "
            "bandwidth' means too many boards on one controller"
        ),
    ),
    "no Pico": (
        (HUB, KEYBOARD),
        "",
        (
            "the USB device on port 1-1.4.2 (046d:c31c) has no serial device and is not a Pico W with MicroPython; "
            "check what is plugged in there, and `type:` in the rig file"
        ),
    ),
}


@pytest.mark.parametrize(("devices", "serial", "expected"), WRONG.values(), ids=WRONG)
def test_the_error_states_what_is_wrong(devices: tuple[UsbDevice, ...], serial: str, expected: str) -> None:
    with pytest.raises(DeviceAbsent) as caught:
        find_tty(devices, serial, "1-1.4.2", PICO_W)
    assert str(caught.value) == expected


def test_a_board_in_bootsel_mode_is_not_identified_by_its_serial_number() -> None:
    with pytest.raises(DeviceAbsent):
        find_tty([pico("1-2", B, "/dev/ttyACM0", product_id=0x0003)], B, None, PICO_W)


# The monitor.


class Bus:
    """A USB bus that is a list, with ptys as serial devices. It sends no events."""

    def __init__(self) -> None:
        self.devices: tuple[UsbDevice, ...] = ()

    def look(self) -> tuple[UsbDevice, ...]:
        return self.devices


@pytest.fixture
def bus() -> Bus:
    return Bus()


@pytest.fixture
def monitor(bus: Bus, clock: MonotonicClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[UsbMonitor]:
    # This bus sends no events: the monitor has to poll, as in a container without udev.
    monkeypatch.setattr("hil.host.usb_devices.UDEV_DAEMON", Path("/nonexistent"))
    monkeypatch.setattr("hil.host.usb_devices._LOOK_AGAIN_S", 0.01)
    monitor = UsbMonitor(clock, bus.look)
    yield monitor
    monitor.close()


def test_a_change_wakes_a_waiting_caller(bus: Bus, monitor: UsbMonitor, clock: MonotonicClock) -> None:
    assert monitor.devices == ()
    bus.devices = BOARDS
    assert clock.wait(lambda: monitor.devices == BOARDS, PATIENCE_S)


def test_a_closed_monitor_releases_all_resources(clock: MonotonicClock, bus: Bus) -> None:
    gc.collect()  # left over from earlier tests
    before = descriptors()
    monitor = UsbMonitor(clock, bus.look)
    monitor.close()
    monitor.close()
    del monitor
    assert descriptors() == before


def test_a_board_that_returns_with_another_device_name_is_found(
    bus: Bus, monitor: UsbMonitor, clock: MonotonicClock, listener: RecordingListener, tmp_path: Path
) -> None:
    first, second = PtyDevice(tmp_path / "ttyACM0"), PtyDevice(tmp_path / "ttyACM3")
    link = PortLink("B", UsbAddress(LinkSite("", PICO_W, clock, B, "1-1.4.2", lambda: monitor)), clock)
    link.start(listener)
    try:
        listener.wait(lambda: "nothing is on its USB port" in link.obstacle)
        plug_in(bus, first)
        listener.wait(lambda: link.is_connected)
        first.send(b"one\n")
        listener.wait_for(b"one\n")
        bus.devices = (HUB,)
        first.unplug()
        listener.wait(lambda: not link.is_connected)
        plug_in(bus, second)
        second.send(b"two\n")
        listener.wait_for(b"one\ntwo\n")
    finally:
        link.stop()
        first.unplug()
        second.unplug()
    assert listener.connections == ["", "the serial device was away"]


def plug_in(bus: Bus, device: PtyDevice) -> None:
    device.plug_in()
    bus.devices = (HUB, pico("1-1.4.2", B, str(device.path)))
