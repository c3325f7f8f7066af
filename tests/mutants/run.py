"""Runs testplans on a copy of the firmware with one bug in it."""

import gc
import multiprocessing
import os
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.mutants.catalog import Mutant

ROOT = Path(__file__).parents[2]
MUTANT_PROPERTY = "hil-mutant"
"""In a test's ``user_properties``: the mutant's name, and what failed on it."""
REAL_SECONDS = 120
"""For one run of a few tests; a mutant must not hang the run."""

OPTIONS = (
    *("-v", "--color=no", "--rig", "rigs/virtual.yaml"),
    # Of the preloaded modules, whose plain assertions need no explanation.
    *("-W", "ignore:Module already imported:pytest.PytestAssertRewriteWarning"),
    *("-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:hypothesispytest", "-p", "no:allure_pytest"),
    *("-p", "tests.mutants.earlier_firmware"),
)
PRELOADED = (
    "pytest",
    "hil.pytest_plugin.plugin",
    "hil.rig",
    "hil.cluster.cluster",
    "hil.virtual.bench.bench",
    "hil.report.terminal",
)

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
    """Verdict by test id of testplans run on the virtual rig with that firmware, in a process of their own.

    The process is forked from one that has imported everything: a third of the time of a run would be imports.
    """
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(PRELOADED))
    with tempfile.NamedTemporaryFile(mode="r", suffix=".txt") as output:
        arguments = [*OPTIONS, "--hil-firmware", str(firmware), *tests]
        run = context.Process(target=_run_pytest, args=(arguments, output.name))
        run.start()
        run.join(REAL_SECONDS)
        if run.is_alive():
            run.kill()
            run.join()
            raise TimeoutError(f"pytest was not done in {REAL_SECONDS} s:\n{output.read()}")
        said = output.read()
    found = dict(_VERDICT.findall(said))
    if not found:
        raise RuntimeError(f"pytest ran no testplan:\n{said}")
    return found


def _run_pytest(arguments: Sequence[str], output: str) -> None:
    """All of a forked process: its output goes to a file, as that of a program started from a shell could."""
    descriptor = os.open(output, os.O_WRONLY)
    for standard in (1, 2):
        os.dup2(descriptor, standard)
    os.chdir(ROOT)
    # Neither options nor the worker's identity of the pytest around it are for this one.
    for name in [name for name in os.environ if name.startswith("PYTEST_")]:
        del os.environ[name]
    # What was imported before the fork is nothing to look through for garbage.
    gc.freeze()
    pytest.main([*arguments])
