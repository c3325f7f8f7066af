"""A board that is the probe, in pytest runs: logged, watched, recovered and quarantined like other boards."""

import re
from pathlib import Path

import pytest

RIG = """\
rig: probed
wifi: {ssid: PicoAP, password: hush-hush}
hubs:
  main: {driver: virtual, ports: 4}
boards:
  A: {power: main/1}
  B: {power: main/2}
  P: {power: main/3}
probe: {driver: board, board: P}
"""

MANIFEST = """\
app: greet
description: opens an access point and sends its secret to any sender
roles:
  ap: {files: {main.py: main.py}}
  client: {files: {main.py: client.py}}
events:
  up: '^up$'
  secret: 'secret (?P<word>\\S+)'
"""

FIRMWARE = """\
import json, network, socket

config = json.load(open("config.json"))
wlan = network.WLAN(network.AP_IF)
wlan.config(ssid=config["ssid"], password=config["password"])
wlan.active(True)
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("0.0.0.0", 5000))
print("up")
while True:
    data, sender = sock.recvfrom(100)
    sock.sendto(b"secret " + config["password"].encode(), sender)
"""

CONFTEST = """
import pytest

@pytest.fixture
def pico(rig):
    return rig._bench.boards["P"]

@pytest.fixture
def ask(ap, rig):
    def ask():
        ap.power.on()
        ap.console.expect("up", within=10)
        return rig.probe.request(b"who", ("192.168.4.1", 5000)).data
    return ask

@pytest.fixture(scope="session")
def hil_open_rig(hil_open_rig):
    pico = hil_open_rig._bench.boards["P"]
    {sicken}
    return hil_open_rig
"""

FIRST = """
import pytest

pytestmark = [pytest.mark.firmware("greet"), pytest.mark.needs(clients=1)]
"""


@pytest.fixture
def rig(pytester: pytest.Pytester) -> Path:
    """A rig whose board P is the probe, the app `greet`, and a conftest of its user."""
    folder = pytester.mkdir("firmware") / "greet"
    folder.mkdir()
    (folder / "firmware.yaml").write_text(MANIFEST)
    (folder / "main.py").write_text(FIRMWARE)
    (folder / "client.py").write_text("")
    sicken(pytester, "pass")
    return pytester.makefile(".yaml", rig=RIG)


def sicken(pytester: pytest.Pytester, code: str) -> None:
    """Something is wrong with P before the first test."""
    (pytester.path / "conftest.py").write_text(CONFTEST.replace("{sicken}", code))


def run(pytester: pytest.Pytester, rig: Path, tests: str) -> pytest.RunResult:
    """Run ``tests``, each of which asks for one client."""
    pytester.makepyfile(test_it=FIRST + tests)
    return pytester.runpytest("--rig", rig, "--hil-artifacts", "out", "-p", "no:xdist")


def artifact(pytester: pytest.Pytester, test: str, file: str) -> str:
    """An artifact of a test."""
    return (pytester.path / "out" / f"test_it.{test}" / file).read_text()


def test_its_power_and_serial_line_are_on_the_timeline_and_its_lines_in_a_log(
    pytester: pytest.Pytester, rig: Path
) -> None:
    result = run(
        pytester,
        rig,
        """
def test_ask(ask, rig, boards):
    assert ask() == b"secret hush-hush"
    # The firmware's patterns do not apply to the output of the probe's board.
    assert {event.board for event in rig.timeline.events() if event.name == "secret"} == set()
    assert list(boards) == ["A", "B"]

def test_without(ap): pass
""",
    )
    result.assert_outcomes(passed=2)
    timeline = artifact(pytester, "test_ask", "timeline.txt")
    happened = re.findall(r"^ +\S+ P +(\S+ +\w+)", timeline, re.MULTILINE)
    assert happened == ["power  on", "link   connected", "deploy runs"]
    assert "[0, " not in timeline
    log = artifact(pytester, "test_ask", "P.log")
    assert '[0, "udp", 1, "secret ***", "192.168.4.1", 5000]' in log
    assert "--- connected" in log
    assert ">P<" in artifact(pytester, "test_ask", "timeline.svg")
    # It stays on. The artifacts of a test that does not use it do not contain it.
    assert not (pytester.path / "out" / "test_it.test_without" / "P.log").exists()
    for path in (pytester.path / "out").rglob("*"):
        assert path.is_dir() or b"hush-hush" not in path.read_bytes()
    assert "hush-hush" not in result.stdout.str()


