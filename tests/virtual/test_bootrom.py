"""BOOTSEL mode of a virtual board: entering it, which UF2 blocks are accepted, and power cuts while flashing."""

from collections.abc import Callable
from random import Random

import pytest
import serial

from hil.bootsel.uf2_block import BLOCK_BYTES
from hil.config.board_types.pico_w import PICO_W
from hil.virtual.bench.bench import VirtualBench
from hil.virtual.bench.power_state import PowerState
from hil.virtual.bootrom import volume_files
from tests.bootsel.uf2_writer import FLASH_START, NEW_VERSION, block, micropython, uf2
from tests.virtual.conftest import Terminal

BOOTLOADER = "import machine; machine.bootloader()\r"


def blocks(data: bytes) -> list[bytes]:
    return [data[start : start + BLOCK_BYTES] for start in range(0, len(data), BLOCK_BYTES)]


def reboot(terminal: Terminal) -> None:
    """Power off and on, for 5 s."""
    terminal.output = ""
    terminal.power(False)
    terminal.power(True)
    terminal.sleep(5)


@pytest.fixture
def bootsel(terminal: Terminal) -> Terminal:
    """A board in BOOTSEL mode."""
    terminal.boot(main="print('hello')")
    terminal.type(BOOTLOADER, 2)
    assert terminal.pico.bootrom.is_attached
    return terminal


def test_bootloader_removes_the_serial_port_and_adds_the_volume_within_two_seconds(terminal: Terminal) -> None:
    terminal.boot()
    seen = [(terminal.connected_now, terminal.pico.bootrom.is_attached)]
    terminal.type(BOOTLOADER, 0.5)
    seen.append((terminal.connected_now, terminal.pico.bootrom.is_attached))
    terminal.sleep(1.5)
    seen.append((terminal.connected_now, terminal.pico.bootrom.is_attached))
    assert seen == [(True, False), (False, False), (False, True)]
    assert terminal.pico.state is PowerState.BOOTLOADER


def test_all_boards_look_alike_in_bootsel_mode() -> None:
    files = volume_files(PICO_W)
    assert PICO_W.bootsel_serial == "E0C9125B0D9B"
    assert files["INFO_UF2.TXT"] == b"UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: RPI-RP2\r\n"
    assert b"device/RP2?version=E0C9125B0D9B'" in files["INDEX.HTM"]


def test_a_power_cycle_leaves_bootsel_mode(bootsel: Terminal) -> None:
    bootsel.power(False)
    assert not bootsel.pico.bootrom.is_attached
    reboot(bootsel)
    assert "hello" in bootsel.output
    assert not bootsel.pico.bootrom.is_attached


def test_a_touch_at_1200_baud(open_bench: Callable[..., VirtualBench]) -> None:
    bench = open_bench()
    bench.power_port("A").on()
    pico = bench.boards["A"]
    bench.clock.wait(lambda: pico.usb.is_attached, 5)
    url = bench.link("A")._url
    seen = []
    for baudrate in (9600, 1200):
        serial.serial_for_url(url, baudrate=baudrate).close()
        bench.clock.sleep(3)
        seen.append((pico.usb.is_attached, pico.bootrom.is_attached))
    assert seen == [(True, False), (False, True)]


def test_an_open_port_that_releases_its_lines_at_1200_baud_is_a_touch_too(terminal: Terminal) -> None:
    terminal.boot()
    terminal.bench.link("A").touch()
    terminal.sleep(3)
    assert terminal.pico.bootrom.is_attached


def test_a_held_button_at_power_on(terminal: Terminal) -> None:
    terminal.pico.is_bootsel_held = True
    terminal.power(True)
    terminal.sleep(3)
    assert terminal.pico.bootrom.is_attached
    assert terminal.connections == 0


def test_a_new_micropython_runs_and_prints_its_version_and_keeps_the_files(bootsel: Terminal) -> None:
    bootsel.output = ""
    bootsel.pico.bootrom.write(micropython())
    bootsel.sleep(5)
    assert not bootsel.pico.bootrom.is_attached
    assert f"hello\r\nMicroPython {NEW_VERSION}; Raspberry Pi Pico W with RP2040\r\n" in bootsel.output
    printed = bootsel.run("import os, sys; os.uname().release, sys.version, sys.implementation.version")
    assert printed == f"('1.28.0', '3.4.0; MicroPython {NEW_VERSION}', (1, 28, 0, ''))"
    reboot(bootsel)
    assert NEW_VERSION in bootsel.output


