"""Random schedules for Hypothesis. Times and boards at which failures are likely are more frequent than others."""

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.exploration.schedule import AP, MASTER, ON_PACKETS, Action, Schedule, Start, Step

MAX_STEPS = 8
SEEDS = 10_000
EXPIRIES_S = (1, 2, 3, 4, 5, 8, 12, 15, 20, 30)
"""picolink's periods and limits (``timing.py``), and sums of them."""
NEAR_S = (-0.3, -0.1, -0.03, 0.0, 0.03, 0.1, 0.3)
"""Distances from one of them."""
AT_ONCE_S = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5)
ANY_S = (*(second / 2 for second in range(1, 15)), *range(7, 20), *range(20, 45, 3))


def _times(*values_s: float) -> tuple[float, ...]:
    return tuple(sorted({round(value_s, 2) for value_s in values_s}))


TIMES_S = _times(*AT_ONCE_S, *ANY_S, *(expiry_s + near_s for expiry_s in EXPIRIES_S for near_s in NEAR_S))
"""Durations: many close to zero, many close to a timeout."""
GAPS_S = st.one_of(st.sampled_from((0.0, *AT_ONCE_S)), st.sampled_from((0.0, *TIMES_S)))
"""Times between steps: half of them short."""
LASTING_S = st.sampled_from(TIMES_S)

AMOUNTS = {
    Action.LOSS: st.sampled_from((0.05, 0.1, 0.3, 0.6, 0.9, 1.0)),
    Action.LATENCY: st.sampled_from((0.02, 0.05, 0.2, 0.5, 1.0, 2.5, 3.5)),
    Action.DUPLICATION: st.sampled_from((0.1, 0.5, 1.0)),
    Action.REORDERING: st.sampled_from((0.1, 0.5, 1.0)),
}


def _packet_fault(action: Action) -> SearchStrategy[Step]:
    return st.builds(Step, GAPS_S, st.just(action), LASTING_S, amount=AMOUNTS[action])


@st.composite
def _partitions(draw: st.DrawFn, boards: tuple[str, ...]) -> Step:
    # 0 for a board that hears all others.
    count = draw(st.integers(2, 3))
    places = draw(
        st.lists(st.integers(0, count), min_size=len(boards), max_size=len(boards)).filter(
            lambda places: len(set(places) - {0}) > 1
        )
    )
    groups = [tuple(board for board, place in zip(boards, places, strict=True) if place == one) for one in (1, 2, 3)]
    return Step(draw(GAPS_S), Action.PARTITION, draw(LASTING_S), groups=tuple(group for group in groups if group))


def steps(boards: tuple[str, ...], *, has_master: bool) -> SearchStrategy[Step]:
    """One step on a rig of these ``boards``; ``has_master``: whether the app has a MASTER."""
    board = st.sampled_from((*boards, AP, MASTER) if has_master else (*boards, AP))
    return st.one_of(
        st.builds(Step, GAPS_S, st.just(Action.CUT), LASTING_S, board=board),
        st.builds(Step, GAPS_S, st.just(Action.POWER), board=st.sampled_from(boards)),
        st.builds(Step, GAPS_S, st.just(Action.BROWN_OUT), st.sampled_from(AT_ONCE_S), board=board),
        _partitions(boards),
        st.builds(Step, GAPS_S, st.just(Action.RADIO_OFF), LASTING_S, board=board),
        st.sampled_from(ON_PACKETS).flatmap(_packet_fault),
    )


def schedules(boards: tuple[str, ...], *, has_master: bool) -> SearchStrategy[Schedule]:
    """Complete schedules."""
    return st.builds(
        Schedule,
        st.sampled_from(Start),
        st.integers(0, SEEDS - 1),
        st.lists(steps(boards, has_master=has_master), min_size=2, max_size=MAX_STEPS).map(tuple),
    )
