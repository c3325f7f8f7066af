"""The test for regressions: each rule, then its rates of true and false alarms on a noisy bench."""

import random
from collections.abc import Sequence

import pytest

from hil.history.regression import MIN_RUNS, WINDOW_RUNS, Comparison, RunValues, Verdict, compare
from tests.history.runs import noisy_night


def run_of(*values: float, limit: float = 8.0) -> RunValues:
    """One run; each value from a separate test."""
    return RunValues(by_test={f"test_{place}": [value] for place, value in enumerate(values)}, limit=limit)


def after(earlier: Sequence[RunValues], *last: float, limit: float = 8.0) -> Comparison:
    return compare([*earlier, run_of(*last, limit=limit)])


USUAL = [run_of(4.0 + 0.1 * (night % 3), 5.0, 6.0 - 0.1 * (night % 2)) for night in range(MIN_RUNS)]


def test_values_as_usual_are_steady() -> None:
    result = after(USUAL, 4.1, 5.0, 5.9)
    assert (result.verdict, result.earlier_runs, result.usual) == (Verdict.STEADY, MIN_RUNS, 5.0)


def test_much_higher_values_are_worse_with_their_change() -> None:
    result = after(USUAL, 6.1, 7.0, 8.0)
    assert result.verdict is Verdict.WORSE
    assert result.change == pytest.approx(2.0)
    assert result.threshold is not None
    assert result.threshold < 2


def test_much_lower_values_are_better_and_not_a_regression() -> None:
    assert after(USUAL, 2.0, 3.0, 4.0).verdict is Verdict.BETTER


def test_no_verdict_before_there_are_enough_runs() -> None:
    assert after(USUAL[1:], 60, 70, 80).verdict is Verdict.NEW
    assert after(USUAL, 60, 70, 80).verdict is Verdict.WORSE
    assert after([], 6, 7, 8).verdict is Verdict.NEW


def test_values_that_never_vary_may_change_by_a_tenth() -> None:
    always = [run_of(5, 5, 5)] * 20
    assert after(always, 5.5, 5.5, 5.5).verdict is Verdict.STEADY
    assert after(always, 5.51, 5.51, 5.51).verdict is Verdict.WORSE


def test_values_that_are_usually_zero_are_compared_with_the_limit() -> None:
    never = [run_of(0, 0, 0, limit=100)] * 20
    assert after(never, 2, 2, 2, limit=100).verdict is Verdict.STEADY
    assert after(never, 3, 3, 3, limit=100).verdict is Verdict.WORSE


def test_negative_values_can_be_worse() -> None:
    signal = [run_of(-60 - night % 2, -61, -62, limit=-30) for night in range(20)]
    assert after(signal, -60, -61, -62, limit=-30).verdict is Verdict.STEADY
    assert after(signal, -40, -41, -42, limit=-30).verdict is Verdict.WORSE


def test_one_outlier_among_three_values_is_not_a_regression() -> None:
    assert after(USUAL, 4.1, 50, 5.9).verdict is Verdict.STEADY


def test_one_value_a_night_must_be_worse_in_two_nights_of_three() -> None:
    usual = [run_of(4.0 + 0.1 * (night % 3)) for night in range(20)]
    assert after(usual, 8).verdict is Verdict.STEADY
    assert after([*usual, run_of(8)], 8).verdict is Verdict.WORSE
    assert after([*usual, run_of(8), run_of(4)], 8).verdict is Verdict.WORSE
    assert after([*usual, run_of(8), run_of(8)], 4).verdict is Verdict.STEADY


def test_a_run_of_only_the_slow_tests_is_not_worse() -> None:
    slow_only = RunValues(by_test={"test_2": [6.0]}, limit=8)
    assert compare([*USUAL, slow_only]).verdict is Verdict.STEADY


def test_a_test_that_is_new_counts_from_its_second_run_on() -> None:
    with_new = RunValues(by_test={**run_of(4.1, 5.0, 5.9).by_test, "new": [50.0], "newer": [60.0]}, limit=80)
    assert compare([*USUAL, with_new]).verdict is Verdict.STEADY
    only_new = RunValues(by_test={"new": [50.0]}, limit=80)
    assert compare([*USUAL, only_new]).verdict is Verdict.NEW


def test_a_permanent_change_becomes_usual() -> None:
    slower = [run_of(6.1, 7.0, 8.0)] * WINDOW_RUNS
    assert after([*USUAL, *slower], 6.1, 7.0, 8.0).verdict is Verdict.STEADY
    assert after([*USUAL, *slower], 4.1, 5.0, 6.0).verdict is Verdict.BETTER


def alarms(tests: int, *, worse: float = 0.0, nights: int = 1, outliers: float = 0.05, trials: int = 300) -> float:
    """Share of histories of 20 nights whose last ``nights`` nights, ``worse`` by that share, end in an alarm."""
    rng = random.Random(20261122)
    count = 0
    for _ in range(trials):
        shares = [0.0] * 20 + [worse] * nights
        runs = [RunValues(by_test=noisy_night(rng, tests, share, outliers), limit=12) for share in shares]
        count += compare(runs).verdict is Verdict.WORSE
    return count / trials


@pytest.mark.parametrize("tests", [1, 3, 6])
def test_false_alarms_on_a_noisy_bench(tests: int) -> None:
    assert alarms(tests, trials=600) <= 0.02


@pytest.mark.parametrize("tests", [3, 6])
def test_half_as_slow_again_is_found_in_the_first_night(tests: int) -> None:
    assert alarms(tests, worse=0.5) >= 0.9


def test_half_as_slow_again_is_found_in_the_second_night_if_measured_once_a_night() -> None:
    assert alarms(1, worse=0.5) <= 0.1
    assert alarms(1, worse=0.5, nights=2) >= 0.6


def test_a_third_slower_is_found_more_often_than_not() -> None:
    assert alarms(6, worse=0.33) >= 0.7
    assert alarms(6, worse=0.33, outliers=0) >= 0.7
