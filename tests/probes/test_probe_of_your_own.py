"""The probe of docs/rig.md, as it stands there, in a distribution of its own."""

import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installed import example, install_example

RIG = """\
rig: desk
wifi: {ssid: PicoAP, password: pico1234}
hubs:
  plug: {driver: command, on: ["true"], off: ["true"], state: [echo, "off"]}
boards:
  A: {power: plug/1, link: "socket://127.0.0.1:1"}
probe: PROBE
"""
PROBE = "{driver: acme-routed, address: 127.0.0.1}"


class EchoHandler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        data, udp = self.request
        udp.sendto(data.upper(), self.client_address)


@pytest.fixture
def port() -> Iterator[int]:
    """The port of a UDP service on this machine that answers in capitals."""
    with socketserver.ThreadingUDPServer(("127.0.0.1", 0), EchoHandler) as server:
        serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        yield server.server_address[1]
        server.shutdown()
        serving.join()


@pytest.fixture
def module(pytester: pytest.Pytester) -> Path:
    """The module of the documented probe, which is installed."""
    folder = pytester.mkdir("installed")
    pytester.syspathinsert(folder)
    return install_example(folder, "rig.md", "acme_probe.py", "pico_hil.probes")


def rig_file(pytester: pytest.Pytester, probe: str = PROBE) -> Path:
    return pytester.makefile(".yaml", desk=RIG.replace("PROBE", probe))


def problem(pytester: pytest.Pytester, probe: str = PROBE) -> str:
    """The usage error of a run with ``probe:`` in its rig file, without the path."""
    rig = rig_file(pytester, probe)
    result = pytester.runpytest("--rig", rig)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    return result.stderr.str().strip().removeprefix(f"ERROR: {rig}:")


def test_tests_use_it_as_any_other(pytester: pytest.Pytester, module: Path, port: int) -> None:
    pytester.makepyfile(
        test_it=f"""
        def test_it(probe):
            assert probe.address == ""
            assert probe.request(b"who", to=("127.0.0.1", {port})).data == b"WHO"
            assert probe.address == "127.0.0.1"

        def test_it_has_left(probe):
            assert probe.address == ""
        """
    )
    result = pytester.runpytest("--rig", rig_file(pytester), "--hil-artifacts", "out")
    result.assert_outcomes(passed=2)
    result.stdout.fnmatch_lines(["rig: desk,* probe acme-routed"])
    timeline = (pytester.path / "out" / "test_it.test_it" / "timeline.txt").read_text()
    assert [line.split(maxsplit=1)[1] for line in timeline.splitlines() if " probe " in line] == [
        "probe probe  joined, address 127.0.0.1",
        f"probe probe  asks 127.0.0.1:{port} 'who'",
        f"probe probe  hears from 127.0.0.1:{port} 'WHO'",
        "probe probe  leaves",
    ]


def test_the_documented_contract_tests_pass(pytester: pytest.Pytester, module: Path) -> None:
    pytester.makepyfile(test_acme_probe=example("extending.md", "test_acme_probe.py"))
    result = pytester.runpytest("-p", "no:cacheprovider")
    assert result.ret == pytest.ExitCode.OK
    assert result.parseoutcomes()["passed"] >= 7


def test_keys_of_its_section_are_checked(pytester: pytest.Pytester, module: Path) -> None:
    found = problem(pytester, "{driver: acme-routed, adress: 127.0.0.1}")
    assert "7: unknown key 'adress' in probe; did you mean 'address'? known: driver, address" in found


def test_it_is_among_the_known(pytester: pytest.Pytester, module: Path) -> None:
    assert problem(pytester, "{driver: acme-router}") == (
        "7: probe: unknown probe driver 'acme-router'; did you mean 'acme-routed'? known: acme-routed, board, host, "
        "virtual"
    )


OBSTACLE = """
from hil.abc import ProbeSection

class RoutedSection(ProbeSection):
    address: str

    def obstacle(self, *, is_virtual):
        return "" if is_virtual else "probe.driver is 'acme-routed', but this desk has no router; buy one"

    def probe(self, site):
        raise AssertionError
"""


def test_it_can_refuse_a_kind_of_rig(pytester: pytest.Pytester, module: Path) -> None:
    module.write_text(OBSTACLE)
    assert problem(pytester) == "7: probe.driver is 'acme-routed', but this desk has no router; buy one"


SECRET = """
import os
from hil import ProbeError
from hil.abc import ProbeSection

class RoutedSection(ProbeSection):
    address: str

    @property
    def secrets(self):
        return (self.address,)

    def probe(self, site):
        raise ProbeError(f"{self.address} is not known there")
"""


def test_its_secrets_are_masked(pytester: pytest.Pytester, module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module.write_text(SECRET)
    monkeypatch.setenv("ROUTER", "hush-hush")
    pytester.makepyfile("def test_it(probe): pass")
    result = pytester.runpytest("--rig", rig_file(pytester, '{driver: acme-routed, address: "${ROUTER}"}'))
    result.stdout.fnmatch_lines(["*ProbeError: *** is not known there"])
    result.stdout.no_fnmatch_line("*hush-hush*")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import nonesuch", "which cannot be imported (ModuleNotFoundError: No module named 'nonesuch')"),
        ("class RoutedSection: pass", "which is not a subclass of hil.abc.ProbeSection; correct its entry point"),
    ],
)
def test_one_that_is_broken_names_its_package(
    pytester: pytest.Pytester, module: Path, source: str, expected: str
) -> None:
    module.write_text(source)
    origin = "probe driver 'acme-routed' is acme_probe:RoutedSection of package acme-probe"
    assert f"7: probe: {origin}, {expected}" in problem(pytester)
