"""The example board type of docs/rig.md, installed as a separate distribution."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from hil.config.board_type import known_board_types
from hil.config.rig import load_rig
from hil.errors import ConfigError
from tests.bootsel.uf2_writer import RP2350_ARM_S, micropython
from tests.installed import install_example

RIG = """\
rig: acme
wifi: {ssid: PicoAP, password: pico1234}
hubs: {main: {driver: virtual, ports: 2}}
boards:
  A: {power: main/1}
  B: {power: main/2, type: acme-one-w}
"""


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder with the example type in it, as pip would install it."""
    install_example(tmp_path, "rig.md", "acme_boards.py", "pico_hil.board_types")
    (tmp_path / "rig.yaml").write_text(RIG)
    return tmp_path


def hil(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from hil.commands.cli import app; app()", *arguments]
    environ = {**os.environ, "PYTHONPATH": str(installed)}
    command += ["--rig", str(installed / "rig.yaml")]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environ)


def problem(installed: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.syspath_prepend(installed)
    monkeypatch.delitem(sys.modules, "acme_boards", raising=False)
    with pytest.raises(ConfigError) as caught:
        load_rig(installed / "rig.yaml", {})
    return str(caught.value).removeprefix(f"{installed}/")


def test_doctor_knows_it(installed: Path) -> None:
    done = hil(installed, "doctor", "--json")
    findings = json.loads(done.stdout)["findings"]
    texts = {found["subject"]: found["text"] for found in findings if found["check"] == "micropython"}
    assert texts["B"].endswith("on Acme One W with RP2350")
    assert done.returncode == 0


def test_it_is_flashed_only_with_an_image_for_its_chip(installed: Path) -> None:
    (installed / "pico.uf2").write_bytes(micropython())
    (installed / "acme.uf2").write_bytes(micropython(family=RP2350_ARM_S))
    done = hil(installed, "flash", "B", "--uf2", str(installed / "pico.uf2"))
    assert done.returncode == 2
    assert "is of family 0xe48bff56 (RP2040); an Acme One W needs a UF2 of family 0xe48bff59" in done.stderr
    done = hil(installed, "flash", "B", "--uf2", str(installed / "acme.uf2"))
    assert (done.returncode, done.stderr) == (0, "")


def test_it_passes_the_contract(installed: Path) -> None:
    (installed / "test_acme_boards.py").write_text(
        "import pytest\nfrom acme_boards import ONE_W\nfrom hil.testing import BoardTypeContract\n\n"
        "class TestOneW(BoardTypeContract):\n    @pytest.fixture\n    def board_type(self): return ONE_W\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_acme_boards.py"]
    environ = {**os.environ, "PYTHONPATH": str(installed)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environ, cwd=installed)
    assert "6 passed" in done.stdout


def test_it_is_listed_among_the_known_ones(installed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (installed / "rig.yaml").write_text(RIG.replace("acme-one-w", "acme-one"))
    assert problem(installed, monkeypatch) == (
        "rig.yaml:6: boards.B.type: unknown board type 'acme-one'; did you mean 'acme-one-w'? "
        "known: acme-one-w, pico-w, pico2-w"
    )


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import nonesuch", "is acme_boards:ONE_W of package acme-boards, which cannot be imported (ModuleNotFound"),
        (
            "ONE_W = 1",
            "is acme_boards:ONE_W of package acme-boards, which is not an instance of hil.config.",
        ),
        (
            "from hil.config.board_types.pico_w import PICO_W as ONE_W",
            "is acme_boards:ONE_W of package acme-boards, which has the name 'pico-w' itself; correct",
        ),
    ],
)
def test_the_error_of_a_broken_type_names_its_package(
    installed: Path, monkeypatch: pytest.MonkeyPatch, source: str, expected: str
) -> None:
    (installed / "acme_boards.py").write_text(source)
    assert problem(installed, monkeypatch).startswith(f"rig.yaml:6: boards.B.type: board type 'acme-one-w' {expected}")


def test_one_that_is_broken_does_not_keep_others_from_being_known(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(installed)
    monkeypatch.delitem(sys.modules, "acme_boards", raising=False)
    assert [board_type.name for board_type in known_board_types()] == ["pico-w", "acme-one-w", "pico2-w"]
    monkeypatch.delitem(sys.modules, "acme_boards")
    (installed / "acme_boards.py").write_text("import nonesuch")
    errors: list[str] = []
    known = known_board_types(on_broken=lambda error: errors.append(str(error)))
    assert [board_type.name for board_type in known] == ["pico-w", "pico2-w"]
    assert len(errors) == 1
    assert "package acme-boards, which cannot be imported" in errors[0]
