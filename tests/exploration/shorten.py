"""Makes a schedule that goes wrong as short as it gets.

Hypothesis could, but knows nothing of schedules: it spends hundreds of plays, most of them on other schedules. Here
each play leaves out a step, or makes one time shorter, and everything else is as it was.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.exploration.schedule import Schedule, Start, Step

MAX_PLAYS = 120
"""A schedule of eight steps takes 30 to 80."""


def shorten(schedule: Schedule, goes_wrong: Callable[[Schedule], bool]) -> Schedule:
    """The shortest schedule that goes wrong: none of its steps can be left out, nor one of its times be rounded down.

    ``schedule`` goes wrong; ``goes_wrong`` plays others. Gives up after ``MAX_PLAYS`` of them.
    """
    played: set[Schedule] = set()
    found: Schedule | None = schedule
    while found is not None:
        schedule, found = found, None
        for simpler in (*_with_fewer_steps(schedule), *_with_simpler_values(schedule)):
            if simpler in played or len(played) >= MAX_PLAYS:
                continue
            played.add(simpler)
            if goes_wrong(simpler):
                found = simpler
                break
    return schedule


def _with_fewer_steps(schedule: Schedule) -> Iterator[Schedule]:
    steps = schedule.steps
    half = len(steps) // 2
    if half > 1:
        yield replace(schedule, steps=steps[:half])
        yield replace(schedule, steps=steps[half:])
    for index in reversed(range(len(steps))):
        rest = steps[index + 1 :]
        if rest:
            # What follows happens when it did.
            gap_s = round(steps[index].gap_s + rest[0].gap_s, 2)
            yield replace(schedule, steps=(*steps[:index], replace(rest[0], gap_s=gap_s), *rest[1:]))
        yield replace(schedule, steps=steps[:index] + rest)


def _with_simpler_values(schedule: Schedule) -> Iterator[Schedule]:
    for start in Start:
        if start is schedule.start:
            break
        yield replace(schedule, start=start)
    if schedule.seed:
        yield replace(schedule, seed=0)
    for index, step in enumerate(schedule.steps):
        for simpler in _simpler(step):
            yield replace(schedule, steps=(*schedule.steps[:index], simpler, *schedule.steps[index + 1 :]))


def _simpler(step: Step) -> Iterator[Step]:
    for gap_s in _shorter(step.gap_s, 0.0):
        yield replace(step, gap_s=gap_s)
    for lasting_s in _shorter(step.lasting_s, 0.01):
        yield replace(step, lasting_s=lasting_s)


def _shorter(time_s: float, least_s: float) -> Iterator[float]:
    """Shorter times to try, the shortest first."""
    candidates = (least_s, time_s // 2, float(int(time_s)))
    yield from sorted({candidate for candidate in candidates if least_s <= candidate < time_s})
