"""The command of docs/extending.md, as it stands there, in a distribution of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.installed import install_example

pytestmark = pytest.mark.usefixtures("rig_file")


@pytest.fixture
def module(tmp_path: Path) -> Path:
    """The module of the documented command, which is installed."""
    return install_example(tmp_path / "installed", "extending.md", "acme_commands.py", "pico_hil.commands")


def hil(module: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from hil.commands.cli import app; app(prog_name='hil')", *arguments]
    environ = {**os.environ, "PYTHONPATH": str(module.parent), "COLUMNS": "160"}
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environ)


def test_it_runs(module: Path) -> None:
    done = hil(module, "inventory")
    lines = ["A: Pico W, power main/1", "B: Pico W, power main/2", "P: Pico W, power main/3"]
    assert (done.returncode, done.stdout.splitlines(), done.stderr) == (0, lines, "")


def test_it_has_options_and_help(module: Path) -> None:
    done = hil(module, "inventory", "--help")
    assert "Usage: hil inventory [OPTIONS]" in done.stdout
    assert "List the boards of a rig, with their types and power ports." in done.stdout
    assert "--install-completion" not in done.stdout
    done = hil(module, "inventory", "--rig", "nonesuch")
    assert done.returncode == 2
    assert done.stderr.startswith("nonesuch: no such rig; ")


def test_a_typer_app_has_commands_below_it(module: Path) -> None:
    module.write_text(
        "import typer\n\ninventory = typer.Typer()\n\n"
        "@inventory.command()\ndef count(): typer.echo('three')\n\n@inventory.command()\ndef weigh(): pass\n"
    )
    assert hil(module, "inventory", "count").stdout == "three\n"


def test_help_lists_it_with_its_package_and_imports_nothing(module: Path) -> None:
    module.write_text("import nonesuch")
    done = hil(module, "--help")
    assert done.returncode == 0
    [line] = [line for line in done.stdout.splitlines() if "inventory" in line]
    assert "Added by package acme-commands." in line


def test_it_is_among_the_known(module: Path) -> None:
    done = hil(module, "inventry")
    assert done.returncode == 2
    assert "unknown command 'inventry'; did you mean 'inventory'? known: console, discover" in done.stderr


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import nonesuch", "which cannot be imported (ModuleNotFoundError: No module named 'nonesuch')"),
        ("inventory = 1", "which is not callable; correct its entry point"),
    ],
)
def test_one_that_is_broken_names_its_package_and_leaves_the_others(module: Path, source: str, expected: str) -> None:
    module.write_text(source)
    done = hil(module, "inventory")
    assert (done.returncode, done.stdout) == (2, "")
    assert f"command 'inventory' is acme_commands:inventory of package acme-commands, {expected}" in done.stderr
    assert hil(module, "rig", "lint", "rig").stdout == "ok\n"
