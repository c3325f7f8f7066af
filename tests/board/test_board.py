"""A board on the virtual bench: booting, resetting, and errors that say what to do."""

import pytest

from hil.board.board import Board
from hil.errors import LinkError
from hil.events import SERIAL_GONE, SERIAL_OPENED, STOPPED
from hil.rig import Rig
from hil.virtual.bench.bench import VirtualBench


@pytest.fixture
def board(virtual_rig: Rig) -> Board:
    return virtual_rig.boards["B"]


def test_boot_waits_until_the_serial_device_is_open(virtual_rig: Rig, board: Board) -> None:
    board.boot()
    assert board.power.is_on
    assert 0 < virtual_rig.clock.now() < 5
    assert "connected" in board.console.tail()


def test_a_booted_board_boots_in_no_time(virtual_rig: Rig, board: Board) -> None:
    board.boot()
    before_s = virtual_rig.clock.now()
    board.boot()
    assert virtual_rig.clock.now() == before_s


def test_a_board_that_stays_away_is_a_link_error(virtual_bench: VirtualBench, board: Board) -> None:
    virtual_bench.boards["B"].flash.replace("/boot.py", b"while True: pass")
    with pytest.raises(LinkError, match=r"^B: no serial device 15 s after power-on .*boot\.py"):
        board.boot()


def test_reset_starts_the_firmware_again(virtual_rig: Rig, virtual_bench: VirtualBench, board: Board) -> None:
    virtual_bench.boards["B"].flash.replace("/main.py", b"import machine\nprint('cause', machine.reset_cause())")
    board.boot()
    virtual_rig.clock.sleep(2)
    board.reset()
    virtual_rig.clock.sleep(2)
    assert [line.text for line in board.console.lines if line.text.startswith("cause")] == ["cause 1", "cause 3"]


def test_the_repl_boots_a_board_that_is_off(board: Board) -> None:
    with board.repl() as repl:
        assert repl.eval("1 + 1") == 2
    assert board.power.is_on


def test_what_is_done_over_the_repl_is_on_the_timeline_before_its_effect(virtual_rig: Rig, board: Board) -> None:
    board.boot()
    mark = virtual_rig.timeline.mark()
    with board.repl():
        pass
    board.reset()
    entries = [entry for entry in virtual_rig.timeline.entries(mark) if entry.kind != "serial"]
    assert [(entry.source, entry.kind) for entry in entries] == [
        ("B", "repl"),
        ("B", "reset"),
        ("B", "link"),
        ("B", "link"),
    ]
    assert [event.name for entry in entries for event in entry.events] == [STOPPED, STOPPED, SERIAL_GONE, SERIAL_OPENED]


def test_a_board_shows_itself_by_its_name(board: Board) -> None:
    assert repr(board) == "B"


def test_a_reset_that_outruns_the_answer_to_its_command_is_a_reset(virtual_bench: VirtualBench, board: Board) -> None:
    board.boot()
    # The last thing that a board says to a command is this byte; a slow host has not read it when the device goes.
    virtual_bench.boards["B"].usb.noise = lambda data: data.replace(b"\x04", b"")
    board.reset()
    virtual_bench.boards["B"].usb.noise = None
    with board.repl() as repl:
        assert repl.eval("__import__('machine').reset_cause() == __import__('machine').WDT_RESET") is True
