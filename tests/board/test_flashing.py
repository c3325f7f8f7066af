"""A UF2 image onto a board of the virtual bench: the way into BOOTSEL mode, the new version, and what can go wrong."""

from dataclasses import replace

import pytest

from hil.board.board import Board
from hil.bootsel.uf2 import read_uf2
from hil.config.board_types.pico2_w import PICO2_W
from hil.config.board_types.pico_w import PICO_W
from hil.errors import BootselError
from hil.rig import Rig
from hil.virtual.bench.bench import VirtualBench
from hil.virtual.bench.pico import VirtualPico
from hil.virtual.bench.power_state import PowerState
from tests.bootsel.uf2_writer import NEW_VERSION, RP2350_ARM_S, micropython, uf2

IMAGE = read_uf2(micropython(), "new.uf2", PICO_W)

DEAF = b"import micropython\nmicropython.kbd_intr(-1)\nwhile True: pass\n"
"""A program that Ctrl-C does not stop."""
DEAF_AFTER_POWER_ON = b"import machine\nif machine.reset_cause() == 1:\n    " + DEAF.replace(b"\n", b"\n    ")
"""The same, but not after the restart with new firmware."""


@pytest.fixture
def board(virtual_rig: Rig) -> Board:
    return virtual_rig.boards["A"]


@pytest.fixture
def pico(virtual_bench: VirtualBench) -> VirtualPico:
    return virtual_bench.boards["A"]


def told(rig: Rig, kind: str) -> list[str]:
    return [entry.text for entry in rig.timeline.entries() if entry.kind == kind and entry.source == "A"]


def version_of(board: Board) -> object:
    with board.repl() as repl:
        return repl.eval("__import__('os').uname().release")


def test_a_running_board_gets_a_new_micropython_and_keeps_its_files(
    virtual_rig: Rig, board: Board, pico: VirtualPico
) -> None:
    pico.flash.replace("/main.py", b"while True: pass\n")
    board.boot()
    progress: list[tuple[int, int]] = []
    assert board.flash_uf2(IMAGE, lambda done, total: progress.append((done, total))) == NEW_VERSION
    assert version_of(board) == "1.28.0"
    assert set(pico.flash.files) == {"/main.py"}
    assert progress[-1] == (IMAGE.size, IMAGE.size)
    assert told(virtual_rig, "deploy") == [f"wrote new.uf2; it runs MicroPython {NEW_VERSION}"]
    assert told(virtual_rig, "reset") == [
        "to BOOTSEL mode, by machine.bootloader()",
        f"new firmware: new.uf2 ({NEW_VERSION})",
    ]


def test_a_board_that_is_off_is_switched_on(board: Board) -> None:
    assert board.flash_uf2(IMAGE) == NEW_VERSION


def test_a_board_that_is_in_bootsel_mode_already_is_just_written(
    virtual_rig: Rig, board: Board, pico: VirtualPico
) -> None:
    pico.firmware.has_second_stage = False
    assert board.flash_uf2(IMAGE) == NEW_VERSION
    assert told(virtual_rig, "reset") == [f"new firmware: new.uf2 ({NEW_VERSION})"]


def test_a_board_whose_program_fends_off_ctrl_c_is_touched_at_1200_baud(
    virtual_rig: Rig, board: Board, pico: VirtualPico
) -> None:
    pico.flash.replace("/main.py", DEAF_AFTER_POWER_ON)
    assert board.flash_uf2(IMAGE) == NEW_VERSION
    assert told(virtual_rig, "reset")[1] == "to BOOTSEL mode, by a touch at 1200 baud"


def test_a_program_that_is_still_deaf_afterwards_leaves_the_version_open(board: Board, pico: VirtualPico) -> None:
    pico.flash.replace("/main.py", DEAF)
    with pytest.raises(
        BootselError, match=r"^A: the image was written completely and started, but .*does its main\.py"
    ):
        board.flash_uf2(IMAGE)


def test_a_program_that_is_no_micropython_need_not_have_usb(virtual_rig: Rig, board: Board, pico: VirtualPico) -> None:
    def come_without_usb(done: int, total: int) -> None:
        if done == total:
            pico.unplug_usb()

    assert board.flash_uf2(read_uf2(uf2(bytes(1024)), "blink.uf2", PICO_W), come_without_usb) is None
    assert told(virtual_rig, "deploy") == ["wrote blink.uf2, which is not MicroPython, so its version was not checked"]


class Person:
    """Does what is asked: holds the button from now on."""

    def __init__(self, pico: VirtualPico) -> None:
        self.heard: list[str] = []
        self._pico = pico

    def __call__(self, request: str) -> None:
        self.heard.append(request)
        self._pico.is_bootsel_held = True

    def lets_go(self, *_progress: int) -> None:
        self._pico.is_bootsel_held = False


