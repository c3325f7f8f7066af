"""Shortens a schedule that fails.

Hypothesis could do this too, but it knows nothing about schedules: it needs hundreds of plays, most of them of other
schedules. Here each play leaves out a step or shortens one time, and changes nothing else.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

from tests.exploration.schedule import Schedule, Start, Step

MAX_PLAYS = 120
"""A schedule of eight steps takes 30 to 80 plays."""


def shorten(schedule: Schedule, fails: Callable[[Schedule], bool]) -> Schedule:
    """The shortest schedule that fails: no step of it can be left out, and no time rounded down.

    ``schedule`` fails. ``fails`` plays other schedules, at most ``MAX_PLAYS``.
    """
    played: set[Schedule] = set()
    found: Schedule | None = schedule
    while found is not None:
        schedule, found = found, None
        for simpler in (*_with_fewer_steps(schedule), *_with_simpler_values(schedule)):
            if simpler in played or len(played) >= MAX_PLAYS:
                continue
            played.add(simpler)
            if fails(simpler):
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
            # The next steps keep their times.
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
