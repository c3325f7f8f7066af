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
"""Key in a test's ``user_properties``; the value is the mutant's name and the tests that failed."""
REAL_SECONDS = 120
"""Timeout for a run of a few tests, so that no mutant can hang."""

OPTIONS = (
    *("-v", "--color=no", "--rig", "rigs/virtual.yaml"),
    # Preloaded modules have no rewritten assertions. They need none.
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
    """A copy of the firmware in ``folder`` with the bug. Raises ``ValueError`` if the code has changed."""
    copy = folder / "firmware"
    shutil.copytree(ROOT / "firmware", copy, ignore=shutil.ignore_patterns("__pycache__"))
    source = copy / mutant.file
    text = source.read_text()
    if text.count(mutant.old) != 1:
        raise ValueError(
            f"mutant {mutant.name}: its old text occurs {text.count(mutant.old)} times in firmware/{mutant.file}, must "
            "occur once; adapt tests/mutants/catalog*.py to the code"
        )
    source.write_text(text.replace(mutant.old, mutant.new))
    return copy


def verdicts(firmware: Path, tests: Sequence[str]) -> Mapping[str, str]:
    """Run test plans on the virtual rig with ``firmware``, in a separate process. Returns the verdict by test id.

    The process is forked from one that has imported everything, because imports would take a third of the time.
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
            raise TimeoutError(f"pytest did not finish within {REAL_SECONDS} s:\n{output.read()}")
        printed = output.read()
    found = dict(_VERDICT.findall(printed))
    if not found:
        raise RuntimeError(f"pytest ran no testplan:\n{printed}")
    return found


def _run_pytest(arguments: Sequence[str], output: str) -> None:
    """Run pytest in the forked process. ``output`` is the file for its standard output and error."""
    descriptor = os.open(output, os.O_WRONLY)
    for standard in (1, 2):
        os.dup2(descriptor, standard)
    os.chdir(ROOT)
    # Options and the worker id of the outer pytest do not apply here.
    for name in [name for name in os.environ if name.startswith("PYTEST_")]:
        del os.environ[name]
    # Do not search objects from before the fork for garbage.
    gc.freeze()
    pytest.main([*arguments])
