"""A rig on which one port is dead: the hub says that it supplies power, and board D never comes."""

from typing import cast

import pytest

from hil.rig import Rig
from hil.virtual.bench.bench import VirtualBench
from hil.virtual.bench.pico import VirtualPico

DEAD_PORT = 4
"""That of board D in rigs/virtual.yaml."""


class _NoBoard:
    """What a hub port with a broken wire supplies."""

    def power_on(self) -> None:
        """Nothing happens."""

    def power_off(self) -> None:
        """Nothing happens."""


@pytest.fixture(scope="session")
def hil_open_rig(hil_open_rig: Rig) -> Rig:
    """The rig, with a wire broken."""
    bench = cast("VirtualBench", hil_open_rig._bench)
    bench.hubs["main"].plug_in(DEAD_PORT, cast("VirtualPico", _NoBoard()))
    return hil_open_rig
