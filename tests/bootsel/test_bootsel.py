"""BOOTSEL mode of real boards, as far as possible without hardware: finding the board and its volume, and the copy.

A temporary folder stands in for the kernel, small scripts for programs, and a folder that may fail for the disk.
"""

import os
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from serial import Serial, SerialBase
from serial.urlhandler.protocol_loop import Serial as LoopPort

from hil.board.console import Console
from hil.bootsel import picotool
from hil.bootsel.mounts import Mount, Mounter, find_mount, parse_mountinfo, volume_of
from hil.bootsel.uf2 import read_uf2
from hil.bootsel.usb import UsbBootsel, bootsel_on, port_of
from hil.bootsel.volume import check_volume, copy
from hil.clock import MonotonicClock
from hil.config.board_types.pico2_w import PICO2_W
from hil.config.board_types.pico_w import PICO_W
from hil.errors import BootselError, LinkError
from hil.events import Timeline
from hil.host.program import Finished, run_here
from hil.host.usb_devices import UsbDevice
from hil.links import Address
from hil.links.reader import PortLink
from hil.virtual.bootrom import volume_files
from tests.bootsel.uf2_writer import micropython

SERIAL = "e6614c311b8c2b2a"
SHARED = "e0c9125b0d9b"
IMAGE = read_uf2(micropython(pages=300), "mp.uf2", PICO_W)

# From a desktop machine with a Pico on /dev/sda1; the last two lines are made up: a bind mount and a blank in a name.
MOUNTINFO = """\
22 28 0:21 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw
28 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw,errors=remount-ro
412 28 8:1 / /media/me/RPI-RP2 rw,nosuid,nodev,relatime shared:234 - vfat /dev/sda1 rw,uid=1000,flush,errors=remount-ro
413 28 8:17 / /media/me/RPI-RP21 ro,nosuid,nodev,relatime shared:235 - vfat /dev/sdb1 ro,uid=1000
414 28 8:33 / /run/two\\040words rw,relatime - vfat /dev/sdc1 rw
415 28 8:49 /folder /srv/folder rw,relatime - vfat /dev/sdd1 rw
"""


def application(port: str, serial: str = SERIAL, address: int = 5) -> UsbDevice:
    return UsbDevice(port, 0x2E8A, 0x0005, serial, 1, address, ttys=("/dev/ttyACM0",))


def bootsel(port: str, *nodes: str, address: int = 6) -> UsbDevice:
    return UsbDevice(port, 0x2E8A, 0x0003, SHARED, 1, address, block_devices=nodes)


@pytest.fixture
def kernel(tmp_path: Path) -> Path:
    """A machine's sysfs and mount table, with the disks sda to sdd."""
    for number, name in enumerate("abcd"):
        for path, minor in ((f"sd{name}", 16 * number), (f"sd{name}1", 16 * number + 1)):
            folder = tmp_path / "sys/class/block" / path
            folder.mkdir(parents=True)
            (folder / "dev").write_text(f"8:{minor}\n")
    (tmp_path / "mountinfo").write_text(MOUNTINFO)
    return tmp_path


def mounts(kernel: Path, *points: tuple[str, Path]) -> None:
    """Let devices (``8:1``) be mounted on folders, and nothing else."""
    lines = [f"400 28 {device} / {point} rw,nosuid shared:1 - vfat /dev/x rw\n" for device, point in points]
    (kernel / "mountinfo").write_text("".join(lines))


def volume(path: Path) -> Path:
    """A folder that looks like a mounted BOOTSEL volume."""
    path.mkdir(parents=True)
    for name, content in volume_files(PICO_W).items():
        (path / name).write_bytes(content)
    return path


