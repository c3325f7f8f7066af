"""The contract of power ports, for every driver of pico-hil."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hil.clock import MonotonicClock
from hil.config.rig import RigConfig
from hil.power import HubSection, PowerPort
from hil.power.command import CommandHub
from hil.power.ssh import SshHub
from hil.power.sysfs import SysfsPort
from hil.power.uhubctl import UhubctlHub
from hil.power.usb_port import UsbPort
from hil.testing import PowerPortContract
from hil.virtual.bench.bench import VirtualBench
from tests.power.stand_ins import SSH, Uhubctl, install
from tests.power.test_command import PLUG
from tests.power.test_sysfs import Kernel


def port_of(hub: HubSection) -> PowerPort:
    return hub.power_port(1, MonotonicClock())


class TestUhubctl(PowerPortContract):
    @pytest.fixture
    def make_port(self, uhubctl: Uhubctl) -> Callable[[], PowerPort]:
        return lambda: port_of(UhubctlHub(driver="uhubctl", location="1-1.4"))

    @pytest.fixture
    def broken_port(self, uhubctl: Uhubctl) -> PowerPort:
        return port_of(UhubctlHub(driver="uhubctl", location="1-9"))


class TestSysfs(PowerPortContract):
    @pytest.fixture
    def make_port(self, tmp_path: Path) -> Callable[[], PowerPort]:
        kernel = Kernel(tmp_path / "sys")
        return lambda: kernel.port(1)

    @pytest.fixture
    def broken_port(self, tmp_path: Path) -> PowerPort:
        return SysfsPort(UsbPort("1-9", 1), tmp_path)


class TestSsh(PowerPortContract):
    @pytest.fixture
    def hub(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SshHub:
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
        install(tmp_path, "ssh", SSH)
        program = Uhubctl(tmp_path).program
        return SshHub(driver="ssh", host="pi@lab2", location="1-1.4", program=str(program))

    @pytest.fixture
    def make_port(self, hub: SshHub) -> Callable[[], PowerPort]:
        return lambda: port_of(hub)

    @pytest.fixture
    def broken_port(self, hub: SshHub, tmp_path: Path) -> PowerPort:
        (tmp_path / "refusal").write_text("ssh: connect to host lab2 port 22: No route to host")
        return port_of(hub)


class TestCommand(PowerPortContract):
    @pytest.fixture
    def make_port(self, tmp_path: Path) -> Callable[[], PowerPort]:
        program = str(install(tmp_path, "plug", PLUG))
        return lambda: port_of(self.hub(program))

    @pytest.fixture
    def broken_port(self) -> PowerPort:
        return port_of(self.hub("false"))

    @staticmethod
    def hub(program: str) -> CommandHub:
        words = {word: [program, "hush-hush", "{port}", word] for word in ("on", "off", "state")}
        return CommandHub.model_validate({"driver": "command", "ports": 2, **words})


class TestVirtualHub(PowerPortContract):
    @pytest.fixture
    def bench(self, three_boards: RigConfig) -> Iterator[VirtualBench]:
        bench = VirtualBench(three_boards)
        yield bench
        bench.close()

    @pytest.fixture
    def make_port(self, bench: VirtualBench) -> Callable[[], PowerPort]:
        return lambda: bench.power_port("A")

    @pytest.fixture
    def broken_port(self) -> PowerPort:
        pytest.skip("a virtual hub does not fail")
