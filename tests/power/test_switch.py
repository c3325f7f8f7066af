"""The power switch of a board: in the right order, not too fast, and on the record."""

import pytest

from hil.board import Board
from hil.clock import Clock
from hil.rig import Rig
from hil.virtual.bench import VirtualBench


@pytest.fixture
def board(virtual_rig: Rig) -> Board:
    return virtual_rig.boards["A"]


@pytest.fixture
def clock(virtual_rig: Rig) -> Clock:
    return virtual_rig.clock


def power_entries(rig: Rig) -> list[tuple[float, str]]:
    return [(entry.time_s, entry.text) for entry in rig.timeline.entries() if entry.kind == "power"]


def test_every_switching_is_on_the_timeline_and_an_event_of_the_board(virtual_rig: Rig, board: Board) -> None:
    board.power.on()
    virtual_rig.clock.sleep(5)
    board.power.off()
    assert power_entries(virtual_rig) == [(0.0, "on"), (5.0, "off")]
    assert [event.name for event in board.console.events()] == ["power-on", "power-off"]


def test_switching_to_what_it_is_does_nothing(virtual_rig: Rig, board: Board) -> None:
    board.power.on()
    board.power.on()
    board.power.off()
    board.power.off()
    assert [text for _, text in power_entries(virtual_rig)] == ["on", "off"]


def test_is_on_is_what_the_port_says(virtual_bench: VirtualBench, board: Board) -> None:
    board.power.on()
    assert board.power.is_on
    virtual_bench.power_port("A").off()
    assert not board.power.is_on


def test_a_board_stays_off_long_enough(board: Board, clock: Clock) -> None:
    board.power.on()
    board.power.cycle()
    assert clock.now() == 2.0


def test_time_that_has_passed_since_the_cut_counts(board: Board, clock: Clock) -> None:
    board.power.on()
    board.power.off()
    clock.sleep(1.5)
    board.power.on()
    assert clock.now() == 2.0
    board.power.off()
    clock.sleep(60)
    board.power.on()
    assert clock.now() == 62.0


def test_once_discharged_power_comes_at_once(board: Board, clock: Clock) -> None:
    board.power.on()
    board.power.off()
    board.power.wait_until_discharged()
    assert clock.now() == 2.0
    board.power.on()
    assert clock.now() == 2.0


def test_a_board_found_off_may_have_been_cut_a_moment_ago(board: Board, clock: Clock) -> None:
    board.power.off()
    board.power.on()
    assert clock.now() == 2.0


def test_the_serial_device_is_closed_before_the_cut(virtual_rig: Rig, board: Board) -> None:
    board.boot()
    mark = virtual_rig.timeline.mark()
    board.power.off()
    assert [(entry.kind, entry.text) for entry in virtual_rig.timeline.entries(mark)] == [
        ("link", "disconnected"),
        ("power", "off"),
    ]


def test_what_the_board_says_at_its_start_is_heard(virtual_bench: VirtualBench, board: Board, clock: Clock) -> None:
    virtual_bench.boards["A"].flash.replace("/main.py", b"print('hello')")
    board.power.cycle()
    clock.sleep(5)
    assert "hello" in [line.text for line in board.console.lines]