def program(folder: Path, name: str, script: str) -> str:
    """A program for a test, in a separate folder; it writes its arguments to ``NAME.calls``."""
    path = folder / name
    path.write_text(f'#!/bin/sh\necho "$*" >>"{path}.calls"\n{script}\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@pytest.fixture
def on_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of programs in front of all others."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


# ---- which board


def test_a_board_learns_its_port_in_application_mode_only() -> None:
    devices = [bootsel("1-1.2"), application("1-1.4", "e661000000000001"), application("1-1.3")]
    assert port_of(devices, SERIAL, PICO_W) == "1-1.3"
    assert port_of(devices, SHARED, PICO_W) is None


def test_of_two_boards_in_bootsel_mode_the_one_on_the_port_is_used() -> None:
    devices = [bootsel("1-1.2", "/dev/sda1"), bootsel("1-1.3", "/dev/sdb1"), application("1-1.4")]
    found = bootsel_on(devices, "1-1.3", PICO_W)
    assert found is not None
    assert found.block_devices == ("/dev/sdb1",)
    assert bootsel_on(devices, "1-1.4", PICO_W) is None
    assert bootsel_on(devices, "1-1", PICO_W) is None


class Usb:
    """The devices on USB, as seen by a board that looks for itself."""

    def __init__(self, kernel: Path) -> None:
        self.devices: tuple[UsbDevice, ...] = ()
        self._kernel = kernel

    def board(self, port: str | None = None, serial: str = SERIAL, picotool: str | None = None) -> UsbBootsel:
        mounter = Mounter(self._kernel / "mountinfo", self._kernel / "sys")
        return UsbBootsel(
            "A", PICO_W, port, serial, lambda: self.devices, MonotonicClock(), mounter, lambda _name: picotool
        )


@pytest.fixture
def usb(kernel: Path) -> Usb:
    return Usb(kernel)


def test_a_board_seen_with_its_serial_number_is_found_again_in_bootsel_mode(usb: Usb) -> None:
    board = usb.board()
    usb.devices = (application("1-1.3"), bootsel("1-1.2"))
    board.locate()
    seen = [board.is_present]
    usb.devices = (bootsel("1-1.2"), bootsel("1-1.3"))
    seen.append(board.is_present)
    usb.devices = (bootsel("1-1.2"),)
    seen.append(board.is_present)
    assert seen == [False, True, False]


def test_a_board_on_the_port_of_the_rig_file_needs_no_serial_number(usb: Usb) -> None:
    board = usb.board("1-1.2", serial="")
    board.locate()
    usb.devices = (bootsel("1-1.2"),)
    assert board.is_present


def test_a_board_on_another_port_than_in_the_rig_file_is_not_flashed(usb: Usb) -> None:
    usb.devices = (application("1-1.3"),)
    with pytest.raises(
        BootselError, match=r"^A: .*2b2a is on USB port 1-1\.3, but the rig file puts it on 1-1\.2; move"
    ):
        usb.board("1-1.2").locate()


def test_a_board_whose_port_is_unknown_is_not_sent_to_bootsel_mode(usb: Usb) -> None:
    usb.devices = (bootsel("1-1.3"),)
    with pytest.raises(
        BootselError, match=r"^A: its USB port on this machine is not known.* `location:` .*flashed there$"
    ):
        usb.board().locate()


def test_a_board_of_another_type_in_bootsel_mode_is_named(usb: Usb) -> None:
    board = usb.board("1-1.2", serial="")
    usb.devices = (UsbDevice("1-1.2", 0x2E8A, 0x000F, "0123456789abcdef", 1, 6), bootsel("1-1.3"))
    assert not board.is_present
    with pytest.raises(
        BootselError,
        match=r"^A: a Pico 2 W in BOOTSEL mode is on its USB port 1-1\.2, but its type is pico-w; write `type: pico2",
    ):
        board.locate()
    assert bootsel_on(usb.devices, "1-1.2", PICO2_W) == usb.devices[0]


# ---- which volume


def test_mounts_are_read_as_the_kernel_writes_them() -> None:
    found = {mount.device: mount for mount in parse_mountinfo(MOUNTINFO)}
    assert found["8:1"] == Mount("8:1", "/", Path("/media/me/RPI-RP2"), is_writable=True)
    assert not found["8:17"].is_writable
    assert found["8:33"].point == Path("/run/two words")
    assert found["8:49"].root == "/folder"
    assert len(found) == 6


def test_a_mount_is_found_by_device_number_and_bind_mounts_are_ignored() -> None:
    mounts = parse_mountinfo(MOUNTINFO)
    mount = find_mount(mounts, "8:1")
    assert mount is not None
    assert mount.point == Path("/media/me/RPI-RP2")
    assert find_mount(mounts, "8:49") is None
    assert find_mount(mounts, "8:2") is None


def test_of_two_mounts_the_writable_one_is_used() -> None:
    mounts = [Mount("8:1", "/", Path("/a"), is_writable=False), Mount("8:1", "/", Path("/b"), is_writable=True)]
    mount = find_mount(mounts, "8:1")
    assert mount is not None
    assert mount.point == Path("/b")


@pytest.mark.parametrize(
    ("nodes", "node"), [(("/dev/sda", "/dev/sda1"), "/dev/sda1"), (("/dev/sda",), "/dev/sda"), ((), None)]
)
def test_the_volume_is_the_partition_if_there_is_one(nodes: tuple[str, ...], node: str | None) -> None:
    assert volume_of(nodes) == node


def test_an_existing_mount_is_used(kernel: Path, on_path: Path) -> None:
    program(on_path, "udisksctl", "exit 1")
    mounter = Mounter(kernel / "mountinfo", kernel / "sys")
    assert mounter.mount("/dev/sda1") == Path("/media/me/RPI-RP2")
    assert not (on_path / "udisksctl.calls").exists()


def test_a_volume_mounted_for_reading_only_is_refused(kernel: Path) -> None:
    with pytest.raises(BootselError, match=r"/dev/sdb1 is mounted read-only on /media/me/RPI-RP21; unmount it"):
        Mounter(kernel / "mountinfo", kernel / "sys").mount("/dev/sdb1")


@pytest.mark.parametrize("full_stop", [".", ""])
def test_udisks_mounts_a_volume_that_is_not_mounted(kernel: Path, on_path: Path, full_stop: str) -> None:
    program(on_path, "udisksctl", f'echo "Mounted $4 at /run/media/me/RPI-RP2{full_stop}"')
    mounts(kernel)
    assert Mounter(kernel / "mountinfo", kernel / "sys").mount("/dev/sda1") == Path("/run/media/me/RPI-RP2")
    assert (on_path / "udisksctl.calls").read_text() == "mount --no-user-interaction -b /dev/sda1\n"


def test_a_desktop_that_mounts_at_the_same_time_is_not_an_error(kernel: Path, on_path: Path) -> None:
    line = "400 28 8:1 / /media/me/RPI-RP2 rw shared:1 - vfat /dev/sda1 rw"
    script = f'echo "{line}" >"{kernel}/mountinfo"; echo "AlreadyMounted" >&2; exit 1'
    program(on_path, "udisksctl", script)
    mounts(kernel)
    assert Mounter(kernel / "mountinfo", kernel / "sys").mount("/dev/sda1") == Path("/media/me/RPI-RP2")


def test_udisks_without_permission_is_an_error(kernel: Path, on_path: Path) -> None:
    program(on_path, "udisksctl", 'echo "Error mounting /dev/sda1: NotAuthorizedCanObtain" >&2; exit 1')
    mounts(kernel)
    with pytest.raises(
        BootselError, match=r"/dev/sda1 .*NotAuthorizedCanObtain.*by hand: `sudo mount .*/dev/sda1 /mnt`"
    ):
        Mounter(kernel / "mountinfo", kernel / "sys").mount("/dev/sda1")


def test_without_udisks_the_error_names_the_package_to_install(kernel: Path, tmp_path: Path) -> None:
    def run(command: Sequence[str], within_s: float) -> Finished:
        return run_here([str(tmp_path / "nowhere" / command[0]), *command[1:]], within_s)

    mounts(kernel)
    with pytest.raises(BootselError, match=r"no udisksctl to mount it; install it \(`sudo apt install udisks2`\), or"):
        Mounter(kernel / "mountinfo", kernel / "sys", run).mount("/dev/sda1")


def test_a_disk_that_went_away_is_named(kernel: Path) -> None:
    with pytest.raises(BootselError, match=r"/dev/sdx1 went away"):
        Mounter(kernel / "mountinfo", kernel / "sys").mount("/dev/sdx1")


# ---- the copy


def written(folder: Path) -> bytes:
    return (folder / "firmware.uf2").read_bytes()


def test_an_image_is_copied_completely_with_the_second_stage_last(tmp_path: Path) -> None:
    folder = volume(tmp_path / "disk")
    seen: list[tuple[int, int]] = []
    copy(IMAGE, folder, MonotonicClock(), lambda done, total: seen.append((done, total)))
    assert written(folder) == IMAGE.in_safe_order
    assert len(seen) == 3
    assert seen[-1] == (IMAGE.size, IMAGE.size)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)


