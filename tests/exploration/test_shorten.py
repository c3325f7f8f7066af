"""A schedule that fails is shortened as far as possible."""

from tests.exploration.schedule import Schedule
from tests.exploration.shorten import MAX_PLAYS, shorten

BOARDS = ("A", "B", "C", "D")
LONG = Schedule.parse(
    "off seed=77; +3 cut B for 12.3; +4.97 loss 0.3 for 20; +0.5 brown-out A for 0.2; +1 partition A | B C for 7.5; "
    "+12 power C; +0.02 latency 1 for 5; +30 radio-off D for 2",
    BOARDS,
)


def test_steps_that_do_not_matter_are_left_out_and_times_are_rounded() -> None:
    def fails(schedule: Schedule) -> bool:
        cuts = [step for step in schedule.steps if step.board == "B" and step.lasting_s > 4]
        return bool(cuts) and any(step.groups for step in schedule.steps)

    assert str(shorten(LONG, fails)) == "settled seed=0; +0 cut B for 6; +0 partition A | B C for 0.01"


def test_steps_after_one_that_is_left_out_keep_their_times() -> None:
    def fails(schedule: Schedule) -> bool:
        begins_s = sum(step.gap_s for step in schedule.steps if str(step.action) != "radio-off")
        return begins_s > 21 and schedule.steps[-1].board == "D"

    assert str(shorten(LONG, fails)) == "settled seed=0; +21.47 power C; +0 radio-off D for 0.01"


def test_the_number_of_plays_is_limited() -> None:
    played = []

    def fails(schedule: Schedule) -> bool:
        played.append(schedule)
        return schedule.seed == 77 and len(schedule.steps) == len(LONG.steps)

    assert fails(shorten(LONG, fails))
    assert len(set(played)) <= MAX_PLAYS + 1
