"""Each mutant is caught by the tests that are meant to, and by failures, not by bench errors."""

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.mutants import catalog, catalog_apps, catalog_faults, catalog_first_boot, catalog_mdns
from tests.mutants.catalog import Mutant
from tests.mutants.run import MUTANT_PROPERTY, ROOT, mutate, verdicts

pytestmark = pytest.mark.timeout(180)

MUTANTS = (
    *catalog.MUTANTS,
    *catalog_apps.MUTANTS,
    *catalog_first_boot.MUTANTS,
    *catalog_faults.MUTANTS,
    *catalog_mdns.MUTANTS,
)


def of(test: str, found: Mapping[str, str]) -> set[str]:
    """Verdicts of a test; of all its parametrizations if ``test`` has no parameters."""
    return {verdict for name, verdict in found.items() if name == test or name.startswith(test + "[")}


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_mutant_is_caught_by_the_right_test(mutant: Mutant, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    tests = list(dict.fromkeys([*mutant.caught_by, *mutant.healthy]))
    found = verdicts(mutate(mutant, tmp_path), tests)
    failed = [test for test, verdict in found.items() if verdict != "PASSED"]
    request.node.user_properties.append((MUTANT_PROPERTY, [mutant.name, failed]))
    assert set(found.values()) <= {"PASSED", "FAILED"}, found
    assert [test for test in mutant.caught_by if "FAILED" not in of(test, found)] == [], "not caught"
    expected = {*mutant.caught_by, *mutant.also}
    assert [test for test in mutant.healthy if test not in expected and of(test, found) != {"PASSED"}] == [], (
        "the firmware does not work at all"
    )


def test_the_firmware_itself_passes(tmp_path: Path) -> None:
    # `make plans` runs all test plans on it.
    mutant = Mutant("none", "roles/ap.py", 'log_boot("roles", "ap")', 'log_boot("roles", "ap")', ())
    tests = sorted({test for mutant in MUTANTS for test in mutant.healthy})
    assert set(verdicts(mutate(mutant, tmp_path), tests).values()) == {"PASSED"}


def test_names_are_unique() -> None:
    names = [mutant.name for mutant in MUTANTS]
    assert sorted(set(names)) == sorted(names)


def test_every_testplan_has_a_mutant_that_it_catches() -> None:
    caught_by = {test.partition("[")[0] for mutant in MUTANTS for test in mutant.caught_by}
    written = {
        f"testplans/{path.name}::{name}"
        for path in (ROOT / "testplans").glob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    assert written - caught_by == set()
