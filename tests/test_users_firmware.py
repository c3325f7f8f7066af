"""A user's firmware runs unchanged: tutorial code with plain prints, and a manifest that maps them to events."""

import shutil
import subprocess
import sys
from pathlib import Path

SAMPLES = Path(__file__).parent / "sample_firmware"


def test_sample_firmware_passes_its_users_testplan(tmp_path: Path) -> None:
    # Outside this project: neither its configuration nor its firmware may be needed.
    folder = shutil.copytree(SAMPLES, tmp_path / "samples")
    options = ["--rig", "rig.yaml", "--hil-firmware", ".", "--hil-artifacts", str(tmp_path / "artifacts")]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "testplan.py"],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout
    logs = {path: path.read_text() for path in (tmp_path / "artifacts").glob("*/*.log")}
    assert len(logs) == 3 + 3 + 3 + 2
    assert [path for path, text in logs.items() if "Traceback" in text or "CRASH" in text] == []
