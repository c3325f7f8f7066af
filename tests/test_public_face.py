"""The public face: the names in `hil`, which cost nothing until they are used, and suffice for tests and docs."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import hil

ROOT = Path(__file__).parents[1]
PUBLIC = {"hil", "hil.abc", "hil.testing"}
USERS = [
    *sorted((ROOT / "testplans").glob("*.py")),
    ROOT / "tests" / "sample_firmware" / "testplan.py",
    ROOT / "report" / "demo" / "test_verdicts.py",
]
"""Files of the kind that users write."""
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def imported(source: str) -> Iterator[str]:
    """The modules of ours that a program imports from."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def private(source: str) -> list[str]:
    return [name for name in imported(source) if name.partition(".")[0] == "hil" and name not in PUBLIC]


@pytest.mark.parametrize("name", hil.__all__)
def test_every_name_is_there(name: str) -> None:
    found = getattr(hil, name)
    assert found.__name__ == name
    assert found.__module__.startswith("hil.")


def test_names_for_type_checkers_are_the_same() -> None:
    tree = ast.parse(Path(hil.__file__).read_text(encoding="utf-8"))
    [block] = [node for node in tree.body if isinstance(node, ast.If)]
    checked = {
        alias.asname: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert checked == hil._DEFINED_IN


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no public name 'Bord'"):
        hil.Bord  # noqa: B018


def test_nothing_is_imported_before_it_is_used() -> None:
    program = "import sys, hil; print(*(name for name in sys.modules if name.startswith('hil')))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.split() == ["hil"]


@pytest.mark.parametrize("path", USERS, ids=lambda path: path.name)
def test_test_plans_import_the_public_face_alone(path: Path) -> None:
    assert private(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_the_docs_show_the_public_face_alone(path: Path) -> None:
    programs = re.findall(r"```python\n(.*?)```", path.read_text(encoding="utf-8"), re.DOTALL)
    assert [name for program in programs for name in private(program)] == []
