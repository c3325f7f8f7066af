"""The example driver of docs/rig.md, installed as a separate distribution."""

import os
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from hil.config.rig import load_rig
from hil.errors import ConfigError
from tests.installed import install_example

RIG = """\
rig: relays
wifi: {{ssid: PicoAP, password: pico1234}}
power: {{off_time_s: 0.01, stagger_s: 0}}
hubs:
  card: {{driver: {driver}, host: 127.0.0.1, {more}}}
boards:
  A: {{power: card/1, link: "{folder}/A"}}
  B: {{power: card/2, serial: {serial}, link: "{folder}/B"}}
"""


class Card(socketserver.ThreadingTCPServer):
    """The relay card: switches outlets and records the commands."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), CardHandler)
        self.outlets = {"1": "on", "2": "on"}
        self.commands: list[str] = []


class CardHandler(socketserver.StreamRequestHandler):
    server: Card

    def handle(self) -> None:
        command, outlet = self.rfile.readline().decode().split()
        self.server.commands.append(f"{command} {outlet}")
        if command != "state":
            self.server.outlets[outlet] = command
        self.wfile.write(f"{self.server.outlets[outlet]}\n".encode())


@pytest.fixture
def card() -> Iterator[Card]:
    with Card() as card:
        serving = threading.Thread(target=card.serve_forever, kwargs={"poll_interval": 0.01})
        serving.start()
        yield card
        card.shutdown()
        serving.join()


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with the example driver in it, as pip would install it."""
    source = install_example(tmp_path, "rig.md", "acme_relay.py", "pico_hil.power").read_text()
    assert len([line for line in source.splitlines() if line.strip()]) <= 30
    return tmp_path


def rig_file(installed: Path, more: str, driver: str = "acme-relay") -> Path:
    path = installed / "relays.yaml"
    serial = f"e661{os.getpid():012d}"  # concurrent processes have different boards, and so different locks
    path.write_text(RIG.format(driver=driver, more=more, folder=installed, serial=serial))
    return path


def power(installed: Path, rig: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from hil.commands.cli import app; app()", "power", *arguments, "--rig", str(rig)]
    environ = {**os.environ, "PYTHONPATH": str(installed)}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environ)


def problem(rig: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.syspath_prepend(rig.parent)
    monkeypatch.delitem(sys.modules, "acme_relay", raising=False)
    with pytest.raises(ConfigError) as caught:
        load_rig(rig, {})
    return str(caught.value)


def test_the_driver_switches(installed: Path, card: Card) -> None:
    tcp_port = card.server_address[1]
    done = power(installed, rig_file(installed, f"tcp_port: {tcp_port}"), "off", "B")
    assert (done.returncode, done.stdout, done.stderr) == (0, "B (card/2): off\n", "")
    assert card.outlets == {"1": "on", "2": "off"}
    assert all(command.endswith(" 2") for command in card.commands)


def test_errors_name_board_and_port(installed: Path) -> None:
    done = power(installed, rig_file(installed, "tcp_port: 1"), "off", "B")
    assert done.returncode == 1
    assert done.stderr == (
        "B, power port card/2: relay card 127.0.0.1: [Errno 111] Connection refused; is it on the network? (3 tries)\n"
    )


def test_keys_of_its_section_are_checked(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = rig_file(installed, "tcp-port: 1")
    assert problem(rig, monkeypatch) == (
        f"{rig}:5: unknown key 'tcp-port' in hubs.card; did you mean 'tcp_port'? known: driver, ports, host, tcp_port"
    )


def test_the_driver_is_listed_among_the_known_ones(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = problem(rig_file(installed, "tcp_port: 1", driver="acme-rely"), monkeypatch)
    assert found.endswith("did you mean 'acme-relay'? known: acme-relay, command, ssh, sysfs, uhubctl, virtual")


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            "import nonesuch",
            "acme_relay:AcmeRelay of package acme-relay, which cannot be imported (ModuleNotFoundError: ",
        ),
        (
            "class AcmeRelay: pass",
            "acme_relay:AcmeRelay of package acme-relay, which is not a subclass of hil.power.HubSection",
        ),
    ],
)
def test_the_error_of_a_broken_driver_names_its_package(
    installed: Path, monkeypatch: pytest.MonkeyPatch, source: str, expected: str
) -> None:
    (installed / "acme_relay.py").write_text(source)
    rig = rig_file(installed, "tcp_port: 1")
    found = problem(rig, monkeypatch)
    assert found.startswith(f"{rig}:5: hubs.card: driver 'acme-relay' is ")
    assert expected in found
