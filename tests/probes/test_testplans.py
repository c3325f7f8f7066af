"""Test plans of the firmware, run with a board as the probe: they cannot tell."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
TESTS = (
    "testplans/test_hello.py::test_anybody_is_welcomed",
    "testplans/test_discovery.py::test_who_is_answered_with_the_order_and_registers_nobody",
    "testplans/test_discovery.py::test_a_node_is_its_id_wherever_it_is",
    "testplans/test_mdns.py::test_the_bench_finds_every_board",
    "testplans/test_tcp.py::test_text_that_comes_in_pieces_is_one_text",
)


def test_plans_pass_with_a_board_as_the_probe(tmp_path: Path) -> None:
    rig = tmp_path / "rig.yaml"
    text = (ROOT / "rigs/virtual.yaml").read_text()
    text = text.replace("  D: {power: main/4}\n", "  D: {power: main/4}\n  P: {power: main/5}\n")
    rig.write_text(text.replace("probe: {driver: virtual}", "probe: {driver: board, board: P}"))
    command = [sys.executable, "-m", "pytest", "-v", "--rig", str(rig), "-p", "no:cacheprovider", "-p", "no:xdist"]
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    run = subprocess.run(
        [*command, *TESTS], cwd=ROOT, env=inherited, capture_output=True, text=True, timeout=120, check=False
    )
    verdicts = dict(re.findall(r"^(testplans/\S+) ([A-Z]+)", run.stdout, re.MULTILINE))
    assert verdicts == dict.fromkeys(TESTS, "PASSED"), run.stdout
    assert "clients B C D, probe board" in run.stdout
