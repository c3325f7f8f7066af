"""Parts of a Pico W that a virtual board lacks: using one raises an error that names it."""

import pytest

from tests.virtual.conftest import Terminal


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("from machine import I2C, Pin; I2C(0, scl=Pin(1), sda=Pin(0))", "machine.I2C"),
        ("import machine; machine.SPI(0, firstbit=machine.SPI.MSB)", "machine.SPI"),
        ("import machine; machine.mem32[0x4005801c]", "machine.mem32"),
        ("import machine; machine.mem8[0] = 1", "machine.mem8"),
        ("import rp2; rp2.asm_pio(set_init=rp2.PIO.OUT_LOW)", "rp2.PIO"),
        ("from rp2 import asm_pio; asm_pio()(print)", "rp2.asm_pio"),
    ],
)
def test_use_of_a_part_of_the_chip_names_it(terminal: Terminal, line: str, name: str) -> None:
    terminal.boot()
    expected = (
        f"NotImplementedError: {name} is not simulated on a virtual board; test firmware that needs it on a real one"
    )
    assert terminal.run(line).endswith(expected)


@pytest.mark.parametrize("name", ["_thread", "asyncio", "neopixel", "bluetooth"])
def test_import_of_a_module_names_it(terminal: Terminal, name: str) -> None:
    terminal.boot(main=f"import sys\nimport {name}\n")
    expected = f"ImportError: {name} is not simulated on a virtual board; test firmware that needs it on a real one"
    assert f'  File "main.py", line 2, in <module>\r\n{expected}\r\n' in terminal.output


def test_copy_of_a_module_in_the_firmware_comes_first(terminal: Terminal) -> None:
    terminal.pico.flash.make_folder("/lib")
    terminal.pico.flash.replace("/lib/asyncio.py", b"print('the copy')")
    terminal.pico.flash.replace("/ntptime.py", b"print('the other copy')")
    terminal.boot()
    assert terminal.run("import asyncio, ntptime") == "the copy\nthe other copy"
