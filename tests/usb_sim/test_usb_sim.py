"""A physical bench in real time, `rigs/rig.yaml` unchanged: only the kernel's USB and the boards are simulated.

docs/architecture.md lists what this does not exercise.
"""

import json
import re
import sys
from pathlib import Path

import pytest

from tests.bootsel.uf2_writer import NEW_VERSION, micropython
from tests.serve.served import PATIENCE_S, Watcher
from tests.usb_sim.conftest import RIG, SimulatedMachine

pytestmark = pytest.mark.usb_sim

HIL = (sys.executable, "-c", "from hil.commands.cli import app; app()")
MPREMOTE = (sys.executable, "-m", "mpremote")

LIST_DEVICES = """
import json
from dataclasses import asdict
from hil.host.usb_devices import list_devices
print(json.dumps([asdict(device) for device in list_devices()]))
"""

EVENTS = """
import pyudev
monitor = pyudev.Monitor.from_netlink(pyudev.Context())
monitor.filter_by("tty")
monitor.start()
print("listening", flush=True)
for device in iter(monitor.poll, None):
    print(device.action, device.device_node, flush=True)
"""


def test_boards_are_discovered_with_serial_number_and_port(machine: SimulatedMachine) -> None:
    devices = {device["port_path"]: device for device in json.loads(machine.run(sys.executable, "-c", LIST_DEVICES))}
    boards = {path: devices[path]["serial"] for path in devices if devices[path]["vendor_id"] == 0x2E8A}
    assert boards == {
        "1-1.4.1": "e6614c311b8c2b2a",
        "1-1.4.2": "e6614c311b7d5c21",
        "1-1.4.3": "e6614103e7452d2f",
        "1-1.4.4": "e6614c311b5e4f36",
    }
    assert [devices[path]["ttys"] for path in boards] == [[f"/dev/ttyACM{number}"] for number in range(4)]
    listed = machine.run(*MPREMOTE, "connect", "list")
    assert all(serial in listed for serial in boards.values())


def test_hub_is_switched_by_uhubctl_and_the_board_is_unplugged_and_plugged_in(machine: SimulatedMachine) -> None:
    listener = machine.start(sys.executable, "-c", EVENTS)
    assert listener.stdout is not None
    assert listener.stdout.readline() == "listening\n"
    with Watcher(machine.served.control) as watcher:
        assert machine.run(*HIL, "power", "off", "A", "--rig", str(RIG)).endswith("A (main/1): off\n")
        watcher.wait_for("A", "absent")
        assert listener.stdout.readline() == "remove /dev/ttyACM0\n"
        hub = machine.run("uhubctl", "--exact", "--location", "1-1.4")
        assert re.findall(r"Port (\d): \w+ (power|off)", hub) == [
            ("1", "off"),
            ("2", "power"),
            ("3", "power"),
            ("4", "power"),
        ]
        assert machine.run(*HIL, "power", "on", "A", "--rig", str(RIG)).endswith("A (main/1): on\n")
        watcher.wait_for("A", "application")
        # Its old device name is free, but it has another one.
        assert listener.stdout.readline() == "add /dev/ttyACM4\n"
    listener.terminate()
    listener.communicate(timeout=PATIENCE_S)


def test_mpremote_talks_to_the_serial_device(machine: SimulatedMachine, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(range(256)))
    copied = machine.run(
        *MPREMOTE, "connect", "/dev/ttyACM1", "cp", str(tmp_path / "file"), ":/f", "+", "sha256sum", ":/f"
    )
    assert "40aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880" in copied
    by_number = machine.run(*MPREMOTE, "connect", "id:e6614103e7452d2f", "eval", "'it is C'")
    assert by_number == "it is C\n"


def test_testplans_pass_in_real_time(machine: SimulatedMachine) -> None:
    plans = ("test_hello.py::test_client_is_welcomed", "test_master_failure.py::test_only_worker_takes_over")
    command = (sys.executable, "-m", "pytest", "-q", "-rA", "--rig", str(RIG))
    printed = machine.run(*command, *(f"testplans/{plan}" for plan in plans), within_s=170)
    assert "2 passed" in printed
    assert "rig bench-1" in printed


def test_console_survives_a_pulled_cable_and_marks_the_gap(machine: SimulatedMachine) -> None:
    printed = machine.run(
        sys.executable, "-m", "tests.usb_sim.pull_cable", machine.served.control, str(RIG), within_s=60
    )
    *link, result = printed.splitlines()
    before, after = (int(number) for number in re.findall(r"\d+", result))
    # The same run of the same program: its power was never cut.
    assert after > before
    # Power-on, power cycle, cable.
    assert [line.split(";")[0] for line in link] == ["connected", *["disconnected", "connected"] * 2], printed
    assert "may be missing" in link[4], printed


def test_board_is_flashed_through_its_own_volume(machine: SimulatedMachine, tmp_path: Path) -> None:
    image = tmp_path / "micropython.uf2"
    image.write_bytes(micropython())
    printed = machine.run(*HIL, "flash", "B", "--uf2", str(image), "--rig", str(RIG), within_s=100)
    assert NEW_VERSION.split()[0] in printed
    # The rig is off again. Ask the board itself.
    assert machine.run(*HIL, "power", "on", "B", "--rig", str(RIG)).endswith("B (main/2): on\n")
    machine.served.wait_for_mode("B", "application")
    code = "import sys; print('v%d.%d.%d' % sys.implementation.version[:3])"
    assert machine.served.mpremote("B", "exec", code).strip() == NEW_VERSION.split()[0]
