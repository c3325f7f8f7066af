from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hil.commands.cli import app

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
