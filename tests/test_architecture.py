"""Checks the code against the rules of docs/architecture.md about imports."""

import ast
import re
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path
from textwrap import dedent

import pytest

from hil.cluster import vocabulary

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "hil"

LAYERS = (
    ("errors", "clock", "on_board"),
    ("events", "host"),
    ("config", "power", "links"),
    ("bootsel",),
    ("board",),
    ("faults", "probes"),
    ("bench",),
    ("virtual",),
    ("rig", "serve"),
    ("cluster",),
    ("invariants",),
    ("doctor", "report"),
    ("history", "fixtures"),
    ("pytest_plugin", "commands", "abc", "testing"),
)
"""The packages of ``hil``, from the bottom up: a module imports its own layer and those below."""

PAGE = ROOT / "docs" / "architecture.md"
PAGES = (*sorted((ROOT / "docs").glob("*.md")), ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "vm" / "README.md")
"""Documentation that names files of this repository."""

PICKS_THE_BENCH = "hil.rig"
"""Opens the kind of bench that a rig file asks for, so it must know the virtual one."""

BOARD_PARTS = {"Board", "Console", "VerifiedPort", "PowerSwitch", "PowerSequencer", "RecoveryRungs", "RecoveryLadder"}
"""Classes of ``hil.board`` that only its factory makes objects of."""

ONE_OWNER = {
    "mpremote": {"hil.board.raw_repl"},
    "wasmtime": {
        "hil.virtual.vm.vm",
        "hil.virtual.vm.vm_image",
        "hil.virtual.port.core",
        "hil.virtual.port.image",
        "hil.virtual.port.memory",
        "hil.virtual.port.runtime",
    },
    "ruamel": {"hil.config.yaml_source"},
    "dnslib": {"hil.probes.dns_message"},
    "time": {"hil.clock"},
    "dpkt": {"hil.report.pcap", "hil.virtual.air.ethernet"},
    "allure_commons": {"hil.report.allure", "hil.report.allure_result", "hil.report.allure_writer"},
    "matplotlib": {"hil.history.plot"},
    "sqlite3": {"hil.history.store"},
    "inotify_simple": {"hil.serve.file_watch"},
    "pyudev": {"hil.host.usb_devices"},
    "greenlet": {"hil.virtual.cooperative_tasks"},
    "random": {"hil.virtual.world", "hil.virtual.bench.pico", "hil.virtual.vm.board_files", "hil.virtual.air.timing"},
}
"""Third-party modules, and the only modules of ours that may import them."""


MAX_LINES = 250
"""Of one module: more than that has more than one reason to exist."""


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by name, without the MicroPython files, which are data here."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        is_sent_to_boards = path.parent == PACKAGE / "on_board" and path.name != "__init__.py"
        if is_sent_to_boards or PACKAGE / "virtual" / "board" in path.parents:
            continue
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(part for part in parts if part != "__init__")] = path
    return found


