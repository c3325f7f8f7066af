"""Exploration finds the bugs of some mutants, each with a seed that needs few schedules."""

import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hil.config.app import FirmwareCatalog
from tests.exploration.__main__ import cli
from tests.exploration.apps import AppUnderFaults, FirstBoot, Mesh, Roles
from tests.exploration.play import rig_config
from tests.exploration.search import search
from tests.mutants import catalog, catalog_apps, catalog_first_boot
from tests.mutants.run import mutate

RUNS = 40
"""Enough for any seed: at least one schedule in 20 reveals each of these bugs."""

MUTANTS = {mutant.name: mutant for mutant in (*catalog.MUTANTS, *catalog_apps.MUTANTS, *catalog_first_boot.MUTANTS)}


@pytest.mark.parametrize(
    ("mutant", "kind", "first_seed", "problem"),
    [
        ("higher-epoch-ignored", Roles, 0, "not-complete"),
        ("ap-never-yields", FirstBoot, 8, "not-complete"),
        ("restart-grants-at-once", Roles, 0, "not-collected"),
        ("new-ap-orders-by-arrival", Roles, 0, "order-lost"),
        ("new-ap-orders-by-arrival", FirstBoot, 0, "order-lost"),
        ("ap-always-yields", FirstBoot, 8, "yielded-too-soon"),
    ],
)
def test_random_schedules_find_it(
    mutant: str, kind: type[AppUnderFaults], first_seed: int, problem: str, tmp_path: Path
) -> None:
    firmware = FirmwareCatalog([mutate(MUTANTS[mutant], tmp_path)]).load(kind.name)
    findings = search(kind, firmware, rig_config(), runs=RUNS, first_seed=first_seed, is_shortened=False)
    assert findings.found is not None
    assert findings.found.kind == problem


def test_a_failure_is_shortened_and_replayed_by_the_printed_command(tmp_path: Path) -> None:
    folder = mutate(MUTANTS["not-registered-after-rejoin"], tmp_path)
    findings = search(Mesh, FirmwareCatalog([folder]).load("mesh"), rig_config(), runs=RUNS, first_seed=0)
    shortest = findings.shortest
    assert shortest is not None
    assert (len(shortest.schedule.steps), shortest.kind) == (1, "not-complete")
    command = shlex.split(shortest.command(folder))
    assert command[:3] == ["python", "-m", "tests.exploration"]
    replayed = CliRunner().invoke(cli, command[3:])
    assert replayed.exit_code == 1
    assert shortest.outcome.timeline in replayed.output
    assert f"not-complete: {shortest.outcome.problems[0].text}" in replayed.output


def test_an_unknown_app_and_an_invalid_schedule_are_usage_errors() -> None:
    for given, wrong in (["tcp", "settled seed=1"], "roles, mesh, first_boot"), (["roles", "now"], "is not a start"):
        result = CliRunner(env={"COLUMNS": "300"}).invoke(cli, ["replay", *given])
        assert result.exit_code == 2
        assert wrong in result.output
