"""Runs testplans on a copy of the firmware with one bug in it."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.mutants.catalog import Mutant

ROOT = Path(__file__).parents[2]
MUTANT_PROPERTY = "hil-mutant"
"""In a test's ``user_properties``: the mutant's name, and what failed on it."""
REAL_SECONDS = 120
"""For one run of a few tests; a mutant must not hang the run."""

_VERDICT = re.compile(r"^(testplans/\S+) (PASSED|FAILED|SKIPPED|ERROR|BENCH ERROR)\b", re.MULTILINE)


def mutate(mutant: Mutant, folder: Path) -> Path:
    """A copy of the firmware in ``folder`` with the bug. Raises ``ValueError`` when the code no longer fits."""
    copy = folder / "firmware"
    shutil.copytree(ROOT / "firmware", copy, ignore=shutil.ignore_patterns("__pycache__"))
    source = copy / mutant.file
    text = source.read_text()
    if text.count(mutant.old) != 1:
        raise ValueError(
            f"mutant {mutant.name}: its old text is {text.count(mutant.old)} times in firmware/{mutant.file}, must be "
            "there once; adapt tests/mutants/catalog.py to the code"
        )
    source.write_text(text.replace(mutant.old, mutant.new))
    return copy


def verdicts(firmware: Path, tests: Sequence[str]) -> Mapping[str, str]:
    """Verdict by test id of testplans run on the virtual rig with that firmware."""
    command = [sys.executable, "-m", "pytest", "-v", "--rig", "rigs/virtual.yaml", "--hil-firmware", str(firmware)]
    plugins = ["-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:hypothesispytest", "-p", "no:allure_pytest"]
    # Neither options nor the worker's identity of the pytest around it are for the one inside.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    run = subprocess.run(
        [*command, *plugins, *tests],
        cwd=ROOT,
        env=inherited,
        capture_output=True,
        text=True,
        timeout=REAL_SECONDS,
        check=False,
    )
    found = dict(_VERDICT.findall(run.stdout))
    if not found:
        raise RuntimeError(f"pytest ran no testplan:\n{run.stdout}\n{run.stderr}")
    return found
