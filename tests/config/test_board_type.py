"""Board types in a rig file: the facts of ours, and the errors of a wrong `type:`."""

from pathlib import Path

import pytest

from hil.config.board_type import BOARD_TYPES, DEFAULT_TYPE, BoardType, default_board_type, known_board_types, types_of
from hil.config.board_types.pico2_w import PICO2_W
from hil.config.board_types.pico_w import PICO_W
from hil.config.rig import RigConfig, load_rig
from hil.errors import ConfigError
from hil.host.usb_devices import UsbDevice
from hil.testing import BoardTypeContract

RIG = """\
rig: mixed
wifi: {ssid: PicoAP, password: pico1234}
hubs: {main: {driver: virtual, ports: 3}}
boards:
  A: {power: main/1}
  B: {power: main/2, TYPE}
"""


def load(folder: Path, text: str) -> RigConfig:
    path = folder / "rig.yaml"
    path.write_text(RIG.replace("TYPE", text))
    return load_rig(path, {"TYPE": "top-secret"})


class TestBuiltIn(BoardTypeContract):
    @pytest.fixture(params=BOARD_TYPES.built_in)
    def board_type(self, request: pytest.FixtureRequest) -> BoardType:
        return BOARD_TYPES.load(request.param)


def test_types_of_a_rig_file(tmp_path: Path) -> None:
    config = load(tmp_path, "type: pico2-w")
    assert {name: board.type for name, board in config.boards.items()} == {"A": PICO_W, "B": PICO2_W}
    assert default_board_type() is PICO_W
    assert known_board_types()[0].name == DEFAULT_TYPE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("type: pico2w", "boards.B.type: unknown board type 'pico2w'; did you mean 'pico2-w'? known: pico-w, pico2-w"),
        ('type: "${TYPE}"', "boards.B.type: unknown board type '${TYPE}'; known: pico-w, pico2-w"),
        ("type: [pico-w]", "boards.B.type is a list"),
        (
            "type: pico2-w, serial: e661",
            "boards.B.serial is not the serial number of a Pico 2 W: 16 hex digits; `mpremote connect list` shows them",
        ),
    ],
)
def test_a_wrong_type_is_an_error_with_its_line(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    problem = str(caught.value)
    assert problem.startswith(f"{tmp_path}/rig.yaml:6: {expected}")
    assert "top-secret" not in problem
    assert "\n" not in problem


def test_chips_can_be_distinguished_only_in_bootsel_mode() -> None:
    def device(product_id: int) -> UsbDevice:
        return UsbDevice("1-1", 0x2E8A, product_id, None, 1, 2)

    types = known_board_types()
    assert types_of(device(0x0003), types) == (PICO_W,)
    assert types_of(device(0x000F), types) == (PICO2_W,)
    assert types_of(device(0x0005), types) == (PICO_W, PICO2_W)
    assert types_of(device(0x000C), types) == ()
    assert PICO2_W.mode_of(device(0x0003)) is None


@pytest.mark.parametrize(
    ("machine", "runs_as", "has_chip"),
    [
        ("Raspberry Pi Pico 2 W with RP2350", True, True),
        ("Raspberry Pi Pico 2 W with RP2350-RISCV", True, True),
        ("Raspberry Pi Pico 2 with RP2350", False, True),
        ("Raspberry Pi Pico W with RP2040", False, False),
        ("", False, True),
    ],
)
def test_machine_names_that_a_board_reports(machine: str, runs_as: bool, has_chip: bool) -> None:
    assert (PICO2_W.runs_as(machine), PICO2_W.has_chip(machine)) == (runs_as, has_chip)