def test_a_board_that_hangs_is_asked_for_by_its_button(board: Board, pico: VirtualPico) -> None:
    # Half a program: neither REPL nor touch, no USB at all.
    pico.firmware.is_complete = False
    person = Person(pico)
    assert board.flash_uf2(IMAGE, person.lets_go, person) == NEW_VERSION
    assert person.heard == [
        "hold the BOOTSEL button of board A while you unplug its USB cable and plug it in again; waiting 60 s for that"
    ]


def test_without_anybody_to_press_the_error_says_what_to_press(
    virtual_rig: Rig, board: Board, pico: VirtualPico
) -> None:
    pico.firmware.is_complete = False
    started_s = virtual_rig.clock.now()
    with pytest.raises(
        BootselError,
        match=r"^A: does not go to BOOTSEL mode \(.*\)\. hold the BOOTSEL button of board A .*, then flash it again$",
    ):
        board.flash_uf2(IMAGE)
    assert virtual_rig.clock.now() - started_s < 60


def test_nobody_presses_in_time(virtual_rig: Rig, board: Board, pico: VirtualPico) -> None:
    pico.firmware.is_complete = False
    started_s = virtual_rig.clock.now()
    with pytest.raises(BootselError, match="a power cycle had no effect"):
        board.flash_uf2(IMAGE, ask=lambda _request: None)
    assert 60 < virtual_rig.clock.now() - started_s < 120


def test_the_whole_has_a_deadline(virtual_rig: Rig, board: Board, pico: VirtualPico) -> None:
    pico.firmware.is_complete = False
    started_s = virtual_rig.clock.now()
    with pytest.raises(BootselError):
        board.flash_uf2(IMAGE, ask=lambda _request: None, within_s=20)
    # What cannot be cut short is the time that a board must be without power.
    assert virtual_rig.clock.now() - started_s < 23


@pytest.mark.parametrize("cut_at", [0.05, 0.3, 0.9])
def test_power_cut_while_it_is_written_leaves_a_board_that_can_be_flashed_again(
    virtual_rig: Rig, virtual_bench: VirtualBench, board: Board, pico: VirtualPico, cut_at: float
) -> None:
    large = read_uf2(micropython(pages=1000), "large.uf2", PICO_W)
    board.boot()

    def cut(done: int, total: int) -> None:
        if done >= cut_at * total:
            virtual_bench.power_port("A").off()

    with pytest.raises(BootselError, match=r"^A: its volume disappeared after \d+ of 512000 bytes; check its power"):
        board.flash_uf2(large, cut)
    board.power.cycle()
    assert virtual_rig.clock.wait(lambda: pico.state is PowerState.BOOTLOADER, 5)
    assert board.flash_uf2(large) == NEW_VERSION


def test_firmware_that_never_gets_to_usb_is_an_error(board: Board, pico: VirtualPico) -> None:
    pico.flash.replace("/boot.py", b"import machine\nif machine.reset_cause() == 3:\n    while True: pass\n")
    with pytest.raises(BootselError, match=r"^A: 30 s after new\.uf2 was written it has no serial device; check that"):
        board.flash_uf2(IMAGE)


def test_a_board_that_does_not_run_what_was_written_is_an_error(board: Board, pico: VirtualPico) -> None:
    def another_is_quicker(_done: int, _total: int) -> None:
        pico.bootrom.write(micropython("v1.20.0 on 2023-04-26"))

    with pytest.raises(
        BootselError, match=rf"^A: runs MicroPython v1\.20\.0 .* which has {NEW_VERSION}; flash it again"
    ):
        board.flash_uf2(read_uf2(micropython(pages=200), "new.uf2", PICO_W), another_is_quicker)


def test_what_is_no_micropython_is_not_asked_for_its_version(virtual_rig: Rig, board: Board) -> None:
    assert board.flash_uf2(read_uf2(uf2(bytes(4096)), "blink.uf2", PICO_W)) is None
    assert "so its version was not checked" in told(virtual_rig, "deploy")[0]


def test_a_board_with_another_chip_than_its_type_is_not_written_to(
    virtual_rig: Rig, board: Board, pico: VirtualPico
) -> None:
    pico.board_type = PICO2_W
    with pytest.raises(
        BootselError,
        match=r"^A: is a Raspberry Pi Pico 2 W with RP2350, but its type is pico-w \(RP2040\); nothing was written; ",
    ):
        board.flash_uf2(IMAGE)
    assert pico.state is PowerState.RUNNING
    assert not [text for text in told(virtual_rig, "reset") if "new firmware" in text]


def test_another_micropython_for_the_right_chip_is_replaced(board: Board, pico: VirtualPico) -> None:
    pico.board_type = replace(PICO_W, machine="Raspberry Pi Pico with RP2040")
    assert board.flash_uf2(IMAGE) == NEW_VERSION


def test_an_image_that_was_read_for_another_type_is_not_written(board: Board, pico: VirtualPico) -> None:
    image = read_uf2(micropython(family=RP2350_ARM_S), "new.uf2", PICO2_W)
    with pytest.raises(BootselError, match=r"^A: new\.uf2 was read for a Pico 2 W, but the board is a Pico W; nothing"):
        board.flash_uf2(image)
    assert pico.state is PowerState.OFF
