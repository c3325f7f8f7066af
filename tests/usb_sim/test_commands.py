"""``hil discover`` and ``hil doctor`` on the simulated machine: real pyudev and uhubctl, real time."""

import json
from pathlib import Path

import pytest

from hil.config.rig import load_rig
from tests.serve.served import HIL
from tests.usb_sim.conftest import RIG, SimulatedMachine

pytestmark = pytest.mark.usb_sim


def test_the_discovered_rig_file_has_the_boards_of_the_real_one(machine: SimulatedMachine, tmp_path: Path) -> None:
    machine.run(*HIL, "discover", "--output", str(tmp_path / "rig.yaml"))
    assert "# It reports that it switches each port separately" in (tmp_path / "rig.yaml").read_text()
    found, real = (load_rig(path, machine.environ) for path in (tmp_path / "rig.yaml", RIG))
    assert [(str(board.power), board.serial, board.usb_port) for board in found.wired_boards] == [
        (str(board.power), board.serial, board.usb_port) for board in real.wired_boards
    ]
    assert found.hubs == real.hubs


def test_doctor_finds_no_problem_with_a_board(machine: SimulatedMachine) -> None:
    done = machine.try_run(*HIL, "doctor", "B", "--json", "--rig", str(RIG), within_s=100)
    report = json.loads(done.stdout[done.stdout.index("{") :])
    status = {finding["check"]: finding["status"] for finding in report["findings"] if finding["check"] != "kernel"}
    assert status.pop("radio") in ("ok", "warning")
    assert set(status.values()) == {"ok"}, report
    assert set(status) == {"access", "bandwidth", "serial", "micropython", "flash", "power"}
    assert done.returncode == 0
