import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hil.commands.cli import app
from hil.commands.table import COMMANDS, CommandTable, load_command

RIG = """\
rig: bench-1
wifi: {ssid: PicoAP, password: "${PICO_AP_PASSWORD}"}
hubs:
  main: {driver: virtual, ports: 2}
boards:
  A: {power: main/1}
  B: {power: main/2}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "rigs").mkdir()
    (tmp_path / "rigs" / "bench-1.yaml").write_text(RIG)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("rig", ["bench-1", "rigs/bench-1.yaml"])
def test_lint_of_a_good_rig_says_ok(folder: Path, rig: str) -> None:
    result = CliRunner().invoke(app, ["rig", "lint", rig], env={"PICO_AP_PASSWORD": "hush-hush"})
    assert (result.exit_code, result.output) == (0, "ok\n")


def test_lint_of_a_wrong_rig_says_where_and_what_to_do(folder: Path) -> None:
    result = CliRunner().invoke(app, ["rig", "lint", "bench-1"], env={"PICO_AP_PASSWORD": None})
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("rigs/bench-1.yaml:2: environment variable PICO_AP_PASSWORD is not set")


def test_lint_of_an_unknown_rig_lists_those_there_are(folder: Path) -> None:
    result = CliRunner().invoke(app, ["rig", "lint", "bench-2"])
    assert result.exit_code == 2
    assert result.stderr == "bench-2: no such rig; give the path of a rig file, or a name from rigs/: bench-1\n"


def test_version() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.output) == (0, f"pico-hil {version('pico-hil')}\n")


@pytest.mark.parametrize("name", COMMANDS.built_in)
def test_the_list_of_commands_has_the_help_of_each(name: str) -> None:
    listed = CommandTable(name="hil").get_command(None, name)
    assert listed is not None
    paragraph, _, _ = str(load_command(name).help).partition("\n\n")
    assert listed.help == " ".join(paragraph.split())


def test_the_list_of_commands_imports_none() -> None:
    program = (
        "import sys; from hil.commands.cli import app; app(['--help'], standalone_mode=False); print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    imported = done.stdout.splitlines()[-1].split()
    ours = {name for name in imported if name.partition(".")[0] == "hil"}
    assert ours == {
        *("hil", "hil.commands", "hil.commands.cli", "hil.commands.table", "hil.config", "hil.config.registry"),
        "hil.errors",
    }
    assert "pydantic" not in imported


def test_an_unknown_command_lists_those_there_are() -> None:
    result = CliRunner().invoke(app, ["pwoer"], env={"COLUMNS": "160"})
    assert result.exit_code == 2
    assert "unknown command 'pwoer'; did you mean 'power'? known: console, discover, doctor, flash, " in result.output


def test_completion_of_words_reaches_the_commands(folder: Path) -> None:
    completed = {}
    for words in ("hil po", "hil flash --ri", "hil rig li", "hil rig lint be"):
        environ = {"_HIL_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        completed[words] = CliRunner().invoke(app, [], prog_name="hil", env=environ).output.split()
    assert completed == {
        "hil po": ["power"],
        "hil flash --ri": ["--rig"],
        "hil rig li": ["lint"],
        "hil rig lint be": ["bench-1"],
    }
