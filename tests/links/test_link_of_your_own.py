"""The example link of docs/rig.md, installed as a separate distribution."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hil.bench.physical import PhysicalBench
from hil.clock import Clock
from hil.config.links import LINKS
from hil.config.rig import load_rig
from hil.errors import ConfigError
from hil.links import SerialLink
from hil.testing import LinkContract, MonotonicClock, make_link
from tests.installed import install_example
from tests.links.conftest import PtyDevice, RecordingListener
from tests.links.test_contract import EchoDevice

RIG = """\
rig: desk
wifi: {{ssid: PicoAP, password: pico1234}}
hubs:
  plug: {{driver: command, on: ["true"], off: ["true"], state: [echo, "off"]}}
boards:
  A: {{power: plug/1, link: "{link}"}}
"""


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on sys.path with the example in it, as pip would install it."""
    source = install_example(tmp_path, "rig.md", "acme_glob.py", "pico_hil.links").read_text()
    assert len([line for line in source.splitlines() if line.strip()]) <= 40
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("acme_glob", None)


def rig_file(folder: Path, link: str) -> Path:
    path = folder / "desk.yaml"
    path.write_text(RIG.format(link=link))
    return path


def problem(folder: Path, link: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_rig(rig_file(folder, link), {})
    return str(caught.value)


def test_a_board_is_read_over_the_link(installed: Path) -> None:
    device = PtyDevice(installed / "ttyACME7")
    bench = PhysicalBench(load_rig(rig_file(installed, f"glob://{installed}/ttyACME?"), {}))
    try:
        link, listener = bench.link("A"), RecordingListener(bench.clock)
        link.start(listener)
        listener.wait(lambda: bool(link.obstacle))
        assert link.obstacle.startswith(f"0 devices match {installed}/ttyACME?, but exactly one must; check the cable")
        device.plug_in()
        listener.wait(lambda: link.is_connected)
        device.send(b"MicroPython\n")
        listener.wait_for(b"MicroPython\n")
        link.write(b"\x03")
        assert device.receive(1) == b"\x03"
    finally:
        bench.close()
        device.unplug()


def test_its_url_is_checked_when_the_rig_file_is_read(installed: Path) -> None:
    assert problem(installed, "glob://ttyACM*") == (
        f"{installed}/desk.yaml:6: boards.A.link must be an absolute path; write for example "
        "glob:///dev/serial/by-id/usb-FTDI_*"
    )


def test_the_scheme_is_listed_among_the_known_ones(installed: Path) -> None:
    assert problem(installed, "glop:///dev/ttyACM*") == (
        f"{installed}/desk.yaml:6: boards.A.link has an unknown scheme 'glop'; did you mean 'glob'? known: glob, "
        "rfc2217, socket. Correct it, or install the package that adds it"
    )


def test_an_unknown_scheme_without_the_package(tmp_path: Path) -> None:
    found = problem(tmp_path, "glob:///dev/ttyACM*")
    assert "has an unknown scheme 'glob'; known: rfc2217, socket. " in found


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "import nonesuch",
            "link 'glob' is acme_glob:GlobAddress of package acme-glob, which cannot be imported (ModuleNotFoundError",
        ),
        (
            "class GlobAddress: pass",
            "link 'glob' is acme_glob:GlobAddress of package acme-glob, which is not a subclass of hil.links.Address; ",
        ),
    ],
)
def test_the_error_of_a_broken_link_names_its_package(installed: Path, source: str, expected: str) -> None:
    (installed / "acme_glob.py").write_text(source)
    found = problem(installed, "glob:///dev/ttyACM*")
    assert found.startswith(f"{installed}/desk.yaml:6: boards.A.link: ")
    assert expected in found


class TestContract(LinkContract):
    @pytest.fixture
    def clock(self) -> Clock:
        return MonotonicClock()

    @pytest.fixture
    def device(self, tmp_path: Path) -> Iterator[EchoDevice]:
        device = EchoDevice(tmp_path / "ttyACME0")
        device.plug_in()
        yield device
        device.unplug()

    @pytest.fixture
    def link(self, installed: Path, device: EchoDevice, clock: Clock) -> Iterator[SerialLink]:
        address = LINKS.load("glob")
        assert address.__module__ == "acme_glob"
        link = make_link(address, f"glob://{device.path.parent}/ttyACME?", clock)
        yield link
        link.stop()

    @pytest.fixture
    def unplug(self, device: EchoDevice) -> Callable[[], None]:
        return device.unplug

    @pytest.fixture
    def plug_in(self, device: EchoDevice) -> Callable[[], None]:
        return device.plug_in


@pytest.mark.parametrize("secret", ["hush-hush", "hush-hush://lab2:1"])
def test_a_link_from_the_environment_is_not_shown(tmp_path: Path, secret: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_rig(rig_file(tmp_path, "${LINK}"), {"LINK": secret})
    assert "hush-hush" not in str(caught.value)
