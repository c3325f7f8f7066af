"""The timing and the events of a manifest, with the file that it includes, match the code."""

import ast
from pathlib import Path

import pytest

from hil.config.app import FirmwareCatalog

FIRMWARE = Path(__file__).parents[2] / "firmware"
CATALOG = FirmwareCatalog([FIRMWARE])

every_app = pytest.mark.parametrize("app", CATALOG.names)


def constants() -> dict[str, int]:
    tree = ast.parse((FIRMWARE / "lib/picolink/timing.py").read_text())
    return {
        target.id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, int)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def strings(path: Path) -> list[str]:
    """Every string literal of a source. The values in f-strings appear as 1, which all patterns accept."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else "1" for part in node.values]
            found.append("".join(str(part) for part in parts))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append(node.value)
    return found


@every_app
def test_timing(app: str) -> None:
    timing = CATALOG.load(app).timing
    code = {name.removesuffix("_MS").lower() + "_s": value / 1000 for name, value in constants().items()}
    assert {name: code.get(name) for name in timing} == timing


@every_app
def test_every_event_has_a_line_that_the_code_prints(app: str) -> None:
    events = CATALOG.load(app).events
    sources = [*(FIRMWARE / app).glob("*.py"), *(FIRMWARE / "lib/picolink").glob("*.py")]
    lines = [text for source in sources for text in strings(source)] + ["Traceback (most recent call last):"]
    assert [name for name, pattern in events.items() if not any(pattern.search(line) for line in lines)] == []
