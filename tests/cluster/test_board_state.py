"""The state of one board, folded from what happened to it and what it printed."""

from collections.abc import Callable
from dataclasses import fields
from functools import reduce

import pytest

from hil.cluster.board_facts import Program, Serial, WifiStatus
from hil.cluster.board_state import SILENT_BOOT_S, BoardState
from hil.events import TimelineEntry
from tests.invariants.story import Story

BANNER = "MicroPython v1.27.0 on 2026-06-02; Raspberry Pi Pico W with RP2040"
SOFT_REBOOT = "MPY: soft reboot"


def fold(story: Story) -> BoardState:
    return reduce(BoardState.after, story.entries, BoardState())


def on() -> Story:
    """Board B has power and its serial device is open, a second later."""
    return Story().power(0, "B", on=True).serial(1, "B", opened=True)


def running() -> Story:
    return on().prints(1, "B", "boot id=b cause=1")


def test_every_change_is_of_an_existing_field() -> None:
    story = running().prints(
        2, "B", "ap-up", "role MASTER epoch=1", "order epoch=1 nodes=c@.16", "ap-down", SOFT_REBOOT
    )
    story.prints(3, "B", BANNER, "joined", "link-lost").serial(4, "B", opened=False).serial(5, "B", opened=True)
    story.fault(6, "B", "usb_drop", begins=True).fault(7, "B", "usb_drop", begins=False).stop(8, "B", "repl")
    names = [each.name for each in fields(BoardState)]
    state = BoardState()
    for entry in story.goes_off(9, "B").entries:
        state = state.after(entry).at(entry.time_s + 1000)
        assert list(vars(state)) == names


def test_a_board_boots_until_its_boot_event() -> None:
    state = fold(on())
    assert (state.is_on, state.serial, state.program) == (True, Serial.OPEN, Program.BOOTING)
    state = fold(running())
    assert (state.program, state.program_since_s, state.node_id, state.restarts) == (Program.RUNNING, 1, "b", 0)


def test_firmware_without_a_boot_event_runs_once_it_prints_something() -> None:
    state = fold(on().prints(1.5, "B", "").prints(2, "B", "hello"))
    assert (state.program, state.program_since_s, state.restarts) == (Program.RUNNING, 2, 0)


def test_firmware_that_prints_nothing_runs_once_its_serial_device_is_open_for_a_while() -> None:
    state = fold(on())
    assert state.at(1 + SILENT_BOOT_S - 0.001).program is Program.BOOTING
    silent = state.at(1000)
    assert (silent.program, silent.program_since_s) == (Program.RUNNING, 1 + SILENT_BOOT_S)


def test_a_board_whose_serial_device_never_opens_stays_booting() -> None:
    assert fold(Story().power(0, "B", on=True)).at(1000).program is Program.BOOTING


def test_a_late_boot_event_is_not_a_restart() -> None:
    assert fold(on().prints(2, "B", "hello").prints(9, "B", "boot id=b cause=1")).restarts == 0


def test_a_board_whose_power_the_rig_does_not_switch_runs_too() -> None:
    assert fold(Story().serial(1, "B", opened=True).prints(2, "B", "hello")).program is Program.RUNNING
    assert fold(Story().serial(1, "B", opened=True).serial(2, "B", opened=False)).serial is Serial.GONE


def test_a_program_that_returns_has_ended() -> None:
    assert fold(running().prints(2, "B", BANNER)).program is Program.ENDED
    assert fold(on().prints(2, "B", BANNER)).program is Program.ENDED, "a board without main.py"
    assert fold(running().prints(2, "B", "*** CRASH: unreachable")).program is Program.ENDED


def test_a_traceback_may_have_been_caught() -> None:
    state = fold(running().prints(2, "B", "role MASTER", "Traceback (most recent call last):"))
    assert (state.program, state.holds_role, state.proves(state.role)) == (Program.RUNNING, "MASTER", False)


