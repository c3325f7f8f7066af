"""No reboot without a cause on the timeline."""

from typing import Literal

import pytest

from hil.invariants.registry import all_invariants
from hil.invariants.watch import Invariants
from hil.rig import Rig
from hil.virtual.bench.bench import VirtualBench
from tests.invariants.story import Story, shown


@pytest.fixture
def story() -> Story:
    return Story().boots(0, "A", "B")


def test_power_is_a_cause(story: Story) -> None:
    assert story.goes_off(5, "B").boots(7, "B").names(10) == []


def test_a_spontaneous_hard_reset_with_all_its_signs(story: Story) -> None:
    [found] = story.serial(5, "B", opened=False).comes_up(7, "B", cause=3).violations(10)
    assert (found.invariant, found.time_s) == ("reboot", 5)
    assert found.boards == {"B"}
    assert shown(found) == ["0 B on", "5 B disconnected", "7 B connected", "7 B boot id=b cause=3"]


def test_a_board_that_leaves_usb_and_stays_away(story: Story) -> None:
    [found] = story.serial(5, "B", opened=False).violations(10)
    assert "left USB" in found.text


def test_a_spontaneous_soft_reset(story: Story) -> None:
    [found] = story.prints(5, "B", "MPY: soft reboot", "boot id=b cause=1").violations(10)
    assert shown(found) == ["0 B on", "5 B MPY: soft reboot", "5 B boot id=b cause=1"]


def test_firmware_without_a_boot_line(story: Story) -> None:
    story.serial(5, "B", opened=False).serial(7, "B", opened=True)
    story.serial(9, "B", opened=False).serial(11, "B", opened=True)
    assert [found.time_s for found in story.violations(20)] == [5, 9]


def test_a_second_boot_line(story: Story) -> None:
    assert story.prints(5, "B", "boot id=b cause=1").names(10) == ["reboot"]


def test_the_first_boot_line_after_power_on_reveals_a_reset_before_it() -> None:
    story = Story().power(0, "B", on=True).comes_up(1, "B", cause=3)
    assert story.names(10) == ["reboot"]


def test_one_cause_accounts_for_one_reboot(story: Story) -> None:
    story.stop(5, "B", "reset").serial(5, "B", opened=False).comes_up(7, "B", cause=3)
    assert story.names(8) == []
    assert story.serial(9, "B", opened=False).comes_up(11, "B", cause=3).names(20) == ["reboot"]


@pytest.mark.parametrize("kind", ["repl", "reset"])
def test_the_framework_resets_a_board_over_the_repl(story: Story, kind: Literal["repl", "reset"]) -> None:
    story.stop(5, "B", kind).serial(6, "B", opened=False).comes_up(8, "B", cause=3)
    assert story.names(10) == []


def test_the_framework_causes_a_soft_reset(story: Story) -> None:
    assert story.stop(5, "B", "repl").prints(6, "B", "MPY: soft reboot", "boot id=b cause=1").names(10) == []


def test_each_soft_reset_needs_a_cause(story: Story) -> None:
    story.stop(5, "B", "repl").prints(6, "B", "MPY: soft reboot").prints(7, "B", "MPY: soft reboot")
    assert [found.time_s for found in story.violations(10)] == [7]


def test_a_board_that_boots_although_it_was_switched_off(story: Story) -> None:
    assert story.goes_off(5, "B").comes_up(7, "B", cause=1).names(10) == ["reboot"]


def test_an_action_on_one_board_is_not_a_cause_for_another(story: Story) -> None:
    story.stop(5, "A", "reset").serial(5, "B", opened=False).comes_up(7, "B", cause=3)
    assert [found.boards for found in story.violations(10)] == [{"B"}]


def test_the_banner_is_not_a_reboot(story: Story) -> None:
    story.prints(5, "B", "MicroPython v1.27 on 2025-12-09; Raspberry Pi Pico W with RP2040", ">>> ")
    assert story.names(10) == []


def test_a_brown_out_is_a_cause(story: Story) -> None:
    story.serial(5, "B", opened=False).fault(5, "B", "brown_out", begins=True).fault(
        5.1, "B", "brown_out", begins=False
    )
    assert story.comes_up(7, "B", cause=1).names(8) == []
    assert story.serial(9, "B", opened=False).comes_up(11, "B", cause=3).names(20) == ["reboot"]


def test_a_dropped_usb_connection_comes_back_without_a_boot(story: Story) -> None:
    story.serial(5, "B", opened=False).fault(5, "B", "usb_drop", begins=True)
    story.serial(7, "B", opened=True).fault(7, "B", "usb_drop", begins=False)
    assert story.names(8) == []
    assert story.prints(9, "B", "boot id=b cause=1").names(10) == ["reboot"]


def test_other_faults_are_not_causes(story: Story) -> None:
    story.fault(4, "B", "garbled_serial", begins=True).fault(4.5, "B", "garbled_serial", begins=False)
    assert story.serial(5, "B", opened=False).names(10) == ["reboot"]


def test_a_neighbour_on_the_same_hub_is_named_with_its_port() -> None:
    story = Story().power(0, "A", on=True, port="main/1").comes_up(1, "A", cause=1)
    story.power(2, "B", on=True, port="main/2").comes_up(3, "B", cause=1)
    story.serial(9, "A", opened=False).power(9.3, "A", on=False, port="main/1")
    [found] = story.serial(9.1, "B", opened=False).comes_up(11, "B", cause=1).violations(12)
    assert found.boards == {"B"}
    assert found.text == (
        "B restarted without a cause; 0.2 s after, power port main/1 (A) was switched off: has hub main one "
        "switch for all?"
    )


def test_a_neighbour_that_an_inrush_browns_out() -> None:
    story = Story().power(0, "B", on=True, port="main/2").comes_up(1, "B", cause=1)
    story.power(9, "A", on=True, port="main/1").comes_up(10, "A", cause=1)
    [found] = story.serial(9.1, "B", opened=False).comes_up(11, "B", cause=1).violations(12)
    assert found.text.endswith("; 0.1 s before, power port main/1 (A) was switched on: has hub main too weak a supply?")


@pytest.mark.parametrize(("port", "time_s"), [("other/1", 9), ("main/1", 6.9), ("main/1", 10.3)])
def test_a_port_of_another_hub_or_another_time_is_not_suspected(port: str, time_s: float) -> None:
    story = Story().power(0, "B", on=True, port="main/2").comes_up(1, "B", cause=1)
    story.power(time_s, "A", on=True, port=port)
    [found] = story.serial(9.1, "B", opened=False).comes_up(11, "B", cause=1).violations(12)
    assert found.text == "B restarted without a cause"


def test_on_a_bench_whose_hub_switches_all_its_ports(virtual_rig: Rig, virtual_bench: VirtualBench) -> None:
    boards = [virtual_rig.boards[name] for name in "AB"]
    watch = Invariants(boards, virtual_rig.clock, virtual_rig.timeline, all_invariants())
    for board in boards:
        board.boot()
    virtual_rig.clock.sleep(10)
    virtual_rig.boards["A"].power.off()
    virtual_bench.power_port("B").off()
    virtual_bench.power_port("B").on()
    virtual_rig.clock.sleep(10)
    lines = watch.report().splitlines()
    assert lines[0].startswith("reboot at ")
    assert lines[0].endswith(
        "B restarted without a cause; 0.0 s before, power port main/1 (A) was switched off: has hub main "
        "one switch for all?"
    )
    assert "reboot" not in "".join(lines[1:])
