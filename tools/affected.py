"""The test files that a change affects, nearest first: for ``make quick``.

Nothing is run to find them. A module depends on what it imports, on modules that it names in a string (``python -m
hil.serve.client``, entry points), and on the ``conftest.py`` whose fixtures it takes. Test files that run the plugin in
a nested pytest depend on the plugin, and a test plan on the files of its firmware apps. ``tests/`` mirrors ``hil/``, so
the tests of a package are the first that a change in it affects.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SOURCE_ROOTS = ("hil", "tests", "testplans", "tools", "benchmarks", "report", "vm", "firmware")
MICROPYTHON_ROOT = "firmware/lib"
"""Modules in it are imported by their names on a board, such as ``picolink.member``."""
PLUGIN = "hil.pytest_plugin.plugin"
TOO_SLOW = ("tests/mutants/", "tests/usb_sim/")
"""Never run by ``make quick``, because they take minutes each."""
NOT_OURS = {"node_modules", "sample_firmware", "__pycache__"}


@dataclass(frozen=True)
class Source:
    """A Python file and what it refers to."""

    path: str
    """Relative to the repository, with ``/``."""
    text: str
    imports: frozenset[str]
    """Dotted names: of modules, or of something in a module."""
    strings: frozenset[str]
    parameters: frozenset[str]
    """Arguments of all its functions: in a test file these are fixtures."""
    functions: frozenset[str]

    @property
    def is_test_file(self) -> bool:
        """Whether pytest collects it."""
        return self.path.startswith(("tests/", "testplans/")) and Path(self.path).name.startswith("test_")


def read_sources(root: Path) -> dict[str, Source]:
    """All Python files of the repository at ``root``, by path. Those with syntax errors are left to ruff."""
    found = {}
    for folder in SOURCE_ROOTS:
        for path in sorted((root / folder).rglob("*.py")):
            if NOT_OURS.isdisjoint(path.parts) and (source := _read(path, path.relative_to(root).as_posix())):
                found[source.path] = source
    return found


def affected_tests(sources: Mapping[str, Source], changed: Sequence[str]) -> dict[str, int]:
    """Test files that ``changed`` paths affect, and over how many steps each; the nearest come first.

    A changed test file is affected itself, over 0 steps.
    """
    dependents = _dependents(sources)
    steps = {path: 0 for path in changed if path in sources}
    frontier = set(changed)
    for step in range(1, len(sources) + 1):
        reached = {after for path in frontier for after in dependents[path]}
        if step == 1:
            reached |= {after for path in changed for after in _mentions(sources, path)}
        frontier = reached - steps.keys()
        if not frontier:
            break
        steps |= dict.fromkeys(frontier, step)
    tests = {path: step for path, step in steps.items() if sources[path].is_test_file}
    return dict(sorted(tests.items(), key=lambda item: (item[1], item[0])))


def _read(path: Path, name: str) -> Source | None:
    text = path.read_text(encoding="utf-8")
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except SyntaxError:
        return None
    functions = [node for node in nodes if isinstance(node, ast.FunctionDef)]
    return Source(
        path=name,
        text=text,
        imports=frozenset(_imports(nodes)),
        strings=frozenset(
            node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)
        ),
        parameters=frozenset(argument.arg for function in functions for argument in function.args.args),
        functions=frozenset(function.name for function in functions),
    )


def _imports(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _module(path: str) -> str:
    name = path.removeprefix(MICROPYTHON_ROOT + "/").removesuffix(".py").replace("/", ".")
    return name.removesuffix(".__init__")


def _dependents(sources: Mapping[str, Source]) -> Mapping[str, set[str]]:
    """Path of a file to the paths of the files that depend on it directly."""
    modules = {_module(path): path for path in sources}
    found: dict[str, set[str]] = defaultdict(set)
    for path, source in sources.items():
        for target in _dependencies(source, sources, modules):
            found[target].add(path)
    return found


def _dependencies(source: Source, sources: Mapping[str, Source], modules: Mapping[str, str]) -> Iterator[str]:
    for name in source.imports:
        module = name
        while module and module not in modules:
            module = module.rpartition(".")[0]
        if module:
            yield modules[module]
    yield from (modules[text] for text in source.strings if text in modules and "." in text)
    if source.path.startswith("tests/"):
        for folder in Path(source.path).parents:
            conftest = sources.get(f"{folder.as_posix()}/conftest.py")
            if conftest is not None and conftest.functions & source.parameters:
                yield conftest.path
    if PLUGIN in modules and ("pytester" in source.parameters or source.path.startswith("testplans/")):
        yield modules[PLUGIN]
    if source.path.startswith("testplans/"):
        apps = tuple(f"firmware/{text}/" for text in source.strings if re.fullmatch(r"\w+", text))
        yield from (path for path in sources if path.startswith(apps))


def _mentions(sources: Mapping[str, Source], changed: str) -> Iterator[str]:
    """Files that name a changed one, such as a document or MicroPython, and the tests of the package that it is in."""
    path = Path(changed)
    names = [path.name, *([path.stem] if "on_board" in path.parts else [])]
    pattern = re.compile("|".join(rf"(?<![\w.]){re.escape(name)}\b" for name in names))
    is_imported = changed in sources and "on_board" not in path.parts
    # The tests of a package, and the other files of a firmware app.
    siblings = {"hil": "tests", "firmware": "firmware"}.get(path.parts[0], "")
    folder = f"{siblings}/{path.parts[1]}/" if siblings and len(path.parts) > 2 else ""
    for other, source in sources.items():
        is_named = not is_imported and pattern.search(source.text)
        if other != changed and (is_named or (folder and other.startswith(folder))):
            yield other
