"""A machine with simulated USB: the unchanged rig file of a physical bench, with served boards behind hub and ttys.

umockdev stands in for the kernel; uhubctl, pyudev, pyserial and mpremote are real.
"""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serve.served import PATIENCE_S, Served

ROOT = Path(__file__).parent.parent.parent
RIG = ROOT / "rigs" / "rig.yaml"
DEBIAN_PYTHON = "/usr/bin/python3"
"""The bindings of umockdev are a Debian package for Debian's Python."""

REQUIRED = "HIL_REQUIRE_USB_SIM"
"""Set where the tests must run: a missing program is then a failure, not a reason to skip."""

_TOOLS = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"))
_USED = ("uhubctl", "readlink")
"""Programs of the simulated machine. Not picotool, which talks to the boot ROM with its own transfers."""

_LOCK = Path(tempfile.gettempdir()) / f"pico-hil-usb-sim-{os.getuid()}.lock"
"""Lock for one simulated machine at a time: a second one would have the same boards and board locks."""

_BINDINGS = "import gi; gi.require_version('UMockdev', '1.0'); from gi.repository import UMockdev"


class SimulatedMachine:
    """Runs programs that see the simulated USB."""

    def __init__(self, served: Served, folder: Path) -> None:
        self.served = served
        tools = folder / "tools"
        tools.mkdir()
        self._write_udisksctl(tools)
        for name in _USED:
            (tools / name).symlink_to(shutil.which(name, path=_TOOLS) or "")
        # umockdev's folder is in ours, because it remains when its process is killed.
        environ = {**os.environ, "PYTHONPATH": str(ROOT), "TMPDIR": str(folder)}
        command = ("umockdev-wrapper", DEBIAN_PYTHON, "-W", "ignore", "-m", "tests.usb_sim.testbed")
        self._testbed = subprocess.Popen(
            [*command, served.control, "1-1.4", "main"],
            env=environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._testbed.stdout is not None
        root = self._testbed.stdout.readline().strip()
        if not root:
            self.close()
            raise AssertionError("the testbed ended; its errors are above")
        self.environ = {
            **os.environ,
            "UMOCKDEV_DIR": root,
            "LD_PRELOAD": "libumockdev-preload.so.0",
            "PATH": str(tools),
            "PICO_AP_PASSWORD": "pico1234",
            "PYTEST_ADDOPTS": "-p no:cacheprovider -p no:hypothesispytest -p no:allure_pytest",
        }

    def run(self, *command: str, within_s: float = PATIENCE_S) -> str:
        """Run a program, which must succeed. Returns its output."""
        done = self.try_run(*command, within_s=within_s)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def try_run(self, *command: str, within_s: float = PATIENCE_S) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            check=False,
            env=self.environ,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=within_s,
        )

    def start(self, *command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command, env=self.environ, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def close(self) -> None:
        """End the testbed."""
        self._testbed.communicate(timeout=PATIENCE_S)

    def _write_udisksctl(self, tools: Path) -> None:
        """A stand-in for the program that mounts disks on a desktop: it prints the folder of the board's volume."""
        served = self.served.folder
        # Disk sda is the first board of the rig file, and so on: see testbed.py.
        volumes = dict(zip("abcd", (served / f"{board}.RPI-RP2" for board in "ABCP"), strict=True))
        cases = "\n".join(
            f'*sd{letter}1) echo "Mounted /dev/sd{letter}1 at {path}" ;;' for letter, path in volumes.items()
        )
        program = tools / "udisksctl"
        program.write_text(
            f'#!/bin/sh\nfor node; do :; done\ncase "$node" in\n{cases}\n*) echo "no $node"; exit 1 ;;\nesac\n'
        )
        program.chmod(0o755)


def _missing() -> str | None:
    wanted = {"umockdev-wrapper": "umockdev", "uhubctl": "uhubctl", DEBIAN_PYTHON: "python3"}
    packages = [package for program, package in wanted.items() if shutil.which(program, path=_TOOLS) is None]
    if not packages and subprocess.run([DEBIAN_PYTHON, "-c", _BINDINGS], check=False, capture_output=True).returncode:
        packages = ["python3-gi", "gir1.2-umockdev-1.0"]
    return f"simulated USB needs packages: `apt install {' '.join(packages)}`" if packages else None


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedMachine]:
    """The machine of rigs/rig.yaml: its hub with the boards A, B, C and P, all of them on."""
    missing = _missing()
    if missing is not None:
        if os.environ.get(REQUIRED):
            pytest.fail(missing)
        pytest.skip(missing)
    with _LOCK.open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield from _simulated(tmp_path_factory.mktemp("u"))


def _simulated(folder: Path) -> Iterator[SimulatedMachine]:
    served = Served(folder / "served", RIG, {"PICO_AP_PASSWORD": "pico1234"})
    try:
        simulated = SimulatedMachine(served, folder)
        yield simulated
        simulated.close()
    finally:
        served.stop()
