"""At no instant do two boards hold MASTER, according to their own lines."""

import pytest

from tests.invariants.story import Story, shown


@pytest.fixture
def story() -> Story:
    """B is MASTER, C is its worker."""
    return Story().boots(0, "A", "B", "C").prints(5, "B", "role MASTER epoch=1").prints(6, "C", "role WORKER1 epoch=1")


def test_two_at_once_with_the_lines_that_prove_it(story: Story) -> None:
    story.prints(10, "C", "role MASTER epoch=2").prints(11.25, "B", "role NONE epoch=1")
    [found] = story.violations(end_s=12)
    assert (found.invariant, found.time_s) == ("two-masters", 10)
    assert found.boards == {"B", "C"}
    assert found.text == "B and C held MASTER at once, for 1.250 s"
    assert shown(found) == ["5 B role MASTER epoch=1", "10 C role MASTER epoch=2", "11.25 B role NONE epoch=1"]


def test_two_at_the_end(story: Story) -> None:
    [found] = story.prints(10, "C", "role MASTER epoch=2").violations(end_s=10)
    assert found.text.endswith("held MASTER at once, to the end")


def test_three_at_once_are_one_violation(story: Story) -> None:
    story.prints(10, "C", "role MASTER epoch=2").prints(11, "A", "role MASTER epoch=2")
    story.prints(12, "A", "role NONE epoch=2").prints(13, "C", "role NONE epoch=2")
    [found] = story.violations(end_s=14)
    assert found.boards == {"A", "B", "C"}


def test_each_time_is_a_separate_violation(story: Story) -> None:
    for begin_s in (10, 20):
        story.prints(begin_s, "C", "role MASTER epoch=2").prints(begin_s + 1, "C", "role NONE epoch=2")
    assert [found.time_s for found in story.violations(end_s=30)] == [10, 20]


def test_one_after_the_other(story: Story) -> None:
    story.prints(10, "B", "role NONE epoch=1").prints(10.001, "C", "role MASTER epoch=2")
    assert story.names(end_s=20) == []


def test_in_one_instant_the_order_of_lines_proves_nothing(story: Story) -> None:
    story.prints(10, "C", "role MASTER epoch=2").prints(10, "B", "role NONE epoch=1")
    assert story.names(end_s=20) == []


def test_a_board_without_power_is_not_master(story: Story) -> None:
    story.goes_off(9, "B").prints(10, "C", "role MASTER epoch=2")
    assert story.names(end_s=20) == []


def test_a_board_that_restarts_is_not_master(story: Story) -> None:
    story.stop(8, "B", "reset").serial(8, "B", opened=False).comes_up(10, "B", cause=3)
    assert story.prints(11, "C", "role MASTER epoch=2").names(end_s=20) == []


def test_a_board_whose_program_was_stopped_is_not_master(story: Story) -> None:
    assert story.stop(9, "B", "repl").prints(10, "C", "role MASTER epoch=2").names(end_s=20) == []


def test_a_board_that_crashed_is_not_master(story: Story) -> None:
    story.prints(9, "B", "*** CRASH: out of memory").prints(10, "C", "role MASTER epoch=2")
    assert story.names(end_s=20) == ["crash"]


@pytest.mark.parametrize("fault", ["usb_drop", "garbled_serial"])
def test_a_board_whose_console_is_unreadable_may_have_stepped_down(story: Story, fault: str) -> None:
    story.fault(8, "B", fault, begins=True).prints(10, "C", "role MASTER epoch=2").fault(15, "B", fault, begins=False)
    assert story.names(end_s=20) == []


def test_lines_buffered_while_the_port_was_closed_are_not_current(story: Story) -> None:
    story.fault(3, "B", "usb_drop", begins=True).prints(10, "C", "role MASTER epoch=2")
    story.serial(12, "B", opened=True).prints(12.02, "B", "role MASTER epoch=1").fault(
        12.05, "B", "usb_drop", begins=False
    )
    assert story.names(end_s=20) == []
    assert story.prints(13, "B", "role MASTER epoch=3").names(end_s=20) == ["two-masters"]


def test_a_garbled_board_counts_again_afterwards(story: Story) -> None:
    story.fault(8, "B", "garbled_serial", begins=True).fault(9, "B", "garbled_serial", begins=False)
    story.prints(10, "C", "role MASTER epoch=2").prints(11, "B", "role MASTER epoch=2")
    assert story.names(end_s=20) == ["two-masters"]