def test_a_preview_and_a_program_without_a_version(bootsel: Terminal) -> None:
    bootsel.pico.bootrom.write(micropython("v1.28.0-preview.7.gabc on 2026-09-09"))
    bootsel.sleep(5)
    printed = bootsel.run("import os, sys; os.uname().release, sys.implementation.version")
    assert printed == "('1.28.0-preview.7.gabc', (1, 28, 0, 'preview'))"
    bootsel.type(BOOTLOADER, 2)
    bootsel.pico.bootrom.write(uf2(bytes(4096)))
    bootsel.sleep(5)
    assert bootsel.run("import os; os.uname().release") == "'1.27.0'"


def test_blocks_in_any_order_and_some_twice(bootsel: Terminal) -> None:
    shuffled = blocks(micropython())
    Random(1).shuffle(shuffled)
    for number, sector in enumerate(shuffled):
        assert bootsel.pico.bootrom.is_attached, number
        bootsel.pico.bootrom.write(sector + sector)
        bootsel.sleep(0.01)
    bootsel.sleep(5)
    assert bootsel.pico.firmware.version == NEW_VERSION
    assert bootsel.connected_now


@pytest.mark.parametrize(
    "ignored",
    [
        uf2(bytes(4096), family=0xE48BFF59),
        block(0, 1, flags=0),
        block(0, 1, payload=bytes(128)),
        block(0, 1, address=0x20000000),
        block(0, 1, address=FLASH_START + 100),
        b"a text file\n".ljust(1024),
        b"".join(blocks(micropython())[:-1]),
    ],
    ids=["RP2350", "no family", "small payload", "RAM", "misaligned", "no UF2", "incomplete"],
)
def test_blocks_that_the_rom_ignores_leave_the_board_in_bootsel_mode(bootsel: Terminal, ignored: bytes) -> None:
    bootsel.pico.bootrom.write(ignored)
    bootsel.sleep(10)
    assert bootsel.pico.bootrom.is_attached


def test_foreign_blocks_harm_nothing(bootsel: Terminal) -> None:
    bootsel.pico.bootrom.write(uf2(bytes(4096), family=0xE48BFF59))
    reboot(bootsel)
    assert "hello" in bootsel.output


def test_an_image_in_place_of_the_file_system_leaves_it_empty(bootsel: Terminal) -> None:
    files_start = FLASH_START + 0x12C000
    bootsel.pico.bootrom.write(block(0, 2) + block(1, 2, address=files_start))
    bootsel.sleep(5)
    assert bootsel.pico.flash.files == {}


def test_a_power_cut_without_a_second_stage_ends_in_bootsel_mode_until_completely_flashed(bootsel: Terminal) -> None:
    first, *rest = blocks(micropython())
    bootsel.pico.bootrom.write(b"".join(rest))
    for _ in range(2):
        reboot(bootsel)
        assert bootsel.pico.bootrom.is_attached
        # Blocks from before the cut do not count: the ROM has forgotten them.
        bootsel.pico.bootrom.write(first)
        bootsel.pico.bootrom.write(b"".join(rest[:-1]))
        bootsel.pico.firmware.has_second_stage = False
    reboot(bootsel)
    bootsel.pico.bootrom.write(micropython())
    bootsel.sleep(5)
    assert "hello" in bootsel.output


def test_a_power_cut_with_a_second_stage_and_half_a_program_needs_the_button(bootsel: Terminal) -> None:
    bootsel.pico.bootrom.write(b"".join(blocks(micropython())[:20]))
    reboot(bootsel)
    assert not bootsel.connected_now
    assert not bootsel.pico.bootrom.is_attached
    assert bootsel.pico.state is PowerState.CRASHED
    bootsel.pico.is_bootsel_held = True
    reboot(bootsel)
    assert bootsel.pico.bootrom.is_attached


def test_a_cut_cable_in_bootsel_mode(bootsel: Terminal) -> None:
    bootsel.pico.unplug_usb()
    assert not bootsel.pico.bootrom.is_attached
    bootsel.pico.bootrom.write(micropython())
    bootsel.pico.replug_usb()
    bootsel.sleep(3)
    assert bootsel.pico.bootrom.is_attached