def test_a_disk_without_room_is_an_error(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    (folder / "firmware.uf2").symlink_to("/dev/full")
    with pytest.raises(
        BootselError, match=r"failed after 0 of 153600 bytes \(No space left on device\); did the board"
    ):
        copy(IMAGE, folder, MonotonicClock(), lambda _done, _total: None)


def test_a_volume_that_goes_away_before_the_copy_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(BootselError, match=r"failed after 0 of 153600 bytes \(No such file or directory\)"):
        copy(IMAGE, tmp_path / "gone", MonotonicClock(), lambda _done, _total: None)


def test_a_volume_that_disappears_with_the_last_block_is_not_an_error(tmp_path: Path) -> None:
    # A pipe cannot be synced, which is an error like that of a disk that is gone; but it has taken the one piece.
    small = read_uf2(micropython(), "small.uf2", PICO_W)
    folder = tmp_path / "disk"
    folder.mkdir()
    os.mkfifo(folder / "firmware.uf2")
    reader = os.open(folder / "firmware.uf2", os.O_RDONLY | os.O_NONBLOCK)
    try:
        copy(small, folder, MonotonicClock(), lambda _done, _total: None)
        assert os.read(reader, 1 << 16) == small.in_safe_order
        with pytest.raises(BootselError, match=r"failed after 65536 of 153600 bytes \(Invalid argument\)"):
            copy(IMAGE, folder, MonotonicClock(), lambda _done, _total: None)
    finally:
        os.close(reader)


def test_a_disk_that_hangs_ends_at_the_deadline(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    pipe = folder / "firmware.uf2"
    os.mkfifo(pipe)
    with pytest.raises(BootselError, match=r"stopped after 0 of 153600 bytes \(0\.1 s\); unplug the board"):
        copy(IMAGE, folder, MonotonicClock(), lambda _done, _total: None, within_s=0.1)
    # Release the thread that hangs in it.
    os.close(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK))


def test_errors_of_the_progress_callback_are_raised(tmp_path: Path) -> None:
    def progress(_done: int, _total: int) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        copy(IMAGE, volume(tmp_path / "disk"), MonotonicClock(), progress)


def test_the_volume_of_another_board_is_named(tmp_path: Path) -> None:
    folder = volume(tmp_path / "disk")
    check_volume(folder, PICO_W)
    (folder / "INFO_UF2.TXT").write_text("UF2 Bootloader v1.0\r\nModel: Raspberry Pi RP2350\r\nBoard-ID: RP2350\r\n")
    with pytest.raises(BootselError, match=r"disk is the volume of a Raspberry Pi RP2350, and not of a Pico W"):
        check_volume(folder, PICO_W)
    (folder / "INFO_UF2.TXT").unlink()
    with pytest.raises(BootselError, match=r"disk has no INFO_UF2\.TXT \(No such file or directory\)"):
        check_volume(folder, PICO_W)


# ---- all of it


@pytest.fixture
def two_in_bootsel(usb: Usb, kernel: Path) -> tuple[Path, Path]:
    """Two boards in BOOTSEL mode on ports 1-1.2 and 1-1.3, and their volumes."""
    first, second = volume(kernel / "RPI-RP2"), volume(kernel / "RPI-RP21")
    mounts(kernel, ("8:1", first), ("8:17", second))
    usb.devices = (bootsel("1-1.2", "/dev/sda", "/dev/sda1"), bootsel("1-1.3", "/dev/sdb", "/dev/sdb1"))
    return first, second


def nothing(_done: int, _total: int) -> None:
    """Progress callback that does nothing."""


@pytest.mark.parametrize("port", ["1-1.2", "1-1.3"])
def test_only_the_volume_on_the_boards_own_port_is_written(
    usb: Usb, two_in_bootsel: tuple[Path, Path], port: str
) -> None:
    usb.board(port).write(IMAGE, nothing)
    own, other = two_in_bootsel if port == "1-1.2" else two_in_bootsel[::-1]
    assert written(own) == IMAGE.in_safe_order
    assert sorted(path.name for path in other.iterdir()) == sorted(volume_files(PICO_W))


def test_a_board_that_is_not_in_bootsel_mode_is_not_written_though_another_is(
    usb: Usb, two_in_bootsel: tuple[Path, Path]
) -> None:
    with pytest.raises(BootselError, match=r"^A: no board in BOOTSEL mode is on USB port 1-1\.4"):
        usb.board("1-1.4").write(IMAGE, nothing)
    for folder in two_in_bootsel:
        assert sorted(path.name for path in folder.iterdir()) == sorted(volume_files(PICO_W))


def test_a_board_that_went_away_while_its_volume_was_mounted_is_not_written(usb: Usb, kernel: Path) -> None:
    disk = volume(kernel / "RPI-RP2")
    mounts(kernel)
    usb.devices = (bootsel("1-1.2", "/dev/sda1", address=6),)

    def udisks(_command: Sequence[str], _within_s: float) -> Finished:
        usb.devices = (bootsel("1-1.2", "/dev/sda1", address=9),)
        return Finished(0, f"Mounted /dev/sda1 at {disk}", "")

    mounter = Mounter(kernel / "mountinfo", kernel / "sys", udisks)
    board = UsbBootsel("A", PICO_W, "1-1.2", "", lambda: usb.devices, MonotonicClock(), mounter, lambda _name: None)
    with pytest.raises(BootselError, match=r"^A \(USB port 1-1\.2\): it left BOOTSEL mode before it was written to"):
        board.write(IMAGE, nothing)
    assert sorted(path.name for path in disk.iterdir()) == sorted(volume_files(PICO_W))


def test_errors_name_board_and_port(usb: Usb, kernel: Path, two_in_bootsel: tuple[Path, Path]) -> None:
    (two_in_bootsel[0] / "INFO_UF2.TXT").unlink()
    with pytest.raises(BootselError, match=r"^A \(USB port 1-1\.2\): .*RPI-RP2 has no INFO_UF2\.TXT"):
        usb.board("1-1.2").write(IMAGE, nothing)


# ---- picotool


def test_picotool_writes_to_the_device_on_the_port_and_restarts_it(
    usb: Usb, two_in_bootsel: tuple[Path, Path], tmp_path: Path
) -> None:
    (tmp_path / "bin").mkdir()
    tool = program(tmp_path / "bin", "picotool", f'[ "$1" = reboot ] || cp "$3" "{tmp_path}/loaded.uf2"')
    seen: list[tuple[int, int]] = []
    usb.devices = (bootsel("1-1.2", address=6), bootsel("1-1.3", address=11))
    usb.board("1-1.3", picotool=tool).write(IMAGE, lambda done, total: seen.append((done, total)))
    load, reboot = (tmp_path / "bin/picotool.calls").read_text().splitlines()
    assert load.startswith("load -v ")
    assert load.endswith(".uf2 -t uf2 --bus 1 --address 11")
    assert reboot == "reboot --bus 1 --address 11"
    assert (tmp_path / "loaded.uf2").read_bytes() == IMAGE.in_safe_order
    assert seen == [(IMAGE.size, IMAGE.size)]


def test_the_output_of_picotool_is_in_the_error(tmp_path: Path) -> None:
    tool = program(tmp_path, "picotool", 'echo "ERROR: Unable to connect" >&2; exit 249')
    with pytest.raises(
        BootselError, match=r"picotool load .*failed \(exit status 249: ERROR: Unable to connect\).*udev rule"
    ):
        picotool.load(IMAGE, 1, 6, tool)
    assert (tmp_path / "picotool.calls").read_text().count("\n") == 1


def test_picotool_that_hangs_is_stopped(tmp_path: Path) -> None:
    tool = program(tmp_path, "picotool", "exec sleep 60")

    def impatient(command: Sequence[str], _within_s: float) -> Finished:
        return run_here(command, 0.1)

    with pytest.raises(BootselError, match=r"did not end within 0\.1 s"):
        picotool.load(IMAGE, 1, 6, tool, impatient)


# ---- the 1200-baud touch


class LinedPort(LoopPort):
    """pyserial's port without hardware. Records changes of its modem lines, with the baud rate."""

    def __init__(self, url: str) -> None:
        self.changes: list[tuple[str, bool, int]] = []
        super().__init__(url, timeout=0.1)

    def _update_dtr_state(self) -> None:
        self.changes.append(("DTR", self.dtr, self.baudrate))

    def _update_rts_state(self) -> None:
        self.changes.append(("RTS", self.rts, self.baudrate))


class FixedAddress(Address):
    """An address at which ``port`` is opened."""

    def __init__(self, port: Callable[[], SerialBase]) -> None:
        self._port = port

    @classmethod
    def check(cls, link: str) -> None:
        pass

    def find(self) -> str:
        return "here"

    def open(self, found: str) -> SerialBase:
        return self._port()


@pytest.fixture
def open_link() -> Iterator[Callable[[Callable[[], SerialBase]], PortLink]]:
    """Opens a link to a port."""
    clock, links = MonotonicClock(), list[PortLink]()

    def open_link(port: Callable[[], SerialBase]) -> PortLink:
        link = PortLink("A", FixedAddress(port), clock)
        link.start(Console("A", clock, Timeline()))
        links.append(link)
        assert clock.wait(lambda: link.is_connected, 20)
        return link

    yield open_link
    for link in links:
        link.stop()


def test_a_touch_releases_both_lines_at_1200_baud_and_then_restores_them(
    open_link: Callable[[Callable[[], SerialBase]], PortLink],
) -> None:
    port = LinedPort("loop://")
    link = open_link(lambda: port)
    port.changes.clear()
    link.touch()
    assert set(port.changes[:2]) == {("DTR", False, 1200), ("RTS", False, 1200)}
    assert set(port.changes[2:]) == {("DTR", True, 9600), ("RTS", True, 9600)}


def test_a_port_without_modem_lines_cannot_be_touched(
    open_link: Callable[[Callable[[], SerialBase]], PortLink],
) -> None:
    board_end, host_end = os.openpty()
    try:
        link = open_link(lambda: Serial(os.ttyname(host_end), timeout=0.1))
        with pytest.raises(LinkError, match=r"^board A: its port does not support the 1200-baud touch \("):
            link.touch()
        link.stop()
    finally:
        os.close(board_end)
        os.close(host_end)


def test_a_closed_port_cannot_be_touched() -> None:
    with pytest.raises(LinkError, match=r"^board A: its serial port is not open"):
        PortLink("A", FixedAddress(lambda: LinedPort("loop://")), MonotonicClock()).touch()
