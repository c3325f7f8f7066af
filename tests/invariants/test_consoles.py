"""No crash and no traceback on any console."""

import pytest

from hil.invariants.consoles import MAX_SHOWN_LINES
from tests.invariants.story import Story, shown

TRACEBACK = (
    "Traceback (most recent call last):",
    '  File "main.py", line 3, in <module>',
    '  File "main.py", line 1, in f',
    "OSError: [Errno 12] ENOMEM",
)


@pytest.fixture
def story() -> Story:
    return Story().boots(0, "A", "B")


@pytest.mark.parametrize("line", ["*** CRASH: unreachable; this board is dead until it is reset", "*** PANIC ***"])
def test_crash(story: Story, line: str) -> None:
    [found] = story.prints(5, "B", "all is well", line).violations(10)
    assert (found.invariant, found.time_s) == ("crash", 5)
    assert shown(found) == [f"5 B {line}"]


def test_traceback_up_to_its_exception(story: Story) -> None:
    [found] = story.prints(5, "B", "all is well", *TRACEBACK, "and so on").violations(10)
    assert (found.invariant, found.time_s) == ("traceback", 5)
    assert shown(found) == [f"5 B {line}" for line in TRACEBACK]


def test_a_long_traceback_is_cut_in_the_middle(story: Story) -> None:
    [found] = story.prints(5, "B", *TRACEBACK[:2], *TRACEBACK[2:3] * 100, TRACEBACK[3]).violations(10)
    assert len(found.proof) == 1 + MAX_SHOWN_LINES
    assert shown(found)[0].endswith(TRACEBACK[0])
    assert shown(found)[-1].endswith(TRACEBACK[3])
    assert found.text == "an exception on B, 82 lines are left out"


def test_lines_of_other_boards_are_not_part_of_a_traceback(story: Story) -> None:
    story.prints(5, "B", *TRACEBACK[:2]).prints(5, "A", "meanwhile").prints(5, "B", *TRACEBACK[2:])
    [found] = story.violations(10)
    assert found.boards == {"B"}
    assert len(found.proof) == len(TRACEBACK)


def test_a_traceback_cut_short_by_a_power_cut(story: Story) -> None:
    [found] = story.prints(5, "B", *TRACEBACK[:2]).goes_off(5, "B").boots(7, "B").violations(10)
    assert len(found.proof) == 2


def test_a_traceback_at_the_end(story: Story) -> None:
    assert story.prints(5, "B", TRACEBACK[0]).names(5) == ["traceback"]


def test_each_traceback_is_one_violation(story: Story) -> None:
    assert story.prints(5, "B", *TRACEBACK, *TRACEBACK).names(10) == ["traceback", "traceback"]


def test_a_memory_error_without_a_traceback(story: Story) -> None:
    assert story.prints(5, "B", "MemoryError: memory allocation failed").names(10) == ["traceback"]


def test_a_memory_error_with_its_traceback_is_one_violation(story: Story) -> None:
    assert story.prints(5, "B", *TRACEBACK[:3], "MemoryError: ").names(10) == ["traceback"]


def test_lines_that_only_resemble_a_crash_or_traceback(story: Story) -> None:
    story.prints(5, "B", "no CRASH yet", "Traceback of the route", "error what=receive error=MemoryError", "*** note")
    assert story.names(10) == []
