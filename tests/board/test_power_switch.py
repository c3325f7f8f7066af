"""The power switch of a board: in the right order, not too fast, and on the record."""

import pytest

from hil.board.board import Board
from hil.board.power_sequencer import PowerSequencer
from hil.board.power_switch import PowerSwitch
from hil.board.verified_port import PAUSE_S, VerifiedPort
from hil.clock import Clock
from hil.errors import PowerError
from hil.power import PowerPort
from hil.rig import Rig
from hil.virtual.bench.bench import VirtualBench


@pytest.fixture
def board(virtual_rig: Rig) -> Board:
    return virtual_rig.boards["A"]


@pytest.fixture
def clock(virtual_rig: Rig) -> Clock:
    return virtual_rig.clock


class SlowPort:
    """A driver like a user's own: every call takes a second, and the first switchings are lost."""

    def __init__(self, port: PowerPort, clock: Clock) -> None:
        self._port = port
        self._clock = clock
        self.loses = 0

    def on(self) -> None:
        self._switch(is_on=True)

    def off(self) -> None:
        self._switch(is_on=False)

    def is_on(self) -> bool:
        self._clock.sleep(1)
        return self._port.is_on()

    def _switch(self, *, is_on: bool) -> None:
        if self.loses:
            self.loses -= 1
        else:
            (self._port.on if is_on else self._port.off)()
        self._clock.sleep(1)


@pytest.fixture
def slow_port(virtual_bench: VirtualBench, clock: Clock) -> SlowPort:
    return SlowPort(virtual_bench.power_port("A"), clock)


@pytest.fixture
def slow_switch(virtual_rig: Rig, virtual_bench: VirtualBench, board: Board, slow_port: SlowPort) -> PowerSwitch:
    """The switch of board A on that port."""
    clock = virtual_rig.clock
    port = VerifiedPort("A", "main/1", slow_port, clock, virtual_rig.timeline)
    return PowerSwitch(port, virtual_bench.link("A"), board.console, clock, PowerSequencer(clock, 0), 2.0)


def power_entries(rig: Rig) -> list[tuple[float, str]]:
    return [(entry.time_s, entry.text) for entry in rig.timeline.entries() if entry.kind == "power"]


def test_every_switching_is_on_the_timeline_and_an_event_of_the_board(virtual_rig: Rig, board: Board) -> None:
    board.power.on()
    virtual_rig.clock.sleep(5)
    board.power.off()
    assert power_entries(virtual_rig) == [(0.0, "on"), (5.0, "off")]
    assert [event.name for event in board.console.events()] == ["power-on", "power-off"]


def test_the_timeline_has_the_instant_of_the_deed_however_slow_the_port_is(
    virtual_rig: Rig, slow_switch: PowerSwitch, clock: Clock
) -> None:
    slow_switch.on()  # asked for a second, told at 1 s, read back
    assert clock.now() == 3
    slow_switch.off()  # asked until 4 s, told, read back
    assert power_entries(virtual_rig) == [(1.0, "on"), (4.0, "off")]


def test_of_a_port_that_is_told_again_the_last_time_counts(
    virtual_rig: Rig, slow_switch: PowerSwitch, slow_port: SlowPort, board: Board
) -> None:
    slow_port.loses = 1
    slow_switch.on()
    assert [event.time_s for event in board.console.events("power-on")] == [1.0, 3.0 + PAUSE_S]
    slow_port.loses = 1
    slow_switch.off()
    assert power_entries(virtual_rig)[-1] == (8.0 + 2 * PAUSE_S, "off")


def test_the_supply_is_not_said_to_be_off_where_it_could_not_be_cut(
    virtual_rig: Rig, slow_switch: PowerSwitch, slow_port: SlowPort
) -> None:
    slow_switch.on()
    slow_port.loses = 1000
    with pytest.raises(PowerError, match="it was switched off and reports that it is on"):
        slow_switch.off()
    assert [text for _, text in power_entries(virtual_rig)] == ["on"]


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
