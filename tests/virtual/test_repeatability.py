"""The same seed gives identical output in any process. Another seed gives other timings and the same outcomes."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLAN = [
    "testplans/test_hello.py::test_client_is_welcomed",
    "testplans/test_discovery.py::test_client_finds_an_ap_that_starts_late",
    "testplans/test_discovery.py::test_who_is_answered_with_the_order_and_registers_nobody",
    "testplans/test_master_failure.py::test_next_in_order_takes_over",
    "testplans/test_master_failure.py::test_old_master_comes_back_as_the_last_worker",
]

WITHOUT = ["-p", "no:cacheprovider", "-p", "no:hypothesispytest", "-p", "no:allure_pytest"]
"""Plugins that are irrelevant here; the last two take a second per process."""


def run(artifacts: Path, *options: str, plan: Sequence[str] = PLAN) -> dict[str, bytes]:
    """Run ``plan`` in a separate process. Returns its output files by path, including the outcomes."""
    given = ["--rig", "rigs/virtual.yaml", "--hil-artifacts", str(artifacts), *options]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-v", *WITHOUT, *given, *plan],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    verdicts = re.findall(r"^\S+::\S+ [A-Z]+", done.stdout, re.MULTILINE)
    assert len(verdicts) == len(plan), done.stdout
    files = {str(path.relative_to(artifacts)): path.read_bytes() for path in artifacts.rglob("*") if path.is_file()}
    return files | {"verdicts": "\n".join(verdicts).encode()}


@pytest.fixture(scope="module")
def first_run(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return run(tmp_path_factory.mktemp("first"), "--hil-seed", "7")


def test_artifacts_hold_all_boards_the_timeline_and_the_measurements(first_run: dict[str, bytes]) -> None:
    takeover = {Path(path).name for path in first_run if "test_next_in_order_takes_over" in path}
    files = {"timeline.txt", "timeline.svg", "measurements.json", "measurements.csv", "air.pcap"}
    assert takeover == {"A.log", "B.log", "C.log", "D.log", *files}
    assert all(content for path, content in first_run.items() if path.endswith((".log", ".txt")))
    assert b'"failover"' in b"".join(content for path, content in first_run.items() if path.endswith(".json"))


def test_same_seed_gives_identical_bytes(first_run: dict[str, bytes], tmp_path: Path) -> None:
    second_run = run(tmp_path, "--hil-seed", "7")
    assert second_run.keys() == first_run.keys()
    assert [path for path, content in second_run.items() if content != first_run[path]] == []


@pytest.mark.parametrize("test", [PLAN[2], PLAN[4]])
def test_a_test_behaves_the_same_alone_and_among_others(first_run: dict[str, bytes], tmp_path: Path, test: str) -> None:
    alone = run(tmp_path, "--hil-seed", "7", plan=[test])
    del alone["verdicts"]
    assert len(alone) > 4
    assert [path for path, content in alone.items() if content != first_run[path]] == []


def test_another_seed_gives_other_timings_and_the_same_verdicts(first_run: dict[str, bytes], tmp_path: Path) -> None:
    other_run = run(tmp_path, "--hil-seed", "8")
    assert other_run["verdicts"] == first_run["verdicts"]
    assert other_run.keys() == first_run.keys()
    assert [path for path, content in other_run.items() if path.endswith(".log") and content == first_run[path]] == []
