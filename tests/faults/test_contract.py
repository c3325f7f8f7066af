"""The contract of faults, for every built-in fault with a duration."""

from collections.abc import Callable

import pytest

from hil import Fault, Rig
from hil.testing import FaultContract


@pytest.fixture
def booted(virtual_rig: Rig) -> Rig:
    for board in virtual_rig.boards.values():
        board.boot()
    return virtual_rig


class _OnVirtualRig(FaultContract):
    @pytest.fixture
    def rig(self, booted: Rig) -> Rig:
        return booted


class TestPowerCut(_OnVirtualRig):
    @pytest.fixture
    def begin(self, rig: Rig) -> Callable[[], Fault]:
        return lambda: rig.faults.power_cut(rig.boards["B"])


class TestRadioOff(_OnVirtualRig):
    @pytest.fixture
    def begin(self, rig: Rig) -> Callable[[], Fault]:
        return lambda: rig.faults.radio_off(rig.boards["B"])


class TestFullFlash(_OnVirtualRig):
    @pytest.fixture
    def begin(self, rig: Rig) -> Callable[[], Fault]:
        return lambda: rig.faults.full_flash(rig.boards["B"])


class TestUsbDrop(_OnVirtualRig):
    @pytest.fixture
    def begin(self, rig: Rig) -> Callable[[], Fault]:
        return lambda: rig.faults.usb_drop(rig.boards["B"])


class TestGarbledSerial(_OnVirtualRig):
    @pytest.fixture
    def begin(self, rig: Rig) -> Callable[[], Fault]:
        return lambda: rig.faults.garbled_serial(rig.boards["B"])


class TestPackets(_OnVirtualRig):
    @pytest.fixture(params=["loss", "latency", "duplication", "reordering"])
    def begin(self, rig: Rig, request: pytest.FixtureRequest) -> Callable[[], Fault]:
        return lambda: rig.faults.inject(request.param, 0.1)


class TestPartition(_OnVirtualRig):
    @pytest.fixture
    def begin(self, rig: Rig) -> Callable[[], Fault]:
        return lambda: rig.faults.partition([rig.boards["A"]], [rig.boards["B"], rig.boards["C"]])
