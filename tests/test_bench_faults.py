"""Checks docs/bench-faults.md against the tests that it names."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "docs" / "bench-faults.md").read_text(encoding="utf-8")
FAULTS = 24
ROWS = {int(number): rest for number, rest in re.findall(r"^\| (\d+) \|(.*)\|$", TEXT, re.MULTILINE)}
NODE = re.compile(r"`((?:tests|testplans)/\S+?\.py)::(\w+)`")


def names_in(path: Path) -> set[str]:
    """The names of the test functions of a module, without importing it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_fault_has_a_row() -> None:
    assert sorted(ROWS) == list(range(1, FAULTS + 1))


@pytest.mark.parametrize("number", ROWS)
def test_a_row_names_tests_that_exist(number: int) -> None:
    *_, shown_by = ROWS[number].split(" | ")
    named = NODE.findall(shown_by)
    assert named, f"row {number} names no test"
    missing = [f"{path}::{name}" for path, name in named if name not in names_in(ROOT / path)]
    assert missing == []
    # A name of a test that is not parsed above would not be checked.
    assert len(named) == shown_by.count("::")
