"""``hil discover``: its file, and its wizard with a served board."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hil.commands.cli import app
from hil.commands.discover import ask_types, identify_boards, write_rig
from hil.config.board_types.pico2_w import PICO2_W
from hil.config.board_types.pico_w import PICO_W
from hil.config.discovered import board_names, find_boards, rig_file
from hil.errors import ConfigError
from hil.host.usb_devices import UsbDevice
from tests.serve.served import Served, Watcher

DEVICES = (UsbDevice("1-1.4", 0x0BDA, 0x5411, None, 1, 2, is_hub=True), UsbDevice("1-1.4.1", 0x2E8A, 3, None, 1, 3))
TYPES = (PICO_W, PICO2_W)
HUB = f"{os.getpid()}-1.4"
SERIAL = f"e661{os.getpid():011d}"
"""Concurrent processes have different hubs and serial numbers, and so different locks of boards."""
SERVED = """\
rig: served
wifi: {ssid: PicoAP, password: pico1234}
hubs: {main: {driver: virtual, ports: 2}}
boards:
  A: {power: main/1}
  B: {power: main/2, type: pico2-w}
"""


@pytest.fixture
def text() -> str:
    found = find_boards(DEVICES, TYPES)
    return rig_file("bench-1", found, board_names(found), {"1-1.4": "uhubctl"}, frozenset())


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("s")
    (folder / "virtual.yaml").write_text(SERVED)
    server = Served(folder / "served", folder / "virtual.yaml")
    yield server
    server.stop()


def test_file_is_written_and_never_overwritten_unasked(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rigs" / "rig.yaml"
    write_rig(path, text, force=False)
    assert path.read_text() == text
    with pytest.raises(ConfigError, match="exists and is left as it is"):
        write_rig(path, text + "# new\n", force=False)
    assert path.read_text() == text
    write_rig(path, text + "# new\n", force=True)
    assert path.read_text() == text + "# new\n"
    assert list(path.parent.iterdir()) == [path]


def test_file_that_would_not_load_is_not_written(tmp_path: Path, text: str) -> None:
    path = tmp_path / "rig.yaml"
    with pytest.raises(ConfigError, match=r"not written: .*rig\.yaml:.*name"):
        write_rig(path, text.replace("  A: ", "  a b: "), force=False)
    assert list(tmp_path.iterdir()) == []


def test_existing_file_is_told_of_before_anything_is_looked_at(tmp_path: Path) -> None:
    path = tmp_path / "rig.yaml"
    path.write_text("mine")
    result = CliRunner().invoke(app, ["discover", "--identify", "--output", str(path)])
    assert result.exit_code == 2
    assert "exists and is left as it is" in result.stderr
    assert path.read_text() == "mine"


def test_board_blinks_while_its_name_is_asked_for_and_starts_anew(served: Served) -> None:
    asked = []

    def ask(question: str, proposal: str) -> str:
        asked.append((question, proposal))
        return "desk-left"

    pico = UsbDevice(f"{HUB}.2", 0x2E8A, 5, f"{SERIAL}2", 1, 3, ttys=(str(served.tty("A")),))
    with Watcher(served.control) as watcher:
        found, names = identify_boards(find_boards([pico], TYPES), ask)
        assert names == ["desk-left"]
        assert [board.board_type for board in found.boards] == [PICO_W]
        watcher.wait_for("A", "absent")
        watcher.wait_for("A", "application")
    assert asked == [(f"Blinks on port 2 of hub {HUB}. Its name", "A")]


def test_boards_are_asked_for_their_types_and_start_again(served: Served) -> None:
    devices = [
        UsbDevice(f"{HUB}.{port}", 0x2E8A, 5, f"{SERIAL}{port}", 1, port, ttys=(str(served.tty(board)),))
        for port, board in ((1, "A"), (2, "B"))
    ]
    warnings: list[str] = []
    with Watcher(served.control) as watcher:
        found = ask_types(find_boards(devices, TYPES), warnings.append)
        assert warnings == []
        watcher.wait_for("B", "absent")
        watcher.wait_for("B", "application")
    assert [board.board_type for board in found.boards] == [PICO_W, PICO2_W]


def test_board_that_does_not_answer_is_warned_of(tmp_path: Path) -> None:
    mute = UsbDevice(f"{HUB}.1", 0x2E8A, 5, f"{SERIAL}1", 1, 3, ttys=(str(tmp_path / "ttyACM9"),))
    warnings: list[str] = []
    found = find_boards([mute], TYPES)
    assert ask_types(found, warnings.append) == found
    (warning,) = warnings
    assert warning.startswith(f"the board on port 1 of hub {HUB} did not report its type: ")


def test_board_in_bootsel_mode_is_told_by_its_port() -> None:
    asked = []

    def ask(question: str, proposal: str) -> str:
        asked.append(question)
        return proposal

    found = find_boards(DEVICES, TYPES)
    assert identify_boards(found, ask) == (found, ["A"])
    assert asked == ["The board on port 1 of hub 1-1.4 cannot blink. Its name"]


def test_two_boards_of_one_name() -> None:
    two = (*DEVICES, UsbDevice("1-1.4.2", 0x2E8A, 3, None, 1, 3))
    with pytest.raises(ConfigError, match="two boards are called X"):
        identify_boards(find_boards(two, TYPES), lambda _question, _proposal: "X")