@pytest.mark.parametrize(
    ("once", "restarts"),
    [
        (lambda story, at_s: story.serial(at_s, "B", opened=False).serial(at_s + 1, "B", opened=True), 3),
        (lambda story, at_s: story.prints(at_s, "B", "boot id=b cause=3"), 3),
        (lambda story, at_s: story.prints(at_s, "B", SOFT_REBOOT), 3),
        # The first banner ends the first run.
        (lambda story, at_s: story.prints(at_s, "B", BANNER), 2),
    ],
)
def test_a_reset_loop_is_counted(once: Callable[[Story, float], Story], restarts: int) -> None:
    story = running()
    for at_s in (10, 20, 30):
        once(story, at_s)
    assert fold(story).restarts == restarts


def test_a_restart_with_all_its_signs_counts_once() -> None:
    story = running().serial(10, "B", opened=False).serial(12, "B", opened=True).prints(12, "B", "boot id=b cause=3")
    state = fold(story)
    assert (state.program, state.restarts) == (Program.RUNNING, 1)


def test_a_board_boots_again_from_the_moment_its_serial_device_disappears() -> None:
    state = fold(running().serial(10, "B", opened=False).serial(12, "B", opened=True))
    assert (state.program, state.program_since_s) == (Program.BOOTING, 10)


def test_a_reset_by_the_framework_is_not_a_restart() -> None:
    story = running().stop(10, "B", "reset").serial(10, "B", opened=False).serial(12, "B", opened=True)
    assert fold(running().stop(10, "B", "reset")).program is Program.STOPPED
    assert (fold(story).program, fold(story).restarts) == (Program.BOOTING, 0)
    assert fold(running().stop(10, "B", "repl").prints(11, "B", BANNER)).program is Program.STOPPED


def test_a_dropped_usb_connection_is_not_a_restart() -> None:
    story = running().fault(5, "B", "usb_drop", begins=True).serial(5, "B", opened=False)
    assert fold(story).serial is Serial.DROPPED
    state = fold(story.fault(9, "B", "usb_drop", begins=False).serial(10, "B", opened=True))
    assert (state.program, state.program_since_s, state.restarts) == (Program.RUNNING, 1, 0)


def test_power_ends_the_count() -> None:
    story = running().prints(2, "B", "boot id=b cause=3")
    assert fold(story).restarts == 1
    assert fold(story.power(3, "B", on=False).power(4, "B", on=True)).restarts == 0


def test_wifi_is_what_the_board_reported_last() -> None:
    def wifi(*lines: str) -> WifiStatus | None:
        state = fold(running().prints(2, "B", *lines))
        return state.wifi.value.status if state.wifi is not None else None

    assert wifi() is WifiStatus.NOT_YET
    assert wifi("joined") is WifiStatus.JOINED
    assert wifi("joined", "link-lost") is WifiStatus.LOST
    assert wifi("ap-up") is WifiStatus.AP_UP
    assert wifi("ap-up", "ap-down") is WifiStatus.AP_DOWN
    assert fold(on()).wifi is None


def test_an_ap_that_closes_keeps_no_order() -> None:
    story = running().prints(2, "B", "ap-up", "order epoch=1 nodes=c@.16")
    order = fold(story).order
    assert order is not None
    assert [node.id for node in order.value.nodes] == ["c"]
    assert fold(story.prints(3, "B", "ap-down")).order is None


def test_lines_from_before_a_possible_restart_prove_nothing() -> None:
    def proves(story: Story) -> bool:
        state = fold(story)
        assert state.holds_role == "MASTER"
        return state.proves(state.role)

    held = running().prints(2, "B", "role MASTER")
    assert proves(held)
    assert not proves(held.serial(3, "B", opened=False))
    assert not proves(running().prints(2, "B", "role MASTER").fault(3, "B", "garbled_serial", begins=True))
    assert proves(held.prints(4, "B", "role MASTER")), "until it reports it again"


def test_faults_last_from_begin_to_end() -> None:
    story = on().fault(2, "B", "garbled_serial", begins=True).fault(3, "B", "radio_off", begins=True)
    assert fold(story).faults == ("garbled_serial", "radio_off")
    assert not fold(story).is_heard
    assert fold(story.fault(4, "B", "garbled_serial", begins=False)).is_heard


def test_an_entry_without_meaning_changes_nothing() -> None:
    state = fold(running())
    for entry in (
        TimelineEntry(2, "B", "serial", "listed nodes=", ()),
        TimelineEntry(3, "B", "note", "a note", ()),
    ):
        assert state.after(entry) is state
