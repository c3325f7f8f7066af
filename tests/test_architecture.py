"""The rules of docs/architecture.md about who may import what, held against the code."""

import ast
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "hil"

LAYERS = (
    (
        "hil.errors",
        "hil.dns_message",
        "hil.ethernet",
        "hil.processes",
        "hil.uf2",
        "hil.kernel_log",
        "hil.program",
        "hil.quarantine",
        "hil.sniffer",
    ),
    ("hil.clock",),
    ("hil.sections", "hil.section_errors", "hil.yaml_source", "hil.locks", "hil.usb_devices"),
    ("hil.power",),
    ("hil.hub_file",),
    ("hil.rig_file", "hil.rig_consistency", "hil.manifest", "hil.events"),
    ("hil.config", "hil.firmware", "hil.discovery", "hil.keyboard"),
    ("hil.links", "hil.probes", "hil.faults", "hil.bootsel"),
    ("hil.bench", "hil.console", "hil.repl_port", "hil.terminal"),
    ("hil.power.switch", "hil.power.verified", "hil.probes.recorded", "hil.raw_repl"),
    ("hil.deploy", "hil.deploy_agent", "hil.flashing"),
    ("hil.board", "hil.probes.agent", "hil.probes.board", "hil.probes.choice"),
    ("hil.physical",),
    (
        "hil.virtual",
        "hil.links.virtual",
        "hil.links.protocol_virtual",
        "hil.power.virtual",
        "hil.probes.virtual",
        "hil.bootsel.virtual",
    ),
    ("hil.serve",),
    ("hil.faults.on_board", "hil.faults.injector"),
    ("hil.recovery_rungs",),
    ("hil.recovery",),
    ("hil.rig", "hil.cluster"),
    ("hil.invariants",),
    ("hil.report", "hil.cells", "hil.settings", "hil.requirements", "hil.markers", "hil.checks"),
    ("hil.history", "hil.doctor"),
    ("hil.fixtures",),
    ("hil.commands",),
    ("hil.plugin", "hil.cli"),
)
"""From the bottom up: a module imports its own layer and those below. The longest name that fits decides."""

BEHIND_PROTOCOLS = (
    "hil.virtual",
    "hil.links.virtual",
    "hil.links.protocol_virtual",
    "hil.power.virtual",
    "hil.bootsel.virtual",
    "hil.serve",
    "hil.rig",
)
"""Who may know that there is a virtual bench; ``hil.rig`` picks it, in one place."""

ONE_OWNER = {
    "mpremote": {"hil.raw_repl"},
    "wasmtime": {"hil.virtual.vm", "hil.virtual.vm_image"},
    "ruamel": {"hil.yaml_source"},
    "dnslib": {"hil.dns_message"},
    "zeroconf": {"hil.probes.host"},
    "time": {"hil.clock"},
    "dpkt": {"hil.ethernet"},
    "allure_commons": {"hil.report.allure", "hil.report.allure_result"},
    "sqlite3": {"hil.history.store"},
    "inotify_simple": {"hil.serve.file_watch"},
    "pyudev": {"hil.usb_devices"},
    "greenlet": {"hil.virtual.turns"},
    "random": {"hil.virtual.world", "hil.virtual.pico", "hil.virtual.board_files", "hil.virtual.air.timing"},
}
"""Modules of others that only these of ours touch."""


@cache
def modules() -> dict[str, Path]:
    """Every module of the package by name, but not the MicroPython that is only data here."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        if {PACKAGE / "virtual" / "board", PACKAGE / "probes" / "micropython"} & set(path.parents):
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
    fits = [
        (len(prefix), index)
        for index, prefixes in enumerate(LAYERS)
        for prefix in prefixes
        if name == prefix or name.startswith(prefix + ".")
    ]
    assert fits, f"{name} is in no layer; add it to LAYERS and to docs/architecture.md"
    return max(fits)[1]


def ours(imported: str, known: dict[str, Path]) -> str | None:
    """The module of ours that an imported name belongs to."""
    while imported and imported not in known:
        imported = imported.rpartition(".")[0]
    return imported if imported.startswith("hil.") else None


@pytest.mark.parametrize("name", sorted(modules()))
def test_module_imports_only_its_layer_and_those_below(name: str) -> None:
    if name == "hil":
        return
    known = modules()
    above = {
        target for imported in imports(known[name]) if (target := ours(imported, known)) and layer(target) > layer(name)
    }
    assert above == set()


def test_no_module_imports_itself_by_way_of_others() -> None:
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
        and not name.startswith(BEHIND_PROTOCOLS)
    }
    assert knowing == {"hil.probes.virtual"}


@pytest.mark.parametrize(("foreign", "owners"), ONE_OWNER.items())
def test_foreign_module_has_its_owner(foreign: str, owners: set[str]) -> None:
    users = {
        name
        for name, path in modules().items()
        if any(imported == foreign or imported.startswith(foreign + ".") for imported in imports(path))
    }
    assert users - owners == set()
