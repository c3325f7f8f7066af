"""Looks for a schedule that goes wrong, among random ones that Hypothesis makes up, and for the shortest such."""

import gc
import shlex
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, reject, seed, settings

from hil.config.app import App, FirmwareCatalog
from hil.config.rig import RigConfig
from tests.exploration.apps import AppUnderFaults, app_called
from tests.exploration.play import FIRMWARE, Outcome, play, rig_config
from tests.exploration.schedule import Schedule
from tests.exploration.shorten import shorten
from tests.exploration.strategies import schedules

MAX_SHOWN = 3
"""Problems of one schedule; what comes later often follows from the first."""


@dataclass(frozen=True)
class Failure:
    """A schedule and what went wrong."""

    app: str
    schedule: Schedule
    outcome: Outcome

    @property
    def kind(self) -> str:
        """How; empty if it does not."""
        return self.outcome.problems[0].kind if self.outcome.problems else ""

    def command(self, firmware: Path = FIRMWARE) -> str:
        """What replays it, in the project's folder."""
        other = [] if firmware == FIRMWARE else ["--firmware", str(firmware)]
        return shlex.join(["python", "-m", "tests.exploration", "replay", *other, self.app, str(self.schedule)])

    def __str__(self) -> str:
        told = [f"{problem.kind}: {problem.text}" for problem in self.outcome.problems[:MAX_SHOWN]]
        return "\n".join([*told, "", f"schedule: {self.schedule}"])


@dataclass
class Findings:
    """What a search has come to."""

    played: int = 0
    """Random schedules, without those tried to shorten one."""
    recoveries: list[tuple[float, Schedule]] = field(default_factory=list)
    """How long each recovery took."""
    found: Failure | None = None
    """The first schedule that went wrong."""
    shortest: Failure | None = None
    """The shortest that goes wrong in the same way."""


class _GoesWrong(Exception):
    """Tells Hypothesis to end."""


def search(
    kind: type[AppUnderFaults],
    firmware: App,
    config: RigConfig,
    *,
    runs: int,
    first_seed: int,
    is_shortened: bool = True,
) -> Findings:
    """Play ``runs`` random schedules, or fewer if one goes wrong: that is then made as short as it gets.

    The same arguments give the same findings.
    """
    findings = Findings()
    seeds: set[int] = set()

    @seed(first_seed)
    @settings(
        max_examples=runs,
        database=None,
        deadline=None,
        phases=(Phase.generate,),
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(schedules(tuple(config.boards), has_master=kind.has_master))
    def look_at(schedule: Schedule) -> None:
        # Hypothesis varies what it has tried, and keeps the seed then: little news, as dear as any.
        if findings.found is not None:
            raise _GoesWrong  # Hypothesis asks once more
        if schedule.seed in seeds:
            reject()
        seeds.add(schedule.seed)
        findings.played += 1
        outcome = play(kind, firmware, config, schedule)
        if outcome.recovery_s is not None:
            findings.recoveries.append((outcome.recovery_s, schedule))
        if outcome.problems:
            findings.found = Failure(kind.name, schedule, outcome)
            raise _GoesWrong

    with suppress(_GoesWrong):
        look_at()
    if findings.found is not None and is_shortened:
        findings.shortest = _shortest(kind, firmware, config, findings.found)
    return findings


def _shortest(kind: type[AppUnderFaults], firmware: App, config: RigConfig, found: Failure) -> Failure:
    shortest = found

    def goes_wrong(schedule: Schedule) -> bool:
        nonlocal shortest
        failure = Failure(kind.name, schedule, play(kind, firmware, config, schedule))
        # In the same way: not to slip from one bug to another, which may be known.
        if failure.kind != found.kind:
            return False
        shortest = failure
        return True

    shorten(found.schedule, goes_wrong)
    return shortest


def search_block(app: str, firmware: Path, first_seed: int, runs: int) -> Findings:
    """:func:`search` in a process of its own, which is told names only."""
    kind = app_called(app)
    gc.collect()  # Python does not know how much memory the boards of past worlds take
    return search(kind, FirmwareCatalog([firmware]).load(app), rig_config(), runs=runs, first_seed=first_seed)
