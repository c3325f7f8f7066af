"""A hub switched by sysfs files, in a folder laid out like sysfs."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hil.errors import PowerError
from hil.power import PowerSetupError
from hil.power.sysfs import SysfsPort
from hil.power.usb_port import UsbPort


class Kernel:
    """``/sys``, with a USB 2 hub 1-1.4 and its other half 2-1.4, whose ports 1 to 3 are each other's 3 to 1."""

    def __init__(self, root: Path) -> None:
        self.devices = root / "bus" / "usb" / "devices"
        for hub in ("1-1.4", "2-1.4"):
            interface = root / "devices" / "pci0000:00" / hub / f"{hub}:1.0"
            for number in (1, 2, 3):
                port = interface / f"{hub}-port{number}"
                port.mkdir(parents=True)
                (port / "disable").write_text("0\n")
            self.devices.mkdir(parents=True, exist_ok=True)
            (self.devices / interface.name).symlink_to(interface)
        for number in (1, 2, 3):
            one, other = self.folder("1-1.4", number), self.folder("2-1.4", 4 - number)
            (one / "peer").symlink_to(other)
            (other / "peer").symlink_to(one)

    def folder(self, hub: str, number: int) -> Path:
        return (self.devices / f"{hub}:1.0" / f"{hub}-port{number}").resolve()

    def port(self, number: int, hub: str = "1-1.4") -> SysfsPort:
        return SysfsPort(UsbPort(hub, number), self.devices)

    @property
    def disabled(self) -> set[str]:
        return {path.parent.name for path in self.devices.glob("*/*/disable") if path.read_text().strip() == "1"}


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path / "sys")


def test_both_halves_of_the_port_are_switched_and_nothing_else(kernel: Kernel) -> None:
    one = kernel.port(1)
    assert one.is_on()
    one.off()
    assert kernel.disabled == {"1-1.4-port1", "2-1.4-port3"}
    assert not one.is_on()
    assert kernel.port(2).is_on()
    one.on()
    assert kernel.disabled == set()
    assert one.is_on()


def test_the_port_is_on_if_either_half_is(kernel: Kernel) -> None:
    (kernel.folder("1-1.4", 1) / "disable").write_text("1\n")
    assert kernel.port(1).is_on()


def test_a_usb_2_hub_has_no_other_half(kernel: Kernel) -> None:
    (kernel.folder("1-1.4", 2) / "peer").unlink()
    kernel.port(2).off()
    assert kernel.disabled == {"1-1.4-port2"}


def test_a_root_hub(kernel: Kernel) -> None:
    port = kernel.devices / "1-0:1.0" / "usb1-port2"
    port.mkdir(parents=True)
    (port / "disable").write_text("0\n")
    kernel.port(2, "1").off()
    assert kernel.disabled == {"usb1-port2"}


def test_a_missing_hub_is_reported_with_those_found(kernel: Kernel) -> None:
    with pytest.raises(PowerError) as caught:
        kernel.port(1, "1-1.3").off()
    assert str(caught.value) == (
        "port 1 of USB hub 1-1.3: no such hub; hubs found: 1-1.4, 2-1.4. "
        "Correct `location:`, or plug the hub in where it was"
    )
    assert kernel.disabled == set()


def test_no_such_port(kernel: Kernel) -> None:
    with pytest.raises(
        PowerError, match=r"port 7 of USB hub 1-1\.4: the hub has 3 ports; correct `power:` of the board"
    ):
        kernel.port(7).is_on()


def test_an_old_kernel_is_reported_and_no_file_created(kernel: Kernel) -> None:
    disable = kernel.folder("1-1.4", 1) / "disable"
    disable.unlink()
    for attempt in (kernel.port(1).is_on, kernel.port(1).off):
        with pytest.raises(
            PowerSetupError, match=r"it needs Linux 6\.0 or later, and this is .*\. Use `driver: uhubctl`"
        ):
            attempt()
    assert not disable.exists()


def test_without_permission() -> None:
    # Unlike pytest's, this folder is accessible to all users.
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        kernel = Kernel(Path(folder))
        (kernel.folder("1-1.4", 1) / "disable").chmod(0o444)
        with (
            unprivileged(),
            pytest.raises(PowerSetupError, match=r"no permission for .*; copy rigs/99-pico-hil\.rules to "),
        ):
            kernel.port(1).off()
        assert kernel.disabled == set()


@contextmanager
def unprivileged() -> Iterator[None]:
    """Without root privileges, if this process has them."""
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)


def test_a_write_that_fails(kernel: Kernel) -> None:
    disable = kernel.folder("1-1.4", 1) / "disable"
    disable.unlink()
    disable.symlink_to("/dev/full")  # every write fails with ENOSPC
    with pytest.raises(
        PowerError, match=r"the kernel could not switch it \(No space left on device\); look at `dmesg`"
    ):
        kernel.port(1).off()


def test_a_port_that_does_not_switch(kernel: Kernel) -> None:
    disable = kernel.folder("1-1.4", 1) / "disable"
    disable.unlink()
    disable.symlink_to("/dev/null")  # accepts every write and reads as empty
    with pytest.raises(PowerError, match=r"^port 1 of USB hub 1-1\.4 was switched off but reports that it is not"):
        kernel.port(1).off()


@pytest.mark.parametrize(
    ("folder", "port"),
    [
        ("/sys/devices/x/1-1.4/1-1.4:1.0/1-1.4-port2", UsbPort("1-1.4", 2)),
        ("/sys/devices/x/usb2/2-0:1.0/usb2-port11", UsbPort("2", 11)),
        ("/sys/devices/x/usb2/2-0:1.0", None),
        ("", None),
    ],
)
def test_ports_by_their_folders(folder: str, port: UsbPort | None) -> None:
    assert UsbPort.of_folder(folder) == port
