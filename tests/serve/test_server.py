"""`hil serve` from outside: device nodes, volume, control socket, and the rig file that it writes."""

import os
import socket
import subprocess
import sys
from pathlib import Path
from select import select

import pytest
import serial
from typer.testing import CliRunner

from hil.clock import MonotonicClock
from hil.commands.cli import app
from hil.config.rig import RigConfig, load_cells, load_rig
from hil.errors import BenchError, ConfigError
from hil.serve.client import ControlError, ask, main
from hil.serve.rig_text import rig_text
from hil.serve.server import Server
from hil.serve.twin import virtual_twin
from tests.bootsel.uf2_writer import NEW_VERSION, micropython
from tests.serve.served import HIL, PATIENCE_S, Served, Watcher


def open_port(path: Path) -> serial.Serial:
    return serial.Serial(str(path), timeout=PATIENCE_S, exclusive=True)


def prompt(port: serial.Serial) -> None:
    """Bring the board to its prompt: Ctrl-C ends a program, Ctrl-B the raw REPL."""
    port.write(b"\r\x03\x03\x02")
    assert port.read_until(b"more information.\r\n>>> ").endswith(b">>> ")


def test_it_prints_how_to_attach(served: Served) -> None:
    printed = "".join(served.printed)
    assert f"A  on main/1:  mpremote connect {served.folder}/A\n" in printed
    assert f"pytest --rig {served.folder}/rig.yaml" in printed


def test_every_command_uses_the_boards_of_the_rig_file_like_real_ones(served: Served) -> None:
    rig = served.folder / "rig.yaml"
    assert rig.stat().st_mode & 0o077 == 0  # the Wi-Fi key is in it
    assert not load_rig(rig, {}).is_virtual
    with Watcher(served.control) as watcher:
        command = [*HIL, "power", "cycle", "B", "--rig", str(rig)]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE_S)
        assert (done.returncode, done.stdout) == (0, "B (main/2): on\n"), done.stderr
        watcher.wait_for("B", "absent")
        watcher.wait_for("B", "application")


def test_power_cut_hangs_up_a_program_and_the_next_pty_is_another(served: Served) -> None:
    served.wait_for_mode("A", "application")
    path = served.tty("A")
    before = path.readlink()
    with open_port(path) as port, Watcher(served.control) as watcher:
        prompt(port)
        served.power(1, "off")
        with pytest.raises(OSError, match=r"returned no data|Input/output error"):
            port.read(1)
        watcher.wait_for("A", "absent")
        assert not path.is_symlink()
        served.power(1, "on")
        watcher.wait_for("A", "application")
        # The old one is still open here, so its number is in use.
        assert path.readlink() != before
    with open_port(path) as port:
        prompt(port)


def test_pulled_cable_removes_the_device_and_leaves_the_program_running(served: Served) -> None:
    served.wait_for_mode("A", "application")
    # The program prints nothing unasked: output would be lost while mpremote still has the port open.
    waits = "while 'hello' not in sys.stdin.readline(): pass"
    served.mpremote("A", "exec", "--no-follow", f"import sys\nstate = 'kept'\n{waits}\nprint('hello', state)")
    with Watcher(served.control) as watcher:
        ask(served.control, "unplug A")
        watcher.wait_for("A", "absent")
        ask(served.control, "plug-in A")
        watcher.wait_for("A", "application")
    with open_port(served.tty("A")) as port:
        port.write(b"hello\n")
        assert port.read_until(b"hello kept\r\n").endswith(b"hello kept\r\n")
        prompt(port)


def test_of_unread_output_only_the_latest_is_kept(served: Served) -> None:
    served.wait_for_mode("A", "application")
    with open_port(served.tty("A")) as port:
        prompt(port)
        port.write(b"exec('import time\\ntime.sleep(0.5)\\nfor n in range(1000): print(n)')\r")
    # Time is the same for all boards: by now A has finished, without a reader.
    served.mpremote("B", "exec", "import time; time.sleep(1.5)")
    # Not with pyserial, which discards pending input when it opens a port.
    descriptor = os.open(served.tty("A"), os.O_RDWR | os.O_NOCTTY)
    try:
        kept = b""
        while not kept.endswith(b"999\r\n>>> ") and select([descriptor], [], [], PATIENCE_S)[0]:
            kept += os.read(descriptor, 512)
    finally:
        os.close(descriptor)
    assert 100 < len(kept) <= 256
    with open_port(served.tty("A")) as port:
        prompt(port)


