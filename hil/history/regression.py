"""Whether the last run was worse than the runs before it, by a test that the noise of a bench does not trigger.

Values of one run are not independent samples: a busy Wi-Fi channel or a warm room shifts a complete night. So runs are
compared, not values, and only by medians, which one bad value moves little:

1. Each value counts as its *deviation* from the median of what the same test measured in the earlier runs: a run of a
   few tests, or of one test more, is comparable with the others. A test without an earlier value does not count.
2. The *score* of a run is the median of its deviations. If the last run has fewer than ``MIN_VALUES`` values, runs
   before it are added until there are enough: what is measured once a night must be worse in two nights of three.
3. The scores of the earlier runs measure the noise of the bench: sigma is 1.4826 times their median absolute deviation,
   the standard deviation if they are normally distributed, and robust against outliers.
4. The last run is a *regression* if its score exceeds the median of theirs by more than the noise, ``SIGMAS`` sigma,
   with a larger factor the fewer runs sigma is known from: ``SIGMAS * (1 + SIGMAS / runs)``; and by a *relevant*
   difference too: ``RELEVANT_SHARE`` of the usual value, and ``RELEVANT_SHARE_OF_LIMIT`` of the limit, for values
   that are usually 0.

With fewer than ``MIN_RUNS`` earlier runs there is no verdict. Of more than ``WINDOW_RUNS`` only the newest count, so
that an intended change becomes the usual value. ``tests/history/test_regression.py`` simulates the rates of false
alarms and of regressions found.
"""

import statistics
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

MIN_RUNS = 8
"""Fewer earlier runs are not enough to estimate the noise of a bench."""
WINDOW_RUNS = 30
"""A month of nights."""
MIN_VALUES = 3
"""The smallest number of values whose median a single outlier cannot become."""
SIGMAS = 4.0
"""Threshold of noise. Three would suffice for one measurement, but a nightly run compares a dozen."""
RELEVANT_SHARE = 0.10
"""A difference below a tenth is not worth an alarm."""
RELEVANT_SHARE_OF_LIMIT = 0.02

_SIGMA_PER_MAD = 1.4826
"""Of a normal distribution: 1 / Φ⁻¹(3/4)."""


class Verdict(StrEnum):
    """The last run against the earlier ones."""

    NEW = "new"
    """There are too few earlier runs."""
    STEADY = "steady"
    WORSE = "worse"
    """A regression."""
    BETTER = "better"
    """As clearly better as a regression is worse."""


@dataclass(frozen=True, kw_only=True)
class RunValues:
    """The values that one run measured under one name, by test."""

    by_test: Mapping[str, Sequence[float]]
    limit: float
    """The limit; the largest, where tests have different ones."""

    @property
    def values(self) -> list[float]:
        """All values, in no particular order."""
        return [value for values in self.by_test.values() for value in values]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The last run against the earlier ones. All numbers are in the unit of the measurement."""

    verdict: Verdict
    earlier_runs: int
    """Number of runs that it was compared with."""
    usual: float | None
    """Median of what the tests of the last run measured before; None if they never did."""
    change: float | None
    """The score of the last run above that of the earlier ones; None as above."""
    threshold: float | None
    """A larger change is a regression; None without a verdict."""


def compare(runs: Sequence[RunValues]) -> Comparison:
    """Compare the last of ``runs``, oldest first, with the others."""
    earlier = list(runs[max(0, len(runs) - 1 - WINDOW_RUNS) : -1])
    usual_of = _medians_by_test(earlier)
    last = _deviations(runs[-1], usual_of)
    scores = [statistics.median(deviations) for run in earlier if (deviations := _deviations(run, usual_of))]
    if not last or not scores:
        return Comparison(verdict=Verdict.NEW, earlier_runs=len(scores), usual=None, change=None, threshold=None)
    usual = statistics.median(usual_of[test] for test in runs[-1].by_test if test in usual_of)
    centre = statistics.median(scores)
    change = statistics.median(last) - centre
    if len(scores) < MIN_RUNS:
        return Comparison(verdict=Verdict.NEW, earlier_runs=len(scores), usual=usual, change=change, threshold=None)
    sigma = _SIGMA_PER_MAD * statistics.median(abs(score - centre) for score in scores)
    relevant = max(RELEVANT_SHARE * abs(usual), RELEVANT_SHARE_OF_LIMIT * abs(runs[-1].limit))
    threshold = max(SIGMAS * (1 + SIGMAS / len(scores)) * sigma, relevant)
    recent = statistics.median(_recent(runs, usual_of)) - centre
    if min(change, recent) > threshold:
        verdict = Verdict.WORSE
    elif max(change, recent) < -threshold:
        verdict = Verdict.BETTER
    else:
        verdict = Verdict.STEADY
    return Comparison(verdict=verdict, earlier_runs=len(scores), usual=usual, change=change, threshold=threshold)


def _medians_by_test(runs: Sequence[RunValues]) -> dict[str, float]:
    values: dict[str, list[float]] = defaultdict(list)
    for run in runs:
        for test, measured in run.by_test.items():
            values[test] += measured
    return {test: statistics.median(measured) for test, measured in values.items() if measured}


def _deviations(run: RunValues, usual_of: Mapping[str, float]) -> list[float]:
    return [value - usual_of[test] for test, values in run.by_test.items() if test in usual_of for value in values]


def _recent(runs: Sequence[RunValues], usual_of: Mapping[str, float]) -> list[float]:
    """The deviations of the last run, and of those before it until there are enough."""
    deviations: list[float] = []
    for run in reversed(runs):
        deviations += _deviations(run, usual_of)
        if len(deviations) >= MIN_VALUES:
            break
    return deviations
