"""The shipped MicroPython and the built-in modules of its boards are identical to what vm/ builds."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
ARTIFACT = ROOT / "hil" / "virtual" / "wasm" / "micropython.wasm"


def test_the_checksum_of_the_artifact_is_right() -> None:
    digest = hashlib.sha256(ARTIFACT.read_bytes()).hexdigest()
    checksums = ARTIFACT.with_suffix(".wasm.sha256").read_text().splitlines()
    assert f"{digest}  {ARTIFACT.name}" in checksums


@pytest.mark.skipif(
    not (ROOT / "vm" / "node_modules" / ".bin" / "wasm-opt").exists(),
    reason="needs wasm-opt: run `npm install --prefix vm`",
)
def test_the_artifact_is_reproducible() -> None:
    check = subprocess.run(
        [sys.executable, ROOT / "vm" / "build.py", "--check"], capture_output=True, text=True, check=False
    )
    assert check.returncode == 0, check.stderr


def test_the_built_in_modules_are_compiled_from_their_sources() -> None:
    check = subprocess.run(
        [sys.executable, ROOT / "vm" / "rom.py", "--check"], capture_output=True, text=True, check=False
    )
    assert check.returncode == 0, check.stderr
