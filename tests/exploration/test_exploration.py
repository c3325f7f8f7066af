"""Random schedules of faults, a few per app: `make explore N=2000` plays many."""

import pytest

from hil.config.app import FirmwareCatalog
from tests.exploration.apps import APPS, AppUnderFaults, Roles
from tests.exploration.play import FIRMWARE, play, rig_config
from tests.exploration.schedule import Schedule
from tests.exploration.search import search

RUNS = 2

MANY_FAULTS = (
    "together seed=5; +2 brown-out A for 0.2; +5 partition A | B C for 4.5; +0 loss 0.3 for 10; +1 latency 0.2 for 3; "
    "+0.1 duplication 0.5 for 5; +0 reordering 0.5 for 5; +3 cut D for 2; +0.01 radio-off C for 1; +0 cut C for 2; "
    "+12 cut MASTER for 3; +0.5 cut AP for 0.01"
)


@pytest.mark.parametrize("kind", APPS, ids=lambda kind: kind.name)
def test_random_schedules_do_not_fail(kind: type[AppUnderFaults]) -> None:
    firmware = FirmwareCatalog([FIRMWARE]).load(kind.name)
    findings = search(kind, firmware, rig_config(), runs=RUNS, first_seed=0)
    assert findings.played == RUNS
    if findings.shortest is not None:
        pytest.fail(f"{findings.shortest}\nreplay: {findings.shortest.command()}")


def test_a_schedule_gives_identical_bytes_again() -> None:
    config = rig_config()
    firmware = FirmwareCatalog([FIRMWARE]).load("roles")
    schedule = Schedule.parse(MANY_FAULTS, tuple(config.boards))
    first, second = (play(Roles, firmware, config, schedule) for _ in range(2))
    assert first == second
    assert first.problems == ()
    for fault in ("brown_out", "partition", "loss", "latency", "duplication", "reordering", "power_cut", "radio_off"):
        assert f" fault  {fault}" in first.timeline
    assert "left out: +0 cut C for 2: C has another fault" in first.timeline
