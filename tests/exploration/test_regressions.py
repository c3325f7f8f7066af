"""Bugs that exploration has found stay fixed."""

import pytest

from hil.config.app import FirmwareCatalog
from tests.exploration.apps import app_called
from tests.exploration.play import FIRMWARE, play, rig_config
from tests.exploration.regressions import REGRESSIONS, Regression
from tests.exploration.schedule import Schedule
from tests.exploration.search import Failure


@pytest.mark.parametrize("regression", REGRESSIONS, ids=lambda regression: regression.name)
def test_does_not_fail_again(regression: Regression) -> None:
    config = rig_config()
    schedule = Schedule.parse(regression.schedule, tuple(config.boards))
    firmware = FirmwareCatalog([FIRMWARE]).load(regression.app)
    failure = Failure(regression.app, schedule, play(app_called(regression.app), firmware, config, schedule))
    if failure.kind:
        pytest.fail(f"{failure}\nreplay: {failure.command()}")


def test_names_are_unique() -> None:
    names = [regression.name for regression in REGRESSIONS]
    assert sorted(set(names)) == sorted(names)