def test_invariants_watch_it(pytester: pytest.Pytester, rig: Path) -> None:
    result = run(
        pytester,
        rig,
        """
def test_traceback(ask, rig, clock):
    ask()
    rig._bench.link("P").write(b"\\x03")
    clock.sleep(1)

def test_reboot(ask, pico, clock):
    ask()
    pico.power_off()
    pico.power_on()
    clock.sleep(5)

def test_asks_again(ask):
    ask()
""",
    )
    # The firmware under test is not to blame.
    result.stdout.fnmatch_lines(
        [
            "P: the board of the probe failed during the test; check its cable, hub port and supply",
            "traceback at * s: an exception on P",
            "*P serial KeyboardInterrupt*",
            "reboot at * s: P restarted*",
            "board P needed recovery 2 times: power cycle helped once, Ctrl-C helped once (2 tries)",
            "BENCH ERROR test_it.py::test_traceback - ProbeError: P: the board of the probe failed during the test; *",
            "BENCH ERROR test_it.py::test_reboot - ProbeError: P: the board of the probe failed during the test; *",
            "*1 passed, 2 bench-error*",
        ]
    )


def test_a_violation_of_a_board_under_test_counts_whatever_the_probe_does(pytester: pytest.Pytester, rig: Path) -> None:
    result = run(
        pytester,
        rig,
        """
def test_both(ask, rig, ap, clock):
    ask()
    for board in ("P", ap.name):
        rig._bench.link(board).write(b"\\x03")
    clock.sleep(1)
""",
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["traceback at * s: an exception on [AP]", "1 invariant violated"])


def test_a_dead_probe_is_quarantined_and_costs_only_the_tests_that_need_it(
    pytester: pytest.Pytester, rig: Path
) -> None:
    sicken(pytester, "pico.unplug_usb()")
    result = run(
        pytester,
        rig,
        """
def test_first(ask): ask()

@pytest.mark.needs(probe=True)
def test_marked(ap): pass

def test_fixture(probe): pass

def test_other(ap):
    ap.power.on()
    ap.console.expect("up", within=10)
""",
    )
    result.stdout.fnmatch_lines(
        [
            "test_it.py Bbb. *",
            "board P needed recovery once: nothing helped (3 tries); quarantined: no serial device 15 s after *",
            "BENCH ERROR test_it.py::test_first - RecoveryFailed: P: no serial device 15 s after power-on *",
            "BLOCKED test_it.py::test_marked - board P, the probe, is quarantined: no serial device *(4 attempts)*",
            "BLOCKED test_it.py::test_fixture - board P, the probe, is quarantined: no serial device *",
            "*1 passed, 1 bench-error, 2 blocked*",
        ]
    )


def test_an_agent_that_died_in_one_test_is_recovered_in_the_next(pytester: pytest.Pytester, rig: Path) -> None:
    result = run(
        pytester,
        rig,
        """
def test_dies(ask, rig, clock, invariants):
    ask()
    with invariants.expect("traceback"):
        rig._bench.link("P").write(b"\\x03")
        clock.sleep(1)

def test_without(ap): pass

def test_asks(ask): assert ask()
""",
    )
    result.assert_outcomes(passed=3)
    # This is noticed only when the next test makes the probe leave; then its board is off.
    result.stdout.fnmatch_lines(["board P needed recovery once: power cycle helped once (1 try)"])
    assert "recovery" not in artifact(pytester, "test_without", "timeline.txt")
    assert re.search(r"P +recovery power cycle: helped", artifact(pytester, "test_asks", "timeline.txt"))


def test_a_probe_that_cannot_be_switched_off_costs_only_the_tests_that_need_it(
    pytester: pytest.Pytester, rig: Path
) -> None:
    result = run(
        pytester,
        rig,
        """
from hil.errors import PowerError

def test_dies(ask, rig, clock, invariants):
    ask()
    with invariants.expect("traceback"):
        rig._bench.link("P").write(b"\\x03")
        clock.sleep(1)

    def refuse():
        raise PowerError("hub main: no answer")

    rig._bench.power_port("P").off = refuse

def test_without(ap): pass

@pytest.mark.needs(probe=True)
def test_marked(ap): pass
""",
    )
    result.stdout.fnmatch_lines(
        [
            "test_it.py ..b *",
            "board P needed recovery once: nothing helped (* tries); quarantined: *no answer*",
            "BLOCKED test_it.py::test_marked - board P, the probe, is quarantined: *no answer*",
        ]
    )
