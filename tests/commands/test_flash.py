"""`hil flash` on a virtual rig: what it prints, what the boards then have, and its exit status."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hil.commands.cli import app
from tests.bootsel.uf2_writer import NEW_VERSION, RP2350_ARM_S, micropython, uf2

RIG = """\
rig: three
wifi: {ssid: PicoAP, password: pico1234}
hubs: {main: {driver: virtual, ports: 4}}
boards: {A: {power: main/1}, B: {power: main/2}, C: {power: main/3}, P: {power: main/4}}
probe: {driver: board, board: P}
"""

MANIFEST = """\
app: blink
description: Says that it runs.
roles:
  ap: {files: {main.py: main.py}}
  client: {files: {main.py: main.py, other.py: main.py}}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "rigs").mkdir()
    (tmp_path / "rigs" / "rig.yaml").write_text(RIG)
    (tmp_path / "firmware" / "blink").mkdir(parents=True)
    (tmp_path / "firmware" / "blink" / "firmware.yaml").write_text(MANIFEST)
    (tmp_path / "firmware" / "blink" / "main.py").write_text("print('runs')\n")
    (tmp_path / "new.uf2").write_bytes(micropython())
    monkeypatch.chdir(tmp_path)
    return tmp_path


@dataclass(frozen=True)
class Finished:
    exit_code: int
    stdout: str
    stderr: str


def hil_flash(*args: str) -> Finished:
    result = CliRunner().invoke(app, ["flash", *args])
    return Finished(result.exit_code, result.stdout, result.stderr)


def test_boards_side_by_side_get_micropython_and_files(folder: Path) -> None:
    result = hil_flash("A", "C", "--uf2", "new.uf2", "--app", "blink")
    assert result.stderr == ""
    assert result.stdout.splitlines() == [
        f"A: runs MicroPython {NEW_VERSION}; blink/ap: 0 files unchanged; wrote config.json, main.py",
        f"C: runs MicroPython {NEW_VERSION}; blink/client: 0 files unchanged; wrote config.json, other.py, main.py",
    ]
    assert result.exit_code == 0


def test_an_app_goes_to_all_boards_that_have_a_role_in_it(folder: Path) -> None:
    result = hil_flash("--all", "--app", "blink")
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == ["A", "B", "C"]
    assert result.exit_code == 0


def test_the_probe_gets_micropython_too(folder: Path) -> None:
    result = hil_flash("C", "P", "--uf2", "new.uf2", "--app", "blink")
    assert result.stdout.splitlines() == [
        f"C: runs MicroPython {NEW_VERSION}; blink/client: 0 files unchanged; wrote config.json, other.py, main.py",
        f"P: runs MicroPython {NEW_VERSION}",
    ]
    assert result.exit_code == 0


def test_micropython_goes_to_every_board(folder: Path) -> None:
    result = hil_flash("--all", "--uf2", "new.uf2")
    assert result.stdout.splitlines() == [f"{board}: runs MicroPython {NEW_VERSION}" for board in "ABCP"]


def test_a_program_that_is_no_micropython(folder: Path) -> None:
    (folder / "c.uf2").write_bytes(uf2(bytes(1024)))
    result = hil_flash("B", "--uf2", "c.uf2")
    assert (result.exit_code, result.stdout) == (0, "B: has c.uf2, which is not MicroPython\n")


def test_a_board_that_fails_does_not_stop_the_others(folder: Path) -> None:
    (folder / "firmware" / "blink" / "large.bin").write_bytes(bytes(900_000))
    manifest = folder / "firmware" / "blink" / "firmware.yaml"
    manifest.write_text(MANIFEST.replace("other.py: main.py", "large.bin: large.bin"))
    result = hil_flash("A", "B", "--app", "blink")
    assert result.stdout.startswith("A: blink/ap: ")
    assert result.stdout.count("\n") == 1
    assert result.stderr.startswith("B: the flash is too full")
    assert result.exit_code == 1


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (["A"], "nothing to put onto the boards; give --uf2 FILE, --app APP, or both"),
        (["--app", "blink"], "name the boards to flash, or give --all; boards of rig three: A, B, C, P"),
        (["A", "--all", "--app", "blink"], "name the boards to flash, or give --all"),
        (["A", "X", "--app", "blink"], "rig three has no board X; it has A, B, C, P"),
        (["A", "P", "--app", "blink"], "board P of rig three is its probe and has no role in an app"),
        (["A", "--uf2", "old.uf2"], "old.uf2: No such file or directory; give the path of a UF2 file"),
        (
            ["A", "--uf2", "rigs/rig.yaml"],
            "rigs/rig.yaml: is not a UF2 file; a Pico W needs a UF2 of family 0xe48bff56",
        ),
        (["A", "--app", "blonk"], "no firmware app 'blonk'; known: blink"),
        (["A", "--app", "blink", "--firmware", "rigs"], "no firmware app 'blink'; known: none; searched: rigs"),
        (["A", "--app", "blink", "--rig", "bench-2"], "bench-2: no such rig"),
    ],
)
def test_what_is_wrong_is_said_before_any_board_is_touched(folder: Path, args: list[str], error: str) -> None:
    result = hil_flash(*args)
    assert result.stderr.startswith(error)
    assert (result.exit_code, result.stdout) == (2, "")


def mixed(folder: Path) -> None:
    rig = folder / "rigs" / "rig.yaml"
    rig.write_text(RIG.replace("B: {power: main/2}", "B: {power: main/2, type: pico2-w}"))


def test_an_image_for_the_wrong_type_is_an_error_before_any_board_is_touched(folder: Path) -> None:
    mixed(folder)
    result = hil_flash("--all", "--uf2", "new.uf2")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.startswith(
        "board B is a Pico 2 W: new.uf2: is of family 0xe48bff56 (RP2040); a Pico 2 W needs a UF2 of family 0xe48bff59"
    )
    result = hil_flash("B", "--uf2", "new.uf2")
    assert result.exit_code == 2
    assert result.stderr.startswith("new.uf2: is of family 0xe48bff56 (RP2040); a Pico 2 W needs")


def test_each_board_gets_its_part_of_a_universal_file(folder: Path) -> None:
    mixed(folder)
    version = "v1.29.0 on 2027-01-01"
    (folder / "universal.uf2").write_bytes(micropython() + micropython(version, family=RP2350_ARM_S))
    result = hil_flash("A", "B", "--uf2", "universal.uf2")
    assert result.stderr == ""
    assert result.stdout.splitlines() == [
        f"A: runs MicroPython {NEW_VERSION}",
        f"B: runs MicroPython {version}",
    ]
