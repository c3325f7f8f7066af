"""Rig files that are written from lists of USB devices."""

from dataclasses import replace
from pathlib import Path

import pytest

from hil.config.board_type import UsbId
from hil.config.board_types.pico2_w import PICO2_W
from hil.config.board_types.pico_w import PICO_W
from hil.config.discovered import board_names, find_boards, rig_file
from hil.config.rig import RigConfig, load_rig
from hil.host.usb_devices import UsbDevice

SERIAL = "e6614c311b8c2b2"
TYPES = (PICO_W, PICO2_W)
ROOT = UsbDevice("usb1", 0x1D6B, 2, None, 1, 1, is_hub=True)


def hub(port_path: str) -> UsbDevice:
    return UsbDevice(port_path, 0x0BDA, 0x5411, None, 1, 2, is_hub=True)


def pico(port_path: str, serial: str | None = None, product: int = 5) -> UsbDevice:
    return UsbDevice(port_path, 0x2E8A, product, serial, 1, 3)


DEVICES = (
    ROOT,
    hub("1-1.4"),
    hub("1-1.10"),
    pico("1-1.10.1", SERIAL + "c"),
    pico("1-1.4.10", SERIAL + "b"),
    pico("1-1.4.2", SERIAL + "a"),
    pico("1-1.4.3", "e0c9125b0d9b", product=3),
    pico("1-1.4.4", "5303284720c4641c", product=0x0C),
    UsbDevice("1-5", 0x046D, 0xC52B, None, 1, 5),
)


def written(tmp_path: Path, devices: tuple[UsbDevice, ...] = DEVICES, switching: frozenset[str] = frozenset()) -> str:
    found = find_boards(devices, TYPES)
    return rig_file("bench-1", found, board_names(found), dict.fromkeys(found.locations, "uhubctl"), switching)


def loaded(tmp_path: Path, text: str) -> RigConfig:
    path = tmp_path / "rig.yaml"
    path.write_text(text)
    return load_rig(path, {"PICO_AP_PASSWORD": "pico1234"})


def test_the_written_file_loads_and_has_every_board_on_its_port(tmp_path: Path) -> None:
    config = loaded(tmp_path, written(tmp_path))
    assert [(board.name, board.usb_port, board.serial) for board in config.wired_boards] == [
        ("A", "1-1.4.2", SERIAL + "a"),
        ("B", "1-1.4.3", ""),
        ("C", "1-1.4.10", SERIAL + "b"),
        ("D", "1-1.10.1", SERIAL + "c"),
    ]
    assert list(config.hubs) == ["main", "hub2"]
    assert config.ap_board.name == "A"


def test_comments_explain_special_cases(tmp_path: Path) -> None:
    text = written(tmp_path, switching=frozenset({"1-1.4"}))
    lines = text.splitlines()
    before = {line: lines[number - 1] for number, line in enumerate(lines)}
    assert "hil flash B --uf2" in before["  B: {power: main/3}"]
    assert "reports that it switches" in before["  main: {driver: uhubctl, location: 1-1.4}"]
    assert "does not report that it can switch" in before["  hub2: {driver: uhubctl, location: 1-1.10}"]
    assert "# On USB port 1-1.4.4 is 2e8a:000c: not a board with MicroPython, so it is left out." in text
    assert "# probe: {driver: board, board: D}" in text


def test_board_on_a_port_of_the_machine_itself(tmp_path: Path) -> None:
    text = written(tmp_path, (ROOT, pico("1-3", SERIAL + "a")))
    assert loaded(tmp_path, text).wired_boards[0].usb_port == "1-3"
    assert "can rarely be switched separately" in text


@pytest.mark.parametrize("name", ["no", "On", "12", "0x1f", "left-1", "a.b"])
def test_names_that_yaml_would_read_as_other_types(tmp_path: Path, name: str) -> None:
    found = find_boards((hub("1-1"), pico("1-1.1", "1234567890123456")), TYPES)
    config = loaded(tmp_path, rig_file("r", found, [name], {"1-1": "sysfs"}, frozenset()))
    assert list(config.boards) == [name]
    assert config.boards[name].serial == "1234567890123456"


def test_names_continue_after_the_alphabet() -> None:
    found = find_boards([pico(f"1-1.{port}") for port in range(1, 29)], TYPES)
    assert board_names(found)[24:] == ["Y", "Z", "AA", "AB"]


def test_a_board_of_another_type_gets_its_type(tmp_path: Path) -> None:
    found = find_boards((hub("1-1"), pico("1-1.1", SERIAL + "a"), pico("1-1.2", "0123456789abcdef", 0x0F)), TYPES)
    assert [board.board_type for board in found.boards] == [None, PICO2_W]
    text = rig_file("r", found, ["A", "B"], {"1-1": "sysfs"}, frozenset())
    assert "if it is not pico-w, add `type:`" in text
    assert "# In BOOTSEL mode, without a program: `hil flash B --uf2 RPI_PICO2_W-….uf2`." in text
    asked = replace(found, boards=(found.boards[0].reporting("Raspberry Pi Pico 2 W with RP2350"), found.boards[1]))
    text = rig_file("r", asked, ["A", "B"], {"1-1": "sysfs"}, frozenset())
    assert "add `type:`" not in text
    config = loaded(tmp_path, text)
    assert [(board.type, board.serial) for board in config.wired_boards] == [(PICO2_W, SERIAL + "a"), (PICO2_W, "")]


def test_a_board_that_reports_no_known_machine_may_be_of_any_type() -> None:
    (board,) = find_boards((hub("1-1"), pico("1-1.1", SERIAL + "a")), TYPES).boards
    assert board.reporting("Acme One with RP2040").types == TYPES
    assert board.reporting("Raspberry Pi Pico W with RP2040").board_type is PICO_W


def test_a_board_that_cannot_be_the_default_is_not_written_as_one() -> None:
    acme = [replace(PICO_W, name=name, application_usb=UsbId(0x1234, 1)) for name in ("acme-one", "acme-two")]
    device = UsbDevice("1-1.1", 0x1234, 1, SERIAL + "a", 1, 3)
    found = find_boards((hub("1-1"), device), (PICO_W, *acme))
    text = rig_file("r", found, ["A"], {"1-1": "sysfs"}, frozenset())
    assert "if it is not acme-one, add `type:`" in text
    assert "  A: {type: acme-one, power: main/1" in text
