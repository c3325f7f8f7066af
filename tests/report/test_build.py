"""`make report`: its arguments for pytest, and what it removes from the pages of Allure's generator."""

import importlib.util
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

BUILD = Path(__file__).parent.parent.parent / "report" / "build.py"


@pytest.fixture
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("report_build", BUILD)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(BUILD), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_options_for_pytest_keep_their_values(tmp_path: Path) -> None:
    done = run("--output", str(tmp_path / "report"), "--rig", "no-such", "--hil-seed", "2", "testplans")
    assert (done.returncode, done.stdout) == (pytest.ExitCode.USAGE_ERROR, "")
    assert done.stderr.startswith("ERROR: no-such: no such rig; give the path of a rig file, or a name from ")


def test_missing_results_are_an_error_and_the_last_report_stays(tmp_path: Path) -> None:
    page = tmp_path / "report" / "index.html"
    page.parent.mkdir()
    page.write_text("of yesterday")
    done = run("--results", str(tmp_path / "nothing"), "--output", str(page.parent))
    assert done.returncode == 1
    assert "nothing: no Allure results in this folder; give the folder that pytest --alluredir wrote" in done.stderr
    assert page.read_text() == "of yesterday"


def test_analytics_are_removed(build: ModuleType) -> None:
    tells = (
        '<script async src="https://www.googletagmanager.com/gtag/js?id=G-1"></script>\n<script>\ngtag("x")</script>'
    )
    assert build.without_analytics(f"<head>{tells}</head><body>kept</body>") == "<head></head><body>kept</body>"
