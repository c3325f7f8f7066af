"""Which test files a change affects, in a small repository of known imports and in this one."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools.affected import affected_tests, read_sources
from tools.quick import Job, Run

ROOT = Path(__file__).parents[2]
FILES = {
    "hil/__init__.py": "",
    "hil/power/__init__.py": "",
    "hil/power/switch.py": "",
    "hil/rig.py": "from hil.power.switch import Switch",
    "hil/report/summary.py": "",
    "hil/report/terminal.py": "def show():\n    from hil.report import summary",
    "hil/pytest_plugin/plugin.py": "import hil.report.terminal",
    "hil/serve/client.py": "",
    "hil/on_board/agent.py": "",
    "hil/probes/board.py": "AGENT = 'agent.py'",
    "tests/conftest.py": "from hil.rig import Rig\ndef virtual_rig(): ...",
    "tests/power/test_switch.py": "",
    "tests/probes/test_board.py": "from hil.probes.board import AGENT",
    "tests/test_rig.py": "def test_it(virtual_rig): ...",
    "tests/report/test_summary.py": "def test_it(pytester): ...",
    "tests/report/test_served.py": "COMMAND = ['python', '-m', 'hil.serve.client']",
    "tests/test_docs.py": "README = 'README.md'",
    "tests/firmware/test_wire.py": "from picolink import wire",
    "tests/mutants/test_mutants.py": "def test_it(pytester): ...",
    "testplans/test_roles.py": "pytestmark = firmware('roles')",
    "testplans/test_hello.py": "pytestmark = firmware('hello')",
    "firmware/lib/picolink/wire.py": "",
    "firmware/roles/ap.py": "from picolink import wire",
    "firmware/hello/ap.py": "",
}


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("repository")
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


PLUGIN_S_TESTS = [
    "testplans/test_hello.py",
    "testplans/test_roles.py",
    "tests/mutants/test_mutants.py",
    "tests/report/test_summary.py",
]


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ("tests/power/test_switch.py", ["tests/power/test_switch.py"]),
        ("hil/power/switch.py", ["tests/power/test_switch.py", "tests/test_rig.py"]),
        ("tests/conftest.py", ["tests/test_rig.py"]),
        ("hil/rig.py", ["tests/test_rig.py"]),
        (
            "hil/report/terminal.py",
            ["tests/report/test_served.py", "tests/report/test_summary.py", *PLUGIN_S_TESTS[:3]],
        ),
        ("hil/pytest_plugin/plugin.py", PLUGIN_S_TESTS),
        ("hil/serve/client.py", ["tests/report/test_served.py"]),
        ("hil/on_board/agent.py", ["tests/probes/test_board.py"]),
        ("README.md", ["tests/test_docs.py"]),
        ("docs/other.md", []),
        ("firmware/lib/picolink/wire.py", ["tests/firmware/test_wire.py", "testplans/test_roles.py"]),
        ("firmware/hello/ap.py", ["testplans/test_hello.py"]),
        ("firmware/hello/firmware.yaml", ["testplans/test_hello.py"]),
        ("hil/power/removed.py", ["tests/power/test_switch.py"]),
    ],
)
def test_nearest_first(repository: Path, changed: str, expected: list[str]) -> None:
    assert list(affected_tests(read_sources(repository), [changed])) == expected


def test_a_file_with_a_syntax_error_is_left_to_the_linter(repository: Path) -> None:
    broken = repository / "tests" / "test_broken.py"
    broken.write_text("def (")
    assert "tests/test_broken.py" not in read_sources(repository)
    broken.unlink()


def test_of_this_repository_a_leaf_affects_few_and_the_root_of_errors_most() -> None:
    sources = read_sources(ROOT)
    every = [path for path, source in sources.items() if source.is_test_file]
    leaf = affected_tests(sources, ["hil/history/plot.py"])
    assert "tests/commands/test_trend.py" in leaf
    assert len(leaf) < len(every) / 4
    assert len(affected_tests(sources, ["hil/errors.py"])) > len(every) / 2


def test_tests_beyond_the_time_limit_are_stopped_or_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    endless = [sys.executable, "-c", "import signal; signal.pause()"]
    run = Run(deadline_s=0.0, durations={})
    run.all([Job("check", endless), Job("near", endless, steps=1), Job("far", endless, steps=2)])
    assert run.outcomes == {"check": "not finished", "near": "left out", "far": "left out"}
    assert "not finished" in capsys.readouterr().out


def test_a_failure_is_shown_with_its_output_and_durations_are_kept(capsys: pytest.CaptureFixture[str]) -> None:
    run = Run(deadline_s=float("inf"), durations={})
    run.all(
        [
            Job("good", [sys.executable, "-c", ""], steps=0),
            Job("bad", [sys.executable, "-c", "raise SystemExit('it broke')"], steps=0),
            Job("empty", [sys.executable, "-c", "raise SystemExit(5)"], steps=0),
        ]
    )
    assert run.outcomes == {"good": "ok", "bad": "FAILED", "empty": "ok"}
    assert set(run.durations) == {"good", "empty"}
    assert "it broke" in capsys.readouterr().out


def test_the_command_lists_what_a_commit_affects() -> None:
    listed = subprocess.run(
        [sys.executable, "-m", "tools.quick", "--base", "no-such-commit", "--list"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert listed.returncode == 1
    assert listed.stderr.startswith("quick: git diff --name-only -z no-such-commit: ")
