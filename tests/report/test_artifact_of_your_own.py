"""The artifact of docs/reports.md, as it stands there, in a distribution of its own."""

import json
from pathlib import Path

import pytest

from tests.installed import install_example

RIG = """\
rig: small
wifi: {ssid: PicoAP, password: hush-hush}
hubs: {main: {driver: virtual, ports: 1}}
boards: {A: {power: main/1}}
"""
TEST = """
def test_it(ap, clock):
    clock.sleep(1)
    ap.power.on()
    clock.sleep(2)
    ap.power.off()
"""


@pytest.fixture
def rig(pytester: pytest.Pytester) -> Path:
    pytester.makepyfile(test_it=TEST)
    return pytester.makefile(".yaml", rig=RIG)


@pytest.fixture
def module(pytester: pytest.Pytester) -> Path:
    """The module of the documented artifact, which is installed."""
    folder = pytester.mkdir("installed")
    pytester.syspathinsert(folder)
    return install_example(folder, "reports.md", "acme_artifacts.py", "pico_hil.artifacts")


def left(pytester: pytest.Pytester, name: str) -> str:
    """The content of a file in the folder of the test."""
    return (pytester.path / "out" / "test_it.test_it" / name).read_text()


BUILT_IN = ["A.log", "air.pcap", "measurements.json", "timeline.svg", "timeline.txt"]


def names(pytester: pytest.Pytester) -> list[str]:
    return sorted(path.name for path in (pytester.path / "out" / "test_it.test_it").iterdir())


def test_each_test_leaves_it(pytester: pytest.Pytester, rig: Path, module: Path) -> None:
    pytester.runpytest("--rig", rig, "--hil-artifacts", "out").assert_outcomes(passed=1)
    assert left(pytester, "power.csv") == "time_s,board,supply\n1.000,A,on\n3.000,A,off\n"
    assert names(pytester) == sorted([*BUILT_IN, "power.csv"])


def test_allure_has_it(pytester: pytest.Pytester, rig: Path, module: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTEST_ADDOPTS")
    pytester.runpytest("--rig", rig, "--alluredir", "allure").assert_outcomes(passed=1)
    [result] = [json.loads(path.read_text()) for path in (pytester.path / "allure").glob("*-result.json")]
    [attachment] = [attachment for attachment in result["attachments"] if attachment["name"] == "power"]
    assert attachment["type"] == "text/csv"
    assert (pytester.path / "allure" / attachment["source"]).read_text().startswith("time_s,board,supply\n")


SECRETS = """
from hil.abc import Artifact, ArtifactFile

class PowerTable(Artifact):
    def files(self, test):
        assert test.outcome == "failed" and test.boards == ("A",)
        read = [test.nodeid, test.timeline_text(), test.serial_text("A"), *(m.name for m in test.measurements)]
        read += [entry.text for entry in test.entries] + [str(entry.events) for entry in test.entries]
        read += [str(frame.data) for frame in test.frames()]
        assert "hush-hush" not in "".join(read) and "key ***" in test.serial_text("A") and "join ***" in "".join(read)
        yield ArtifactFile("own.txt", "own", "text/plain", "key hush-hush " + test.redact("hush-hush"))
        yield ArtifactFile("own.bin", "own", "application/octet-stream", b"key hush-hush;")
"""


def test_it_sees_and_shows_no_secret(pytester: pytest.Pytester, rig: Path, module: Path) -> None:
    module.write_text(SECRETS)
    pytester.makepyfile(
        test_it="""
        def test_it(ap, measure, rig):
            measure("join hush-hush", value=1, limit=2, unit="s")
            with ap.repl() as repl:
                pass
            rig.timeline.add(rig.clock.now(), "A", "serial", "key hush-hush")
            assert 1 == 2
        """
    )
    pytester.runpytest("--rig", rig, "--hil-artifacts", "out").assert_outcomes(failed=1, warnings=0)
    assert left(pytester, "own.txt") == "key *** ***"
    assert left(pytester, "own.bin") == "key *********;"


RAISES = """
from hil.abc import Artifact, ArtifactFile

class PowerTable(Artifact):
    def files(self, test):
        yield ArtifactFile({name!r}, "own", "text/plain", "x")
        raise KeyError("key hush-hush")
"""
NOT_PLAIN = "is not the name of a file in the folder of the test; give a plain name"


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("own.txt", "KeyError: 'key ***'"),
        (
            "../own.txt",
            "ValueError: '../own.txt' is not the name of a file in the folder of the test; give a plain name",
        ),
        (".hidden", "ValueError: '.hidden' is not the name of a file in the folder of the test; give a plain name"),
        ("A.log", "ValueError: there is another artifact with the name 'A.log'; choose one of your own"),
        ("kernel.log", "ValueError: there is another artifact with the name 'kernel.log'; choose one of your own"),
    ],
)
def test_an_error_in_it_is_a_warning_and_leaves_the_others(
    pytester: pytest.Pytester, rig: Path, module: Path, name: str, error: str
) -> None:
    module.write_text(RAISES.format(name=name))
    result = pytester.runpytest("--rig", rig, "--hil-artifacts", "out")
    result.assert_outcomes(passed=1, warnings=1)
    raised = f"artifact 'power-table' (acme_artifacts.PowerTable) raised {error}"
    place = "see power-table.error.txt among the artifacts of test_it.py::test_it"
    result.stdout.fnmatch_lines([f"*ArtifactWarning: {raised}; {place}"])
    assert left(pytester, "power-table.error.txt").splitlines()[-1] == error
    assert names(pytester) == sorted([*BUILT_IN, "power-table.error.txt"])


def test_an_error_in_it_is_a_warning_even_where_warnings_are_errors(
    pytester: pytest.Pytester, rig: Path, module: Path
) -> None:
    module.write_text(RAISES.format(name="own.txt"))
    result = pytester.runpytest("--rig", rig, "--hil-artifacts", "out", "-W", "error")
    result.assert_outcomes(passed=1, warnings=1)


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import nonesuch", "which cannot be imported (ModuleNotFoundError: No module named 'nonesuch')"),
        ("class PowerTable: pass", "which is not a subclass of hil.report.artifact.Artifact; correct its entry"),
    ],
)
def test_one_that_is_broken_names_its_package(
    pytester: pytest.Pytester, rig: Path, module: Path, source: str, expected: str
) -> None:
    module.write_text(source)
    result = pytester.runpytest("--rig", rig, "--hil-artifacts", "out")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    origin = "artifact 'power-table' is acme_artifacts:PowerTable of package acme-artifacts"
    assert f"{origin}, {expected}" in result.stderr.str()


def test_a_run_that_leaves_nothing_does_not_import_it(pytester: pytest.Pytester, rig: Path, module: Path) -> None:
    module.write_text("import nonesuch")
    pytester.runpytest("--rig", rig).assert_outcomes(passed=1)


def test_what_an_earlier_run_left_goes_away(pytester: pytest.Pytester, rig: Path, module: Path) -> None:
    pytester.runpytest("--rig", rig, "--hil-artifacts", "out").assert_outcomes(passed=1)
    module.write_text(RAISES.format(name="own.txt"))
    pytester.runpytest("--rig", rig, "--hil-artifacts", "out").assert_outcomes(passed=1, warnings=1)
    assert names(pytester) == sorted([*BUILT_IN, "power-table.error.txt"])