@cache
def imports(path: Path) -> set[str]:
    """Full names of everything that a module imports, in functions and for type checkers too."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def layer(name: str) -> int:
    """The layer of a module."""
    room = name.split(".")[1]
    found = [index for index, rooms in enumerate(LAYERS) if room in rooms]
    assert found, f"{name} is in no layer; add {room} to LAYERS and to docs/architecture.md"
    return found[0]


def ours(imported: str, known: dict[str, Path]) -> str | None:
    """The module of ours that an imported name belongs to."""
    while imported and imported not in known:
        imported = imported.rpartition(".")[0]
    return imported if imported.startswith("hil.") else None


@pytest.mark.parametrize("name", sorted(modules()))
def test_a_module_imports_only_its_layer_and_those_below(name: str) -> None:
    if name == "hil":
        return
    known = modules()
    above = {
        target for imported in imports(known[name]) if (target := ours(imported, known)) and layer(target) > layer(name)
    }
    assert above == set()


def test_no_module_imports_itself_through_others() -> None:
    known = modules()
    graph = {
        name: {target for imported in imports(path) if (target := ours(imported, known))}
        for name, path in known.items()
    }
    TopologicalSorter(graph).prepare()  # raises CycleError, which names the modules of the cycle


def test_virtual_bench_is_known_only_where_a_rig_picks_it() -> None:
    knowing = {
        name
        for name, path in modules().items()
        if any(imported.startswith("hil.virtual") for imported in imports(path))
        and not name.startswith(("hil.virtual", "hil.serve"))
    }
    assert knowing == {PICKS_THE_BENCH}


def table(heading: str) -> list[list[str]]:
    """The rows of the table of docs/architecture.md whose first column has this heading."""
    lines = iter(PAGE.read_text().splitlines())
    next(line for line in lines if line.startswith(f"| {heading} |"))
    next(lines)  # the rule below the heading
    rows = []
    for line in lines:
        if not line.startswith("|"):
            break
        rows.append([cell.strip() for cell in line.strip("|").split("|")])
    return rows


def test_the_page_names_every_room() -> None:
    rooms = {path.stem for path in PACKAGE.iterdir() if path.is_dir() or path.suffix == ".py"}
    rooms = {room for room in rooms if not room.startswith("_")}
    assert {room.strip("`") for _, room, _ in table("layer")} == rooms


def test_the_page_has_the_layers_from_the_top_down() -> None:
    rows = [(int(number), room.strip("`")) for number, room, _ in table("layer")]
    assert [number for number, _ in rows] == sorted((number for number, _ in rows), reverse=True)
    named = [{room for number, room in rows if number == index} for index in range(1, len(LAYERS) + 1)]
    assert named == [set(rooms) for rooms in LAYERS]


def test_the_page_names_the_owners_of_foreign_modules() -> None:
    named = {
        foreign.strip("`"): {
            f"hil.{path.removesuffix('.py').replace('/', '.')}" for path in re.findall(r"`([^`]+)`", owners)
        }
        for foreign, owners in table("library")
    }
    assert named == ONE_OWNER


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_paths_in_documentation_exist(page: Path) -> None:
    text = page.read_text()
    named = set(re.findall(r"(?<![\w./-])(?:benchmarks|hil|testplans|tests)/[\w./-]*\w", text))
    if page == PAGE:
        named |= {f"hil/{path}" for path in re.findall(r"`((?:\w+/)*\w+\.py)`", text) if not (ROOT / path).exists()}
    assert {path for path in named if not (ROOT / path).exists()} == set()


@pytest.mark.parametrize(("foreign", "owners"), ONE_OWNER.items())
def test_a_third_party_module_is_imported_by_its_owners_only(foreign: str, owners: set[str]) -> None:
    users = {
        name
        for name, path in modules().items()
        if any(imported == foreign or imported.startswith(foreign + ".") for imported in imports(path))
    }
    assert users - owners == set()


def micropython_in(tree: ast.AST) -> list[int]:
    """The lines of string literals that contain a program of more than one line. Values in f-strings count as names."""
    found = []
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            text = "".join(str(part.value) if isinstance(part, ast.Constant) else "x" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            text = node.value
        else:
            continue
        try:
            statements = ast.parse(dedent(text)).body
        except SyntaxError:
            continue
        # Text that happens to parse as Python has only expressions in it: a heading, a word.
        if "\n" in text.strip() and not all(isinstance(statement, ast.Expr) for statement in statements):
            found.append(node.lineno)
    return found


def test_micropython_is_in_files_that_are_compiled_and_type_checked() -> None:
    found = {name: lines for name, path in modules().items() if (lines := micropython_in(ast.parse(path.read_text())))}
    assert found == {}, "make each a file of hil/on_board"


@pytest.mark.parametrize(
    "literal",
    [
        '"import machine\\nmachine.reset()"',
        '"""\nimport os\nos.remove("main.py")\n"""',
        'f"import os\\nos.remove({path!r})"',
        '"""\n    for _ in range(2):\n        print(1)\n    """',
    ],
)
def test_micropython_in_a_literal_is_found(literal: str) -> None:
    assert micropython_in(ast.parse(f"repl.exec({literal})")) == [1]


@pytest.mark.parametrize(
    "literal",
    ['"import machine\\n"', '"import sys;print(sys.version)"', '"""Title.\n\nA sentence.\n"""', 'f"{a}\\n{b}"'],
)
def test_one_line_or_prose_is_not_taken_for_a_program(literal: str) -> None:
    assert micropython_in(ast.parse(f"repl.exec({literal})")) == []


READS_EVENTS = ("hil.events", "hil.cluster", "hil.invariants")
"""A module that imports from these means the event by `role` or `error`; elsewhere those are other words."""
ALSO_NAMED_SO = {"hil.invariants.consoles": {"traceback"}, "hil.invariants.registry": {"traceback"}}
"""Where a name of an event is the name of something else: of an invariant, which users write in `expect(…)`."""


@pytest.mark.parametrize("name", sorted(modules()))
def test_events_of_firmware_are_named_in_the_vocabulary_only(name: str) -> None:
    path = modules()[name]
    if name == vocabulary.__name__:
        return
    literals = {node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)}
    found = {event for event in vocabulary.EVENTS if event in literals}
    if not any(imported.startswith(READS_EVENTS) for imported in imports(path)):
        found = {event for event in found if "-" in event}
    assert found - ALSO_NAMED_SO.get(name, set()) == set()


def test_nodes_are_parsed_in_the_vocabulary_only() -> None:
    parsing = {
        name
        for name, path in modules().items()
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and any(isinstance(given, ast.Constant) and given.value == "@" for given in node.args)
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("partition", "split", "rpartition")
    }
    assert parsing == {vocabulary.__name__}


@pytest.mark.parametrize("part", sorted(BOARD_PARTS))
def test_only_the_factory_assembles_boards(part: str) -> None:
    def makes(path: Path) -> bool:
        tree = ast.parse(path.read_text())
        names = {
            alias.asname or alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hil.board.")
            for alias in node.names
            if alias.name == part
        }
        return any(
            isinstance(node, ast.Call)
            and (
                (isinstance(node.func, ast.Name) and node.func.id in names)
                or (isinstance(node.func, ast.Attribute) and node.func.attr == part)
            )
            for node in ast.walk(tree)
        )

    assert {name for name, path in modules().items() if makes(path)} == {"hil.board.factory"}


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_can_be_read_in_one_sitting(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MAX_LINES
