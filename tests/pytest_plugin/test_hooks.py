"""The hooks of docs/extending.md, implemented by a plugin in a distribution of its own."""

import json
from pathlib import Path

import pytest

from tests.installed import install_example

RIG = """\
rig: small
wifi: {ssid: PicoAP, password: pico1234}
hubs: {main: {driver: virtual, ports: 2}}
boards: {A: {power: main/1}, B: {power: main/2}}
"""
MANIFEST = """\
app: talk
description: says who it is
roles:
  ap: {files: {main.py: main.py}}
  client: {files: {main.py: main.py}}
"""
SICK = """
def pytest_hil_rig_ready(rig):
    rig._bench.boards["B"].failing_enumerations = 2
"""
TESTS = """
import pytest

@pytest.mark.firmware("talk")
def test_first(boards): pass

@pytest.mark.firmware("talk")
def test_second(boards): pass

def test_without_boards(): pass
"""


@pytest.fixture
def rig(pytester: pytest.Pytester) -> Path:
    folder = pytester.mkdir("firmware") / "talk"
    folder.mkdir()
    (folder / "firmware.yaml").write_text(MANIFEST)
    (folder / "main.py").write_text("print('hello')\n")
    pytester.makepyfile(test_it=TESTS)
    return pytester.makefile(".yaml", rig=RIG)


@pytest.fixture
def module(pytester: pytest.Pytester) -> Path:
    """The module of the documented plugin, which is installed."""
    folder = pytester.mkdir("installed")
    pytester.syspathinsert(folder)
    return install_example(folder, "extending.md", "acme_bench.py", "pytest11")


def test_rig_ready_is_called_once_with_the_rig(pytester: pytest.Pytester, rig: Path, module: Path) -> None:
    pytester.makeconftest("def pytest_hil_rig_ready(rig): print([b.power.is_on for b in rig.boards.values()], 'on')")
    result = pytester.runpytest("--rig", rig, "-s")
    result.assert_outcomes(passed=3)
    assert result.stdout.str().count("[False, False] on") == 1
    assert (pytester.path / "inventory.txt").read_text() == "A\nB\n"


def test_board_recovered_is_called_once_per_rung_that_helped(
    pytester: pytest.Pytester, rig: Path, module: Path
) -> None:
    pytester.makeconftest(SICK)
    pytester.runpytest("--rig", rig).assert_outcomes(passed=3)
    [line] = (pytester.path / "recovered.txt").read_text().splitlines()
    assert line.startswith("B: power cycle, ")


def test_board_recovered_is_not_called_for_healthy_boards(pytester: pytest.Pytester, rig: Path, module: Path) -> None:
    pytester.runpytest("--rig", rig).assert_outcomes(passed=3)
    assert not (pytester.path / "recovered.txt").exists()


def test_test_artifacts_adds_to_the_folder_of_each_test(pytester: pytest.Pytester, rig: Path, module: Path) -> None:
    pytester.runpytest("--rig", rig, "--hil-artifacts", "out").assert_outcomes(passed=3)
    files = sorted((pytester.path / "out").glob("*/markers.json"))
    assert [path.parent.name for path in files] == ["test_it.test_first", "test_it.test_second"]
    assert json.loads(files[0].read_text()) == ["firmware"]
    assert (files[0].parent / "timeline.txt").exists()


def test_with_xdist_hooks_are_called_in_the_workers(
    pytester: pytest.Pytester, rig: Path, module: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(module.parent))  # for processes of their own
    module.write_text(
        "import os\nfrom pathlib import Path\n\n"
        "def pytest_hil_rig_ready(rig):\n"
        "    Path(os.environ.get('PYTEST_XDIST_WORKER', 'controller') + '.txt').write_text(rig.config.name)\n"
    )
    pytester.runpytest_subprocess("--rig", rig, "-n", "2").assert_outcomes(passed=3)
    called = {path.name: path.read_text() for path in pytester.path.glob("*.txt")}
    assert called == {"gw0.txt": "small", "gw1.txt": "small"}


def test_without_a_rig_none_is_called(pytester: pytest.Pytester, rig: Path, module: Path) -> None:
    pytester.runpytest("--hil-artifacts", "out").assert_outcomes(passed=1, skipped=2)
    assert not (pytester.path / "inventory.txt").exists()
    assert not (pytester.path / "out").exists()


@pytest.mark.parametrize(
    ("hook", "outcomes"),
    [
        ("pytest_hil_rig_ready(rig)", {"passed": 1, "errors": 2}),
        ("pytest_hil_board_recovered(board, attempt)", {"passed": 2, "errors": 1}),
        ("pytest_hil_test_artifacts(item, folder)", {"passed": 3, "errors": 2}),
    ],
)
def test_an_exception_in_a_hook_is_an_error_of_the_tests_that_it_is_called_for(
    pytester: pytest.Pytester, rig: Path, module: Path, hook: str, outcomes: dict[str, int]
) -> None:
    pytester.makeconftest(SICK if "recovered" in hook else "")
    module.write_text(f"def {hook}:\n    raise KeyError('bug')\n")
    result = pytester.runpytest("--rig", rig, "--hil-artifacts", "out")
    result.assert_outcomes(**outcomes)
    result.stdout.fnmatch_lines(["*KeyError: 'bug'"])
    assert (pytester.path / "out" / "test_it.test_second").exists() == ("rig_ready" not in hook)


def test_a_bench_error_from_a_hook_counts_as_one(pytester: pytest.Pytester, rig: Path, module: Path) -> None:
    module.write_text(
        "from hil import BenchError\n\ndef pytest_hil_rig_ready(rig):\n    raise BenchError('the lamp is broken')\n"
    )
    result = pytester.runpytest("--rig", rig)
    result.stdout.fnmatch_lines(["BENCH ERROR *the lamp is broken"])
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_a_hook_that_does_not_exist_is_refused(pytester: pytest.Pytester, rig: Path) -> None:
    pytester.makeconftest("def pytest_hil_rig_redy(rig): pass")
    result = pytester.runpytest("--rig", rig)
    assert "unknown hook 'pytest_hil_rig_redy'" in result.stdout.str() + result.stderr.str()