def test_long_input_waits_for_a_board_that_does_not_read(served: Served) -> None:
    served.wait_for_mode("A", "application")
    with open_port(served.tty("A")) as port:
        prompt(port)
        code = "import sys, time; print('be', 'gun'); time.sleep(1); "
        port.write(f"{code}print(sum(len(sys.stdin.readline()) for _ in range(300)))\r".encode())
        port.read_until(b"be gun\r\n")
        port.write(b"123456789\n" * 300)
        assert port.read_until(b"3000\r\n").endswith(b"3000\r\n")


def test_uf2_copied_to_the_volume_is_flashed(served: Served, tmp_path: Path) -> None:
    volume = served.folder / "B.RPI-RP2"
    with Watcher(served.control) as watcher:
        watcher.wait_for("B", "application")
        served.mpremote("B", "bootloader")
        watcher.wait_for("B", "bootsel")
        assert "Board-ID: RPI-RP2" in (volume / "INFO_UF2.TXT").read_text()
        (volume / "firmware.uf2").write_bytes(micropython())
        watcher.wait_for("B", "application")
    assert not volume.exists()
    version = served.mpremote("B", "exec", "import sys; print('v%d.%d.%d' % sys.implementation.version[:3])")
    assert version.strip() == NEW_VERSION.split()[0]


def test_link_on_the_volume_is_not_followed(served: Served, tmp_path: Path) -> None:
    secret = tmp_path / "secret.uf2"
    secret.write_bytes(micropython("v9.9.9 on 2030-01-01"))
    with Watcher(served.control) as watcher:
        watcher.wait_for("B", "application")
        served.mpremote("B", "bootloader")
        watcher.wait_for("B", "bootsel")
        link = served.folder / "B.RPI-RP2" / "link.uf2"
        link.symlink_to(secret)
        link.open("ab").close()
        served.power(2, "off")
        watcher.wait_for("B", "absent")
        served.power(2, "on")
        watcher.wait_for("B", "application")
    assert "9" not in served.mpremote("B", "exec", "import sys; print(sys.implementation.version[0])")


def test_touch_at_1200_baud_starts_the_boot_loader(served: Served) -> None:
    with Watcher(served.control) as watcher:
        watcher.wait_for("B", "application")
        with serial.Serial(str(served.tty("B")), baudrate=1200):
            pass
        watcher.wait_for("B", "bootsel")
        served.power(2, "off")
        watcher.wait_for("B", "absent")
        served.power(2, "on")
        watcher.wait_for("B", "application")


@pytest.mark.parametrize(
    ("request_line", "expected"),
    [
        ("", "known: boards, power, unplug, plug-in, watch"),
        ("explode", "there is no request 'explode'"),
        ("power", "hubs: main"),
        ("power other 1 on", "hubs: main"),
        ("power main 4 on", "needs a port, 1 to 3"),
        ("power main x on", "needs a port, 1 to 3"),
        ("power main 1 maybe", "write on, off or state"),
        ("unplug Z", "name one board: A, B"),
    ],
)
def test_the_answer_to_a_wrong_request_lists_the_right_ones(served: Served, request_line: str, expected: str) -> None:
    with pytest.raises(ControlError) as error:
        ask(served.control, request_line)
    assert expected in str(error.value)


def test_client_that_sends_no_line_is_disconnected_and_the_others_are_served(served: Served) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE_S)
        connection.connect(served.control)
        connection.sendall(b"x" * 2000)
        assert connection.recv(10) == b""
    assert served.power(3, "state") == "on" or served.power(3, "state") == "off"


def test_client_command_prints_what_is_wrong(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none"), "main", "1", "on"]) == 1
    assert "no `hil serve` answers there" in capsys.readouterr().err
    assert main([]) == 2


def test_second_server_in_a_folder_is_refused(served: Served, three_boards: RigConfig) -> None:
    with pytest.raises(BenchError, match="another `hil serve` is using it"):
        Server(three_boards, served.folder, MonotonicClock())
    served.power(1, "state")


def test_files_of_a_killed_server_are_replaced(three_boards: RigConfig, tmp_path: Path) -> None:
    (tmp_path / "A").symlink_to("/dev/pts/gone")
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / "control"))
    server = Server(three_boards, tmp_path, MonotonicClock())
    assert not (tmp_path / "A").is_symlink()
    server.close()
    assert [path.name for path in tmp_path.iterdir()] == ["three.yaml"]


