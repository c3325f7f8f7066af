"""The checks of the machine, with lists of devices and a folder laid out like the kernel's."""

from pathlib import Path

import pytest

from hil.config.rig import RigConfig, load_rig
from hil.doctor import Machine, Status
from hil.doctor.access import AccessCheck
from hil.doctor.bandwidth import BandwidthCheck
from hil.doctor.kernel import KernelCheck, kernel_findings
from hil.host.kernel_log import KernelLine
from hil.host.usb_devices import UsbDevice

RIG = """\
rig: bench-1
wifi: {ssid: PicoAP, password: pico1234}
hubs:
  main: {driver: DRIVER, location: 1-1.4}
boards:
  A: {power: main/1}
"""
CONTROLLER = "0000:00:14.0"
PICO = bytes.fromhex(
    "12010002ef02014" "08a2e05000001010203" "01"  # device
    "0902430002010080fa"  # configuration
    "0904000001020201" "00" "0705810308" "0010"  # notifications: interrupt
    "090401000" "20a000000" "07050202400000" "07058202400000"  # data: two bulk endpoints
)  # fmt: skip


def pico(port_path: str, *ttys: str) -> UsbDevice:
    return UsbDevice(port_path, 0x2E8A, 5, "e6614c311b8c2b2a", 1, 7, ttys)


HUB = UsbDevice("1-1.4", 0x0BDA, 0x5411, None, 1, 4, is_hub=True)


def config(folder: Path, driver: str = "uhubctl") -> RigConfig:
    path = folder / "rig.yaml"
    path.write_text(RIG.replace("DRIVER", driver))
    return load_rig(path, {})


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    """Where the kernel lists devices: bus 1 of a PCI controller."""
    devices = tmp_path / "devices"
    devices.mkdir()
    bus = tmp_path / CONTROLLER / "usb1"
    bus.mkdir(parents=True)
    (devices / "usb1").symlink_to(bus)
    return devices


def plug_in(kernel: Path, *present: UsbDevice) -> tuple[UsbDevice, ...]:
    for device in present:
        (kernel / device.port_path).mkdir(exist_ok=True)
        (kernel / device.port_path / "descriptors").write_bytes(PICO)
    return present


def test_few_boards_are_ok(tmp_path: Path, kernel: Path) -> None:
    devices = plug_in(kernel, *(pico(f"1-1.4.{port}", "/dev/ttyACM0") for port in (1, 2)))
    (found,) = BandwidthCheck(kernel).check(Machine(config(tmp_path), devices))
    assert (found.subject, found.status) == (CONTROLLER, Status.OK)
    assert found.text == "2 boards among 2 devices; 8 endpoints, 2 of them periodic"


def test_the_12th_board_is_a_warning_that_names_the_controller(tmp_path: Path, kernel: Path) -> None:
    devices = plug_in(kernel, *(pico(f"1-1.4.{port}", "/dev/ttyACM0") for port in range(1, 13)))
    (found,) = BandwidthCheck(kernel).check(Machine(config(tmp_path), devices))
    assert (found.subject, found.status) == (CONTROLLER, Status.WARNING)
    assert found.text.startswith("near its limit: 12 boards")
    assert "another controller" in found.advice


def test_board_without_serial_device_is_a_failure(tmp_path: Path, kernel: Path) -> None:
    devices = plug_in(kernel, pico("1-1.4.1", "/dev/ttyACM0"), pico("1-1.4.2"))
    (found,) = BandwidthCheck(kernel).check(Machine(config(tmp_path), devices))
    assert (found.subject, found.status) == (CONTROLLER, Status.FAILED)
    assert "the board on USB port 1-1.4.2 has no serial device" in found.text


def test_controllers_without_boards_are_ignored(tmp_path: Path, kernel: Path) -> None:
    assert list(BandwidthCheck(kernel).check(Machine(config(tmp_path), plug_in(kernel, HUB)))) == []


def access(machine: Machine, tmp_path: Path, refused: str = "") -> dict[str, tuple[Status, str, str]]:
    check = AccessCheck(tmp_path / "locks", tmp_path, lambda path: not refused or refused not in str(path))
    return {finding.subject: (finding.status, finding.text, finding.advice) for finding in check.check(machine)}


def test_sufficient_rights(tmp_path: Path) -> None:
    tty = tmp_path / "ttyACM0"
    tty.touch()
    found = access(Machine(config(tmp_path), (HUB, pico("1-1.4.1", str(tty)))), tmp_path)
    assert {subject: status for subject, (status, _, _) in found.items()} == dict.fromkeys(
        ("bench-1", "main", "A"), Status.OK
    )


@pytest.mark.parametrize(("driver", "refused"), [("uhubctl", "dev/bus/usb/001/004"), ("sysfs", "disable")])
def test_missing_rights_name_the_udev_rule(tmp_path: Path, driver: str, refused: str) -> None:
    tty = tmp_path / "ttyACM0"
    tty.touch()
    port = tmp_path / "sys/bus/usb/devices/1-1.4:1.0" / "1-1.4-port1"
    port.mkdir(parents=True)
    (port / "disable").touch()
    (tmp_path / "dev/bus/usb/001").mkdir(parents=True)
    (tmp_path / "dev/bus/usb/001/004").touch()
    machine = Machine(config(tmp_path, driver), (HUB, pico("1-1.4.1", str(tty))))
    status, text, advice = access(machine, tmp_path, refused)["main"]
    assert status is Status.FAILED
    assert refused in text
    assert "rigs/99-pico-hil.rules" in advice
    status, _, advice = access(machine, tmp_path, "ttyACM0")["A"]
    assert status is Status.FAILED
    assert "dialout" in advice


def test_a_missing_hub_is_reported_with_those_found(tmp_path: Path) -> None:
    other = UsbDevice("1-3", 0x0BDA, 0x5411, None, 1, 4, is_hub=True)
    status, text, advice = access(Machine(config(tmp_path), (other,)), tmp_path)["main"]
    assert (status, text) == (Status.FAILED, "there is no USB device at 1-1.4")
    assert advice.endswith("hubs here: 1-3")


class Log:
    """A kernel's log that always has the same lines."""

    def __init__(self, *texts: str) -> None:
        self._lines = [KernelLine(1.0, 6, text) for text in texts]

    def read(self) -> list[KernelLine]:
        return self._lines

    def close(self) -> None:
        pass


def test_problems_in_the_kernels_log() -> None:
    log = Log(
        "usb 1-1.4.2: new full-speed USB device number 9", "usb 1-1.4.2: Not enough bandwidth for new device state"
    )
    (found,) = kernel_findings("bench-1", log)
    assert found.status is Status.WARNING
    assert found.text.endswith("usb 1-1.4.2: Not enough bandwidth for new device state")
    assert [finding.status for finding in kernel_findings("bench-1", Log())] == [Status.OK]


def test_a_log_without_permission_to_read_it(tmp_path: Path) -> None:
    def refuse() -> Log:
        raise PermissionError(13, "neither one nor the other")

    check = KernelCheck(refuse)
    assert check.check(Machine(config(tmp_path), ())) == ()
    (found,) = check.finish()
    assert found.status is Status.WARNING
    assert "systemd-journal" in found.advice
