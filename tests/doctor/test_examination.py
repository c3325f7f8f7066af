"""The checks of boards, on healthy and on faulty virtual boards."""

from dataclasses import replace

import pytest

from hil.config.board_types.pico2_w import PICO2_W
from hil.doctor import Finding, Status
from hil.doctor.examination import examine_boards
from hil.doctor.flash import FlashCheck
from hil.doctor.micropython import MicropythonCheck
from hil.doctor.radio import RadioCheck
from hil.doctor.supply import SupplyCheck
from hil.rig import Rig
from hil.virtual.bench.bench import VirtualBench

CHECKS = {"micropython": MicropythonCheck(), "flash": FlashCheck(), "radio": RadioCheck(), "power": SupplyCheck()}


def findings(rig: Rig, bench: VirtualBench, check: str) -> dict[str, Finding]:
    """The finding of ``check`` for each board; there must be one per board."""
    found = [finding for finding in examine_boards(rig, bench, CHECKS) if finding.check == check]
    assert len({finding.subject for finding in found}) == len(found)
    return {finding.subject: finding for finding in found}


def run(rig: Rig, board: str, code: str) -> None:
    with rig.boards[board].repl() as repl:
        repl.exec(code)


def test_healthy_boards(virtual_rig: Rig, virtual_bench: VirtualBench) -> None:
    found = list(examine_boards(virtual_rig, virtual_bench, CHECKS))
    assert {finding.status for finding in found} == {Status.OK}
    assert [finding.check for finding in found if finding.subject == "B"] == [
        "serial",
        "micropython",
        "flash",
        "radio",
        "power",
    ]
    assert "8 KB written and read back" in next(finding.text for finding in found if finding.check == "flash")


def test_boards_are_restored(virtual_rig: Rig, virtual_bench: VirtualBench) -> None:
    run(virtual_rig, "A", "with open('main.py', 'w') as f: f.write('print(\"main runs\")')")
    run(virtual_rig, "A", "import os\nwith open('list.txt', 'w') as f: f.write(','.join(sorted(os.listdir('/'))))")
    list(examine_boards(virtual_rig, virtual_bench, CHECKS))
    is_on = {name: board.power.is_on for name, board in virtual_rig.boards.items()}
    assert is_on == {"A": True, "B": False, "C": False}
    virtual_rig.clock.sleep(2)
    assert virtual_rig.boards["A"].console.lines[-3].text == "main runs"
    with virtual_rig.boards["A"].repl() as repl:
        assert sorted(repl.eval("__import__('os').listdir('/')")) == ["list.txt", "main.py"]  # type: ignore[call-overload]


def test_hub_that_only_reports_off(virtual_rig: Rig, virtual_bench: VirtualBench) -> None:
    virtual_bench.hubs["main"].never_cut.add(2)
    found = findings(virtual_rig, virtual_bench, "power")
    assert {name: finding.status for name, finding in found.items()} == {
        "A": Status.OK,
        "B": Status.FAILED,
        "C": Status.OK,
    }
    assert found["B"].text == (
        "the port reports 'off', but the board kept its power: its serial device stayed, and its RAM is as before"
    )
    assert "docs/rig.md lists hubs that really switch" in found["B"].advice


def test_a_soft_reset_in_between_does_not_hide_that_power_stayed(
    virtual_rig: Rig, virtual_bench: VirtualBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As if another program sent Ctrl-D: the variable is lost, the clock is not.
    virtual_bench.hubs["main"].never_cut.add(2)
    boot = virtual_rig.boards["B"].boot

    def boot_after_soft_reset() -> None:
        boot()
        virtual_bench.link("B").write(b"\x03\x04")
        virtual_rig.clock.sleep(2)

    monkeypatch.setattr(virtual_rig.boards["B"], "boot", boot_after_soft_reset)
    assert findings(virtual_rig, virtual_bench, "power")["B"].status is Status.FAILED


def test_port_that_switches_another_board(virtual_rig: Rig, virtual_bench: VirtualBench) -> None:
    for board in virtual_rig.boards.values():
        board.boot()
    virtual_bench.hubs["main"].plug_in(1, virtual_bench.boards["B"])
    found = [
        finding
        for finding in examine_boards(virtual_rig, virtual_bench, CHECKS)
        if finding.check == "power" and finding.subject == "A"
    ]
    assert [finding.status for finding in found] == [Status.FAILED, Status.FAILED]
    assert found[1].text == "board B went away while the power of A was switched"


def test_full_flash(virtual_rig: Rig, virtual_bench: VirtualBench) -> None:
    run(
        virtual_rig,
        "B",
        "try:\n with open('big', 'wb') as f:\n  while True: f.write(bytes(4096))\nexcept OSError: pass",
    )
    flash = findings(virtual_rig, virtual_bench, "flash")["B"]
    assert flash.status is Status.FAILED
    assert flash.text.startswith("0 of 848 KB free; 8 KB could not be written: OSError")
    assert "mpremote rm -r :/" in flash.advice


def test_little_free_flash(virtual_rig: Rig, virtual_bench: VirtualBench) -> None:
    run(virtual_rig, "B", "with open('big', 'wb') as f:\n for _ in range(200): f.write(bytes(4096))")
    flash = findings(virtual_rig, virtual_bench, "flash")["B"]
    assert flash.status is Status.WARNING
    assert flash.text.startswith("only ")


def test_radio_hears_the_networks_on_the_air(virtual_rig: Rig, virtual_bench: VirtualBench) -> None:
    # The program runs until the checks reach its own board.
    program = (
        "import network\nap = network.WLAN(network.AP_IF)\nap.config(ssid='near', password='12345678')\nap.active(1)"
    )
    run(virtual_rig, "C", f"with open('main.py', 'w') as f: f.write({program!r})")
    virtual_rig.boards["C"].reset()
    virtual_rig.clock.sleep(3)
    assert "hears 1 networks, the loudest at -" in findings(virtual_rig, virtual_bench, "radio")["A"].text


def test_dead_board_leaves_the_others_examined(virtual_rig: Rig, virtual_bench: VirtualBench) -> None:
    hub = virtual_bench.hubs["main"]
    hub.plug_in(1, virtual_bench.boards["C"])
    found = list(examine_boards(virtual_rig, virtual_bench, CHECKS))
    (of_a,) = [finding for finding in found if finding.subject == "A"]
    assert (of_a.check, of_a.status) == ("serial", Status.FAILED)
    assert "no serial device 15 s after power-on" in of_a.text
    assert len([finding for finding in found if finding.subject == "B"]) == 5


def test_board_of_another_type_than_in_the_rig_file(virtual_rig: Rig, virtual_bench: VirtualBench) -> None:
    virtual_bench.boards["B"].board_type = PICO2_W
    found = findings(virtual_rig, virtual_bench, "micropython")
    assert {name: finding.status for name, finding in found.items()} == {
        "A": Status.OK,
        "B": Status.FAILED,
        "C": Status.OK,
    }
    assert found["B"].text.endswith(
        "on Raspberry Pi Pico 2 W with RP2350, but its type is pico-w (Raspberry Pi Pico W with RP2040)"
    )
    assert found["B"].advice == "write `type: pico2-w` in the rig file, or plug in a Pico W"


def test_board_of_no_known_type(virtual_rig: Rig, virtual_bench: VirtualBench) -> None:
    virtual_bench.boards["B"].board_type = replace(PICO2_W, machine="Acme One with RP2350")
    advice = findings(virtual_rig, virtual_bench, "micropython")["B"].advice
    assert advice == "flash MicroPython for the Pico W: `hil flash B --uf2 RPI_PICO_W-….uf2`"
