"""`hil trend` over histories in a file: what it prints, the picture, and its exit status."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hil.commands.cli import app
from hil.history.store import History
from tests.history.runs import history_of, night, record

NIGHTS = 10
USUAL = [[4.0 + 0.01 * number, 5.0, 6.0] for number in range(NIGHTS)]


@dataclass(frozen=True)
class Finished:
    exit_code: int
    stdout: str
    stderr: str


def hil_trend(*args: str) -> Finished:
    result = CliRunner().invoke(app, ["trend", *args], env={"COLUMNS": "120"})
    return Finished(result.exit_code, result.stdout, result.stderr)


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path / "history.sqlite"


def test_a_table_per_rig_and_condition(file: Path) -> None:
    history = history_of(file, [*USUAL, [6.0, 7.5, 9.0]])
    history.add(night(11, rig="bench-2", condition="loss=0.1"), [record(0.5, name="join", limit=15.0)])
    result = hil_trend()
    assert result.stderr == ""
    assert result.stdout.splitlines() == [
        "rig bench-1",
        "measurement  runs   n  median    p95  worst  limit   last  change  verdict",
        "failover       11  33     5 s  7.5 s    9 s    8 s  7.5 s  +50.0%  worse",
        "",
        "rig bench-2, condition loss=0.1",
        "measurement  runs  n  median    p95  worst  limit   last  change  verdict",
        "join            1  1   0.5 s  0.5 s  0.5 s   15 s  0.5 s       -  new",
    ]
    assert result.exit_code == 0


def test_the_exit_status_tells_a_regression_if_that_is_wanted(file: Path) -> None:
    history = history_of(file, [*USUAL, [6.0, 7.5, 9.0]])
    assert hil_trend("--fail-on-regression").exit_code == 1
    history.add(night(NIGHTS + 1), [record(5, test="t.py::test_1")] * 3)
    assert hil_trend("--fail-on-regression").exit_code == 0


def test_what_is_meant_to_be_so_is_accepted(file: Path) -> None:
    history_of(file, [*USUAL, [6.0, 7.5, 9.0]])
    assert hil_trend("--accept").stderr == "--accept needs measurements; name those whose last values are right\n"
    result = hil_trend("--accept", "failover")
    assert result.stdout == "failover on bench-1: compared from the run of 2026-10-11T02:00:00+00:00 on\n"
    result = hil_trend("--fail-on-regression")
    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1].split()[-1] == "new"


@pytest.mark.parametrize("name", [[], ["failover"]])
def test_one_rig_one_measurement(file: Path, name: list[str]) -> None:
    history = history_of(file, USUAL)
    history.add(night(20, rig="bench-2"), [record(3), *([] if name else [record(2, name="join")])])
    result = hil_trend("--rig", "bench-2", *name)
    assert [line.split()[0] for line in result.stdout.splitlines()[2:]] == (name or ["failover", "join"])
    assert "bench-1" not in result.stdout


def test_the_picture_is_a_png_with_a_panel_per_measurement(file: Path) -> None:
    history = history_of(file, USUAL)
    hil_trend("--plot", "one.png")
    history.add(night(20), [record(3), record(2, name="join"), record(2, name="boot")])
    hil_trend("--plot", "three.png")
    sizes = []
    for name in ("one.png", "three.png"):
        content = (file.parent / name).read_bytes()
        assert content[:8] == b"\x89PNG\r\n\x1a\n"
        sizes.append((int.from_bytes(content[16:20]), int.from_bytes(content[20:24])))
    assert sizes[1][0] == 2 * sizes[0][0]
    assert sizes[1][1] > 1.5 * sizes[0][1]


def test_in_a_folder_each_measurement_has_a_picture_of_its_own(file: Path) -> None:
    history = history_of(file, USUAL)
    history.add(night(20), [record(3), record(2, name="AP: up/down?"), record(2, name="ap: up/down?", unit="ms")])
    (file.parent / "graphs").mkdir()
    assert hil_trend("--plot", "graphs").exit_code == 0
    pictures = sorted((file.parent / "graphs").iterdir())
    assert [path.name for path in pictures] == ["AP_ up_down_.png", "ap_ up_down_ ms 2.png", "failover.png"]
    assert {path.read_bytes()[:4] for path in pictures} == {b"\x89PNG"}


def test_without_matplotlib_a_plot_is_an_error_that_names_the_extra_and_the_table_is_shown(file: Path) -> None:
    history_of(file, USUAL)
    stub = file.parent / "without" / "matplotlib"
    stub.mkdir(parents=True)
    (stub / "__init__.py").write_text(
        """raise ModuleNotFoundError("No module named 'matplotlib'", name="matplotlib")"""
    )
    environment = {**os.environ, "PYTHONPATH": str(stub.parent)}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        hil = Path(sys.executable).with_name("hil")
        return subprocess.run(
            [hil, "trend", *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    for path in ("plot.png", "."):
        plotted = run("--plot", path)
        assert plotted.stderr == (
            "plots need matplotlib (No module named 'matplotlib'); run `pip install 'pico-hil[plots]'`\n"
        )
        assert (plotted.returncode, plotted.stdout) == (2, "")
    table = run()
    assert (table.returncode, table.stderr) == (0, "")
    assert "failover" in table.stdout


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["jion"], "no measurement 'jion' in the history; it has: failover\n"),
        (["--rig", "bench-9"], "the history has no such runs; it has measurements of: bench-1\n"),
        (["--condition", "loss=0.5"], "the history has no such runs; it has measurements of: bench-1\n"),
        (
            ["--plot", "no/such/folder.png"],
            "--plot no/such/folder.png: No such file or directory; name a file that can be",
        ),
        (
            ["--history", "other.sqlite"],
            "measurement history other.sqlite: no such file; runs with --hil-history write one\n",
        ),
    ],
)
def test_what_is_wrong_is_said(file: Path, args: list[str], said: str) -> None:
    history_of(file, USUAL)
    result = hil_trend(*args)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(said)


def test_a_history_without_runs(file: Path) -> None:
    History(file, create=True)
    assert hil_trend().stderr == "the history has no such runs; it has measurements of: nothing yet\n"


def test_help_states_the_statistic() -> None:
    text = " ".join(hil_trend("--help").stdout.split())
    assert "beyond 4 sigma" in text
    assert "beyond 10% of the usual value, beyond 2% of the limit" in text
