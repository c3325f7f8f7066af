"""A rig with one dead port: the hub reports that it supplies power, but board D never enumerates."""

from typing import cast

import pytest

from hil.rig import Rig
from hil.virtual.bench.bench import VirtualBench
from hil.virtual.bench.pico import VirtualPico

DEAD_PORT = 4
"""The port of board D in rigs/virtual.yaml."""


class _NoBoard:
    """The board behind a hub port with a broken wire."""

    def power_on(self) -> None:
        """Nothing happens."""

    def power_off(self) -> None:
        """Nothing happens."""


@pytest.fixture(scope="session")
def hil_open_rig(hil_open_rig: Rig) -> Rig:
    """The rig with a broken wire."""
    bench = cast("VirtualBench", hil_open_rig._bench)
    bench.hubs["main"].plug_in(DEAD_PORT, cast("VirtualPico", _NoBoard()))
    return hil_open_rig
