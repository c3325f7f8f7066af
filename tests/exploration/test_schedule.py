"""Schedules are written as text and parsed again."""

import pytest
from hypothesis import given, settings

from tests.exploration.schedule import AP, MASTER, Action, Schedule, Start, Step
from tests.exploration.strategies import schedules

BOARDS = ("A", "B", "C", "D")


@settings(max_examples=50, database=None, deadline=None)
@given(schedules(BOARDS, has_master=True))
def test_written_schedules_are_parsed_again(schedule: Schedule) -> None:
    assert Schedule.parse(str(schedule), BOARDS) == schedule


def test_every_kind_of_step() -> None:
    steps = (
        Step(0.5, Action.CUT, 2.0, board=MASTER),
        Step(1.25, Action.LOSS, 20.0, amount=0.3),
        Step(0.0, Action.PARTITION, 30.0, groups=(("A",), ("B", "C"))),
        Step(3.0, Action.POWER, board="C"),
        Step(10.0, Action.RADIO_OFF, 0.01, board=AP),
    )
    text = (
        "settled seed=7; +0.5 cut MASTER for 2; +1.25 loss 0.3 for 20; +0 partition A | B C for 30; +3 power C; "
        "+10 radio-off AP for 0.01"
    )
    assert str(Schedule(Start.SETTLED, 7, steps)) == text
    assert Schedule.parse(text, BOARDS) == Schedule(Start.SETTLED, 7, steps)


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ("at once seed=1", "'at once seed=1' is not a start"),
        ("settled", "'settled' is not a start"),
        ("settled seed=1; cut A for 2", "step 'cut A for 2': not in the form of a step"),
        ("settled seed=1; +1 cut X for 2", "the rig has no board X; it has A, B, C, D"),
        ("settled seed=1; +1 kick A for 2", "'kick' is not a valid Action"),
        ("settled seed=1; +1 cut A", "every action but 'power' takes a duration"),
        ("settled seed=1; +1 loss much for 2", "step '+1 loss much for 2'"),
    ],
)
def test_errors_of_the_parser(text: str, wrong: str) -> None:
    with pytest.raises(ValueError, match="write for example") as raised:
        Schedule.parse(text, BOARDS)
    assert wrong in str(raised.value)
