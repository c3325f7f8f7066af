"""The check of docs/rig.md, as it stands there, in a distribution of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.installed import install_example

RIG = """\
rig: small
wifi: {ssid: PicoAP, password: pico1234}
hubs: {main: {driver: virtual, ports: 1}}
boards: {A: {power: main/1}}
"""


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """The module of the documented check, which is installed."""
    return install_example(tmp_path, "rig.md", "acme_doctor.py", "pico_hil.doctor")


def findings(module: Path) -> tuple[int, dict[str, dict[str, str]]]:
    """The exit status of ``hil doctor``, and what each check found."""
    rig = module.with_name("small.yaml")
    rig.write_text(RIG)
    command = [sys.executable, "-c", "from hil.commands.cli import app; app()", "doctor", "--json", "--rig", str(rig)]
    environ = {**os.environ, "PYTHONPATH": str(module.parent)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environ)
    found = json.loads(done.stdout)["findings"]
    return done.returncode, {finding["check"]: finding for finding in found}


def test_it_runs_after_the_built_in_checks_of_boards(module: Path) -> None:
    status, found = findings(module)
    assert found["temperature"] == {
        "check": "temperature",
        "subject": "A",
        "status": "ok",
        "text": "the chip has 28 °C",
        "advice": "",
    }
    assert list(found)[-3:] == ["power", "temperature", "kernel"]
    assert status == 0


MACHINE_CHECK = """
from hil.abc import Finding, MachineCheck, Status

class TemperatureCheck(MachineCheck):
    def check(self, machine):
        self.rig = machine.config.name
        return [Finding("room", self.rig, Status.OK, "before")]

    def finish(self):
        return [Finding("room again", self.rig, Status.WARNING, "after", "open a window")]
"""


def test_one_of_the_machine_runs_before_and_after_the_boards(module: Path) -> None:
    module.write_text(MACHINE_CHECK)
    status, found = findings(module)
    assert [name for name in found if name in ("room", "serial", "power", "room again")] == [
        "room",
        "serial",
        "power",
        "room again",
    ]
    assert found["room again"]["subject"] == "small"
    assert status == 0


RAISES = """
from hil.abc import BoardCheck

class TemperatureCheck(BoardCheck):
    def check(self, examined):
        return [examined.colour]
"""


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import nonesuch", "which cannot be imported (ModuleNotFoundError: No module named 'nonesuch')"),
        ("class TemperatureCheck: pass", "which is not a subclass of hil.abc.MachineCheck or hil.abc.BoardCheck"),
    ],
)
def test_one_that_is_broken_names_its_package_and_leaves_the_others(module: Path, source: str, expected: str) -> None:
    module.write_text(source)
    status, found = findings(module)
    assert found["temperature"]["status"] == "failed"
    origin = "doctor check 'temperature' is acme_doctor:TemperatureCheck of package acme-doctor"
    assert f"{origin}, {expected}" in found["temperature"]["text"]
    assert found["power"]["status"] == "ok"
    assert status == 1


def test_an_exception_in_it_is_a_failure_and_leaves_the_others(module: Path) -> None:
    module.write_text(RAISES)
    status, found = findings(module)
    assert found["temperature"]["text"] == (
        f"the check raised AttributeError: 'ExaminedBoard' object has no attribute 'colour' ({module}:6)"
    )
    assert found["power"]["status"] == "ok"
    assert status == 1


def test_one_that_cannot_be_made_is_a_failure_and_leaves_the_others(module: Path) -> None:
    module.write_text("from hil.abc import BoardCheck\n\nclass TemperatureCheck(BoardCheck): pass\n")
    status, found = findings(module)
    assert found["temperature"]["text"].startswith("the check raised TypeError: Can't instantiate abstract class ")
    assert found["power"]["status"] == "ok"
    assert status == 1
