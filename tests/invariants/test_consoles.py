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
    [found] = story.says(5, "B", "all is well", line).violations(10)
    assert (found.invariant, found.time_s) == ("crash", 5)
    assert shown(found) == [f"5 B {line}"]


def test_traceback_up_to_its_exception(story: Story) -> None:
    [found] = story.says(5, "B", "all is well", *TRACEBACK, "and on it goes").violations(10)
    assert (found.invariant, found.time_s) == ("traceback", 5)
    assert shown(found) == [f"5 B {line}" for line in TRACEBACK]


def test_a_long_traceback_is_cut_in_the_middle(story: Story) -> None:
    [found] = story.says(5, "B", *TRACEBACK[:2], *TRACEBACK[2:3] * 100, TRACEBACK[3]).violations(10)
    assert len(found.proof) == 1 + MAX_SHOWN_LINES
    assert shown(found)[0].endswith(TRACEBACK[0])
    assert shown(found)[-1].endswith(TRACEBACK[3])
    assert found.text == "an exception on B, 82 lines are left out"


def test_lines_of_other_boards_do_not_belong_to_it(story: Story) -> None:
    story.says(5, "B", *TRACEBACK[:2]).says(5, "A", "meanwhile").says(5, "B", *TRACEBACK[2:])
    [found] = story.violations(10)
    assert found.boards == {"B"}
    assert len(found.proof) == len(TRACEBACK)


def test_a_traceback_that_power_cut_short(story: Story) -> None:
    [found] = story.says(5, "B", *TRACEBACK[:2]).goes_off(5, "B").boots(7, "B").violations(10)
    assert len(found.proof) == 2


def test_a_traceback_at_the_end(story: Story) -> None:
    assert story.says(5, "B", TRACEBACK[0]).names(5) == ["traceback"]


def test_each_traceback_is_one(story: Story) -> None:
    assert story.says(5, "B", *TRACEBACK, *TRACEBACK).names(10) == ["traceback", "traceback"]


def test_no_room_for_a_traceback(story: Story) -> None:
    assert story.says(5, "B", "MemoryError: memory allocation failed").names(10) == ["traceback"]


def test_a_memory_error_with_its_traceback_is_one(story: Story) -> None:
    assert story.says(5, "B", *TRACEBACK[:3], "MemoryError: ").names(10) == ["traceback"]


def test_words_that_only_resemble_it(story: Story) -> None:
    story.says(5, "B", "no CRASH yet", "Traceback of the route", "error what=receive error=MemoryError", "*** note")
    assert story.names(10) == []
