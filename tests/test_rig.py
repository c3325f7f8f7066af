"""The rig: boards from the rig file, and the state in which a test begins."""

import json
import re
from contextlib import closing
from pathlib import Path

import pytest

from hil.config.app import App
from hil.config.rig import RigConfig, load_rig
from hil.errors import RecoveryFailed
from hil.rig import Rig
from hil.virtual.bench.bench import VirtualBench

APP = App(
    "hello",
    "",
    {"ap": {"main.py": b"print('hello from=ap')"}, "client": {"main.py": b"print('hello from=client')"}},
    {},
    {},
    {"hello": re.compile(r"^hello from=(?P<who>\S+)")},
)


def test_boards_are_those_of_the_rig_file(virtual_rig: Rig) -> None:
    assert list(virtual_rig.boards) == ["A", "B", "C"]


def test_prepare_gives_each_board_its_role(virtual_rig: Rig) -> None:
    virtual_rig.prepare(APP, virtual_rig.boards.values())
    for name, role in (("A", "ap"), ("B", "client"), ("C", "client")):
        board = virtual_rig.boards[name]
        board.power.on()
        assert board.console.expect("hello", within=5).fields == {"who": role}


def test_a_test_begins_with_every_board_off_and_consoles_empty(virtual_rig: Rig) -> None:
    virtual_rig.boards["C"].boot()
    virtual_rig.prepare(APP, [virtual_rig.boards["A"]])
    for board in virtual_rig.boards.values():
        assert not board.power.is_on
        assert board.console.lines == []
        assert board.console.events() == []


def test_boards_of_a_test_can_be_switched_on_at_once(virtual_rig: Rig) -> None:
    virtual_rig.prepare(APP, virtual_rig.boards.values())
    before_s = virtual_rig.clock.now()
    for board in virtual_rig.boards.values():
        board.power.on()
    assert virtual_rig.clock.now() == before_s


def test_only_the_boards_of_a_test_are_deployed(virtual_rig: Rig, virtual_bench: VirtualBench) -> None:
    virtual_rig.prepare(APP, [virtual_rig.boards["A"]])
    assert "/main.py" in virtual_bench.boards["A"].flash.files
    assert "/main.py" not in virtual_bench.boards["B"].flash.files


def test_boards_are_prepared_side_by_side(virtual_rig: Rig) -> None:
    clock, boards = virtual_rig.clock, virtual_rig.boards
    virtual_rig.prepare(APP, [boards["A"]])
    alone_s = clock.now()
    virtual_rig.prepare(APP, [boards["B"], boards["C"]])
    assert clock.now() - alone_s < 1.2 * alone_s


def test_two_dead_boards_cost_the_time_of_one_and_both_are_named(virtual_rig: Rig, virtual_bench: VirtualBench) -> None:
    for name in "BC":
        virtual_bench.boards[name].unplug_usb()
    with pytest.raises(RecoveryFailed, match=r"^B: no serial device") as caught:
        virtual_rig.prepare(APP, virtual_rig.boards.values())
    assert [note.partition(" 15 s")[0] for note in caught.value.__notes__] == ["and C: no serial device"]
    assert list(virtual_rig.quarantine.reasons) == ["B", "C"]
    assert virtual_rig.clock.now() <= 60
    # The healthy board has been deployed.
    assert "/main.py" in virtual_bench.boards["A"].flash.files


@pytest.mark.parametrize(
    "left_behind",
    [
        "import network\nap = network.WLAN(1)\nap.config(ssid='X', password='12345678')\nap.active(True)",
        "import machine\nmachine.Timer(period=1, callback=lambda timer: print('tick'))",
        "import machine\nmachine.Pin(2, machine.Pin.OUT, value=1)",
    ],
    ids=["access point", "timer", "pin"],
)
def test_the_state_that_an_earlier_test_left_is_lost_with_its_power(virtual_rig: Rig, left_behind: str) -> None:
    board = virtual_rig.boards["A"]
    with board.repl() as repl:
        repl.exec(left_behind)
    virtual_rig.prepare(None, [board])
    with board.repl() as repl:
        assert repl.eval("__import__('machine').reset_cause() == __import__('machine').PWRON_RESET") is True
        assert repl.eval("__import__('network').WLAN(1).active()") is False
        assert repl.eval("__import__('machine').Pin(2).value()") == 0
        assert repl.exec("import time\ntime.sleep(0.1)") == ""


def test_without_an_app_the_flash_is_left_alone(virtual_rig: Rig, virtual_bench: VirtualBench) -> None:
    virtual_rig.prepare(None, virtual_rig.boards.values())
    assert virtual_bench.boards["A"].flash.files == {}


def test_the_second_test_of_an_app_deploys_nothing(virtual_rig: Rig) -> None:
    virtual_rig.prepare(APP, virtual_rig.boards.values())
    mark = virtual_rig.timeline.mark()
    virtual_rig.prepare(APP, virtual_rig.boards.values())
    assert virtual_rig.timeline.entries(mark) == []


def test_close_leaves_every_board_off(three_boards: RigConfig) -> None:
    rig = Rig.open(three_boards)
    rig.boards["A"].boot()
    rig.close()
    assert not rig.boards["A"].power.is_on


def test_boards_of_all_cells_at_once_get_the_wifi_of_their_own_cell() -> None:
    config = load_rig(Path("rigs/cells.yaml"), {})
    bench = VirtualBench(config)
    with closing(Rig(config, bench)) as rig:
        for name, ssid in (("A", "PicoAP-west"), ("F", "PicoAP-east")):
            rig.boards[name].power.on()
            rig.boards[name].deploy(APP, config.boards[name].role)
            assert json.loads(bench.boards[name].flash.files["/config.json"])["ssid"] == ssid


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_seed_gives_the_same_timeline(three_boards: RigConfig, seed: int) -> None:
    def timeline() -> list[object]:
        rig = Rig.open(three_boards.with_seed(seed))
        rig.prepare(APP, rig.boards.values())
        rig.boards["A"].boot()
        rig.clock.sleep(3)
        rig.close()
        return list(rig.timeline.entries())

    assert timeline() == timeline()
