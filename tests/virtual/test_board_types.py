"""Virtual boards of different types: how the type shows in programs, flash and boot ROM."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hil.bootsel.uf2 import read_uf2
from hil.clock import Clock
from hil.config.board_types.pico2_w import PICO2_W
from hil.config.rig import load_rig
from hil.virtual.bench.bench import VirtualBench
from hil.virtual.bootrom import volume_files
from tests.bootsel.uf2_writer import NEW_VERSION, RP2350_ARM_S, erratum_workaround, micropython
from tests.virtual.conftest import Terminal

RIG = """\
rig: two
wifi: {ssid: PicoAP, password: pico1234}
hubs: {main: {driver: virtual, ports: 2}}
boards:
  A: {power: main/1}
  B: {power: main/2, type: pico2-w}
"""


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[VirtualBench]:
    (tmp_path / "rig.yaml").write_text(RIG)
    bench = VirtualBench(load_rig(tmp_path / "rig.yaml", {}))
    yield bench
    bench.close()


@pytest.fixture
def boot(bench: VirtualBench) -> Callable[[str], Terminal]:
    def boot(board: str) -> Terminal:
        terminal = Terminal(bench, board)
        terminal.boot()
        return terminal

    return boot


def test_each_board_reports_its_own_type(boot: Callable[[str], Terminal]) -> None:
    for board, machine, build, mhz in (
        ("A", "Raspberry Pi Pico W with RP2040", "RPI_PICO_W", 125),
        ("B", "Raspberry Pi Pico 2 W with RP2350", "RPI_PICO2_W", 150),
    ):
        terminal = boot(board)
        terminal.type("\x02")
        assert f"; {machine}\r\nType" in terminal.output
        assert terminal.run("import sys, os, machine") == ""
        assert terminal.run("sys.implementation._machine, sys.implementation._build") == f"('{machine}', '{build}')"
        assert terminal.run("os.uname().machine") == f"'{machine}'"
        assert terminal.run("machine.freq() // 1000000, machine.reset_cause()") == f"({mhz}, 1)"


def test_flash_heap_and_host_name_are_those_of_the_type(boot: Callable[[str], Terminal]) -> None:
    total = "import os, gc, network; s = os.statvfs('/')"
    heap = "(gc.mem_free() + gc.mem_alloc()) // 1024"
    first, second = boot("A"), boot("B")
    for terminal, flash_kb, host in ((first, 848, "PicoW"), (second, 2560, "Pico2W")):
        terminal.run(total)
        assert terminal.run("s[0] * s[2] // 1024") == str(flash_kb)
        assert terminal.run("network.hostname()") == f"'{host}'"
    assert int(second.run(heap)) - int(first.run(heap)) > 200


def nothing(_done: int, _total: int) -> None:
    """Progress callback that does nothing."""


def test_its_boot_rom_accepts_only_the_families_of_its_chip(
    bench: VirtualBench, boot: Callable[[str], Terminal]
) -> None:
    clock: Clock = bench.clock
    terminal = boot("B")
    bootrom = terminal.pico.bootrom
    terminal.type("import machine; machine.bootloader()\r", 2)
    assert volume_files(bootrom.board_type)["INFO_UF2.TXT"].endswith(b"Board-ID: RP2350\r\n")
    bootrom.write(micropython())
    clock.sleep(2)
    assert bootrom.is_attached
    image = read_uf2(erratum_workaround() + micropython(family=RP2350_ARM_S), "new.uf2", PICO2_W)
    bench.bootsel("B").write(image, nothing)
    assert clock.wait(lambda: terminal.pico.usb.is_attached, 5)
    assert terminal.pico.firmware.version == NEW_VERSION