@pytest.mark.parametrize("name", ["A", "control", "lock", "B.RPI-RP2"])
def test_other_files_in_the_folder_are_not_replaced(three_boards: RigConfig, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine")
    (tmp_path / "mine").symlink_to("/etc/hostname")
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(ConfigError, match=rf"{name}: was not made by `hil serve`.*; give another --dir"):
        Server(three_boards, tmp_path, MonotonicClock())
    assert (tmp_path / name).read_text() == "mine"
    (tmp_path / name).unlink()
    Server(three_boards, tmp_path, MonotonicClock()).close()
    assert sorted(path.name for path in tmp_path.iterdir()) == [left for left in before if left != name]


def test_rig_file_of_the_user_is_not_replaced(tmp_path: Path, three_boards: RigConfig) -> None:
    rig = tmp_path / "rig.yaml"
    rig.write_text(three_boards.path.read_text())
    result = CliRunner().invoke(app, ["serve", "--rig", str(rig), "--dir", str(tmp_path)])
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{rig}: was not written by `hil serve`, which would overwrite")
    assert rig.read_text() == three_boards.path.read_text()


def test_a_path_too_long_for_a_socket_is_refused(three_boards: RigConfig, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="give a shorter --dir"):
        Server(three_boards, tmp_path / ("long" * 30), MonotonicClock())


def test_wrong_rig_is_an_error_without_a_traceback(tmp_path: Path) -> None:
    command = [*HIL, "serve", "--rig", "nowhere", "--dir", str(tmp_path / "d")]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=PATIENCE_S, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        2,
        "nowhere: no such rig; give the path of a rig file, or a name from rigs/: none\n",
    )


def test_the_virtual_twin_of_a_real_rig_has_its_boards_on_its_ports(tmp_path: Path) -> None:
    path = tmp_path / "real.yaml"
    path.write_text(
        "rig: real\nwifi: {ssid: PicoAP, password: pico1234}\nhubs: {main: {driver: uhubctl, location: 1-1.4}}\n"
        "boards:\n  A: {power: main/2, serial: e6614c311b8c2b2a}\n  P: {power: main/6}\n"
        "probe: {driver: board, board: P}\n"
    )
    twin = virtual_twin(load_rig(path, {}))
    assert twin.is_virtual
    assert twin.boards["A"].serial == "e6614c311b8c2b2a"
    (probe,) = twin.probe_boards
    assert len(probe.serial) == 16
    assert [board.power.port for board in twin.wired_boards] == [2, 6]
    assert [hub.ports for hub in twin.hubs.values()] == [6]


def test_the_written_rig_file_of_cells_matches_what_is_served(tmp_path: Path) -> None:
    served = load_cells(Path("rigs/cells.yaml"), {})
    written = tmp_path / "written.yaml"
    written.write_text(rig_text(served, tmp_path, tmp_path / "control"))
    read = load_cells(written, {})
    assert [(cell.cell, cell.wifi) for cell in read] == [(cell.cell, cell.wifi) for cell in served]
    assert [
        [(board.name, board.role, board.power, board.serial) for board in cell.boards.values()] for cell in read
    ] == [[(board.name, board.role, board.power, board.serial) for board in cell.boards.values()] for cell in served]


def test_the_written_rig_file_matches_what_is_served(tmp_path: Path) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(
        'rig: odd\nwifi: {ssid: "a: b", password: "$${NAME} # \\" x", channel: 6}\n'
        "hubs: {main: {driver: virtual, ports: 3}}\n"
        "boards:\n  A: {power: main/1, role: client}\n  B: {power: main/3}\n  P: {power: main/2}\n"
        "probe: {driver: board, board: P}\n"
    )
    served_config = load_rig(path, {})
    written = tmp_path / "written.yaml"
    written.write_text(rig_text([served_config], tmp_path, tmp_path / "control"))
    read = load_rig(written, {})
    assert read.wifi == served_config.wifi
    assert (read.probe, read.power.off_time_s) == (served_config.probe, served_config.power.off_time_s)
    assert {name: (board.role, board.power, board.serial) for name, board in read.boards.items()} == {
        name: (board.role, board.power, board.serial) for name, board in served_config.boards.items()
    }
    assert [board.link for board in read.wired_boards] == [str(tmp_path / name) for name in "ABP"]
    assert sys.executable in written.read_text()
    assert os.fspath(tmp_path / "control") in written.read_text()
