"""The contracts can fail: drivers with one deliberate bug each, and the test that catches it."""

import pytest

OUTLET = """
import pytest
from hil.abc import PowerPort
from hil import PowerError
from hil.testing import PowerPortContract

class Port:
    def __init__(self, outlet):
        self.outlet = outlet
    def on(self):
        self.outlet["is_on"] = True
    def off(self):
        self.outlet["is_on"] = False
    def is_on(self):
        return self.outlet["is_on"]

class Broken:
    def on(self):
        raise PowerError("no hub at 1-9; plug it in")
    off = is_on = on

{bug}

class TestPort(PowerPortContract):
    @pytest.fixture
    def make_port(self):
        outlet = {{"is_on": False}}
        return lambda: Port(outlet)
    @pytest.fixture
    def broken_port(self):
        return Broken()
"""
POWER_BUGS = {
    "off does nothing": ("Port.off = lambda self: None", "test_off_cuts_power"),
    "on toggles": (
        "Port.on = lambda self: self.outlet.update(is_on=not self.outlet['is_on'])",
        "test_switching_twice_changes_nothing",
    ),
    "state is remembered": (
        """
class Port(Port):
    def on(self):
        super().on()
        self.state = True
    def off(self):
        super().off()
        self.state = False
    def is_on(self):
        return getattr(self, "state", self.outlet["is_on"])
""",
        "test_state_is_read_from_the_outlet",
    ),
    "constructing switches off": (
        """
class Port(Port):
    def __init__(self, outlet):
        super().__init__(outlet)
        self.off()
""",
        "test_a_new_port_object_switches_nothing",
    ),
    "an error of the library below": (
        """
class Broken:
    def on(self):
        raise OSError("no route to host")
    off = is_on = on
""",
        "test_failure_is_a_power_error",
    ),
    "an error without a text": (
        """
class Broken:
    def on(self):
        raise PowerError
    off = is_on = on
""",
        "test_failure_is_a_power_error",
    ),
}

LINK = """
import pytest
from contextlib import contextmanager
from hil import LinkError
from hil.config.rig import load_rig
from hil.testing import LinkContract
from hil.virtual.bench.bench import VirtualBench

class Link:
    "The link of a virtual board, with room for a bug."
    def __init__(self, real, bench):
        self.real, self.bench = real, bench
    def start(self, listener):
        self.listener = listener
        self.real.start(listener)
    def stop(self):
        self.real.stop()
    @property
    def is_connected(self):
        return self.real.is_connected
    @property
    def obstacle(self):
        return self.real.obstacle
    def write(self, data):
        self.real.write(data)
    def borrow(self):
        return self.real.borrow()

{bug}

class TestLink(LinkContract):
    @pytest.fixture
    def bench(self, tmp_path):
        (tmp_path / "rig.yaml").write_text(
            "rig: one\\nwifi: {{ssid: PicoAP, password: pico1234}}\\n"
            "hubs: {{main: {{driver: virtual, ports: 1}}}}\\nboards: {{A: {{power: main/1}}}}\\n"
        )
        bench = VirtualBench(load_rig(tmp_path / "rig.yaml", {{}}))
        bench.power_port("A").on()
        yield bench
        bench.close()
    @pytest.fixture
    def clock(self, bench):
        return bench.clock
    @pytest.fixture
    def link(self, bench):
        return Link(bench.link("A"), bench)
    @pytest.fixture
    def unplug(self, bench):
        return bench.power_port("A").off
    @pytest.fixture
    def plug_in(self, bench):
        return bench.power_port("A").on
"""
LINK_BUGS = {
    "drops what is written": ("Link.write = lambda self, data: None", "test_bytes_go_both_ways"),
    "does not open a second time": (
        """
class Link(Link):
    def start(self, listener):
        class Once:
            received = staticmethod(listener.received)
            connected = staticmethod(listener.connected)
            def disconnected(_, time_s):
                listener.disconnected(time_s)
                self.real.stop()
        self.real.start(Once())
""",
        "test_a_device_that_comes_back_is_opened_again",
    ),
    "stop leaves the port open": ("Link.stop = lambda self: None", "test_stop_closes_the_port_until_start"),
    "a write to a closed port is lost in silence": (
        """
class Link(Link):
    def write(self, data):
        if self.real.is_connected:
            self.real.write(data)
""",
        "test_a_closed_port_is_a_link_error",
    ),
    "the listener hears what a borrower reads": (
        """
class Link(Link):
    @contextmanager
    def borrow(self):
        with self.real.borrow() as port:
            yield port
            self.listener.received(0.0, b"exclusive")
""",
        "test_a_borrowed_port_is_exclusive",
    ),
}

BOARD_TYPE = """
import pytest
from dataclasses import replace
from hil.abc import PICO_W
from hil.testing import BoardTypeContract

board_type = PICO_W
{bug}

class TestType(BoardTypeContract):
    @pytest.fixture
    def board_type(self):
        return board_type
"""
BOARD_TYPE_BUGS = {
    "another name": ("board_type = replace(PICO_W, name='pico2-w')", "test_it_is_registered_under_its_name"),
    "no chip": ("board_type = replace(PICO_W, machine='')", "test_its_machine_ends_with_the_chip"),
    "one id for both modes": (
        "board_type = replace(PICO_W, application_usb=PICO_W.bootsel_usb)",
        "test_its_modes_are_told_apart_on_usb",
    ),
    "a prefix that is too long": (
        "board_type = replace(PICO_W, serial_prefix='0' * 9)",
        "test_serial_numbers_of_virtual_boards_fit",
    ),
    "half a block": ("board_type = replace(PICO_W, file_system_bytes=2048)", "test_the_file_system_fits_the_flash"),
    "no family": ("board_type = replace(PICO_W, uf2_families=())", "test_an_image_can_be_for_it"),
}


@pytest.mark.parametrize(("bug", "caught_by"), BOARD_TYPE_BUGS.values(), ids=BOARD_TYPE_BUGS)
def test_board_types(pytester: pytest.Pytester, bug: str, caught_by: str) -> None:
    assert caught_by in failed(pytester, BOARD_TYPE.format(bug=bug))


@pytest.mark.parametrize(("bug", "caught_by"), POWER_BUGS.values(), ids=POWER_BUGS)
def test_power_ports(pytester: pytest.Pytester, bug: str, caught_by: str) -> None:
    assert caught_by in failed(pytester, OUTLET.format(bug=bug))


@pytest.mark.parametrize(("bug", "caught_by"), LINK_BUGS.values(), ids=LINK_BUGS)
def test_links(pytester: pytest.Pytester, bug: str, caught_by: str) -> None:
    assert caught_by in failed(pytester, LINK.format(bug=bug))


@pytest.mark.parametrize("source", [OUTLET, LINK, BOARD_TYPE], ids=["power", "link", "board type"])
def test_nothing_fails_without_a_bug(pytester: pytest.Pytester, source: str) -> None:
    assert failed(pytester, source.format(bug="")) == set()


def test_a_missing_fixture_is_named(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        "from hil.testing import PowerPortContract\nclass TestMine(PowerPortContract):\n    make_port = None\n"
    )
    result = pytester.runpytest("-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(["*TestMine: define the fixture `broken_port`: returns a port whose hub*"])


def failed(pytester: pytest.Pytester, source: str) -> set[str]:
    """The names of the contract's tests that a driver fails, without their parameters."""
    pytester.makepyfile(source)
    result = pytester.inline_run("-q", "-p", "no:cacheprovider")
    _, _, failures = result.listoutcomes()
    return {report.nodeid.partition("::")[2].partition("::")[2].partition("[")[0] for report in failures}
