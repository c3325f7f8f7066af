"""A pytest plugin: the boards already hold the firmware without the bug, as on a bench after an earlier run.

Then only the file with the bug is deployed, which saves a third of the time of a mutant.
"""

import json
from collections.abc import Generator
from typing import Any

import pytest

from hil.board.paths import DEPLOYMENT_RECORD
from hil.config.app import App, FirmwareCatalog
from hil.fixtures.markers import APP
from hil.rig import Rig
from hil.virtual.bench.bench import VirtualBench
from tests.mutants.run import ROOT


@pytest.hookimpl(wrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, Any, Any]:
    """Install the app of the first test on all boards when the rig has been opened."""
    value = yield
    if fixturedef.argname == "hil_open_rig":
        app = request.session.items[0].stash.get(APP, None)
        assert app is not None
        _install(value, FirmwareCatalog([ROOT / "firmware"]).load(app.name))
    return value


def _install(rig: Rig, app: App) -> None:
    assert isinstance(rig._bench, VirtualBench)
    for name, board in rig.config.boards.items():
        flash = rig._bench.boards[name].flash
        image = app.image(board.role, board.wifi)
        flash.install({**image, DEPLOYMENT_RECORD: json.dumps(sorted(image)).encode()})
