"""``hil power`` on virtual rigs and on outlets that commands switch."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hil.commands.cli import app
from tests.power.stand_ins import install

PLUG = """\
import sys
folder, outlet, what = __file__.rpartition("/")[0], *sys.argv[1:]
state = f"{folder}/outlet-{outlet}"
open(folder + "/told", "a").write(f"{outlet} {what}\\n")
if what == "state":
    print(open(state).read())
elif outlet == "3":
    sys.exit("no such outlet")
else:
    open(state, "w").write(what)
"""


@pytest.fixture
def plugs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A rig of three outlets, of which the last fails."""
    plug = install(tmp_path, "plug", PLUG)
    for outlet in (1, 2, 3):
        (tmp_path / f"outlet-{outlet}").write_text("on")
    deeds = ", ".join(f'{deed}: [{plug}, "{{port}}", {deed}]' for deed in ("on", "off", "state"))
    boards = "".join(
        f'  {name}: {{power: plug/{outlet}, link: "{tmp_path}/tty{name}"}}\n' for outlet, name in enumerate("ABC", 1)
    )
    (tmp_path / "rig.yaml").write_text(
        "rig: plugs\n"
        "wifi: {ssid: PicoAP, password: pico1234}\n"
        "power: {off_time_s: 0.01, stagger_s: 0}\n"
        f"hubs:\n  plug: {{driver: command, {deeds}}}\n"
        f"boards:\n{boards}"
    )
    monkeypatch.setenv("HIL_RIG", str(tmp_path / "rig.yaml"))
    return tmp_path


def power(*arguments: str) -> Result:
    result = CliRunner().invoke(app, ["power", *arguments])
    assert "Traceback" not in result.output
    return result


@pytest.mark.parametrize(("action", "state"), [("on", "on"), ("off", "off"), ("cycle", "on")])
def test_a_virtual_rig(rig_file: Path, action: str, state: str) -> None:
    result = power(action, "B", "P")
    assert (result.exit_code, result.output) == (0, f"B (main/2): {state}\nP (main/3): {state}\n")


def test_every_board(rig_file: Path) -> None:
    assert power("off", "--all").output == "A (main/1): off\nB (main/2): off\nP (main/3): off\n"


def test_outlets(plugs: Path) -> None:
    result = power("cycle", "B", "A")
    assert (result.exit_code, result.output) == (0, "B (plug/2): on\nA (plug/1): on\n")
    told = (plugs / "told").read_text().splitlines()
    assert [line for line in told if "state" not in line] == ["2 off", "1 off", "2 on", "1 on"]


def test_what_is_not_named_is_not_touched(plugs: Path) -> None:
    power("off", "B")
    assert {line.split()[0] for line in (plugs / "told").read_text().splitlines()} == {"2"}
    assert (plugs / "outlet-2").read_text() == "off"
    assert (plugs / "outlet-1").read_text() == "on"


def test_one_that_fails_leaves_none_of_the_others_out(plugs: Path) -> None:
    result = power("off", "C", "A")
    assert result.exit_code == 1
    assert result.stdout == "A (plug/1): off\n"
    assert result.stderr == (
        f"C, power port plug/3: `{plugs}/plug 3 off` failed with exit status 1: no such outlet (3 tries)\n"
    )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["off", "Q"], "rig bench-1 has no board Q; it has A, B, P"),
        (["off"], "name the boards to switch, or give --all; boards of rig bench-1: A, B, P"),
        (["off", "A", "--all"], "name the boards to switch, or give --all; boards of rig bench-1: A, B, P"),
        (
            ["off", "A", "--rig", "bench-9"],
            "bench-9: no such rig; give the path of a rig file, or a name from rigs/: rig",
        ),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_switched(rig_file: Path, arguments: list[str], said: str) -> None:
    result = power(*arguments)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", said + "\n")


def test_board_names_are_completed(rig_file: Path) -> None:
    environ = {"_HIL_COMPLETE": "complete_bash", "COMP_WORDS": "hil power off ", "COMP_CWORD": "3"}
    result = CliRunner().invoke(app, [], env=environ, prog_name="hil")
    assert result.output.split() == ["A", "B", "P"]
