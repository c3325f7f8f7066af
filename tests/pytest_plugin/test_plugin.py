"""The plugin without a rig, and with wrong rigs, options and markers. No board is ever switched."""

import subprocess
import sys
from pathlib import Path

import pytest

RIG = """\
rig: small
wifi: {ssid: PicoAP, password: hush-hush}
virtual: {seed: 7}
hubs:
  main: {driver: virtual, ports: 4}
boards:
  A: {power: main/1}
  B: {power: main/2}
  C: {power: main/3}
"""

USES_RIG = """
    import pytest

    def test_plain(): pass

    def test_fixture(rig): raise AssertionError("must not run")

    @pytest.mark.needs(clients=1)
    def test_marker(): raise AssertionError("must not run")

    @pytest.mark.firmware("hello")
    def test_firmware(): raise AssertionError("must not run")

    def test_later(request): request.getfixturevalue("boards")
"""


@pytest.fixture
def rig_file(pytester: pytest.Pytester) -> Path:
    folder = pytester.mkdir("rigs")
    (folder / "small.yaml").write_text(RIG)
    return folder / "small.yaml"


def test_without_a_rig_tests_that_need_one_are_skipped(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(USES_RIG)
    result = pytester.runpytest("-rs")
    result.assert_outcomes(passed=1, skipped=4)
    result.stdout.fnmatch_lines(["SKIPPED * no rig: give --rig rigs/virtual.yaml"])
    result.stdout.no_fnmatch_line("rig*seed*")


def test_a_rig_fixture_of_another_project_is_left_alone(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def boards(): return "planks"

        @pytest.mark.parametrize("rig", ["oil", "truck"])
        def test_other(rig, boards): assert (rig in ("oil", "truck"), boards) == (True, "planks")
        """
    )
    pytester.runpytest().assert_outcomes(passed=2)


def test_without_a_rig_nothing_heavy_is_imported(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(USES_RIG)
    program = pytester.makepyfile(
        run="""
        import sys
        import pytest

        pytest.main(["-q", "test_it.py"])
        heavy = ("pydantic", "wasmtime", "serial", "rich", "ruamel", "mpremote", "typer", "hil.virtual", "hil.rig")
        loaded = sorted(name for name in sys.modules if name.startswith(heavy))
        print("plugin loaded:", "hil.pytest_plugin.plugin" in sys.modules, "heavy:", loaded)
        """
    )
    program.rename(pytester.path / "run.py")
    pytester.path.joinpath("test_without_a_rig_nothing_heavy_is_imported.py").rename(pytester.path / "test_it.py")
    done = subprocess.run([sys.executable, "run.py"], cwd=pytester.path, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "plugin loaded: True heavy: []"


@pytest.mark.parametrize("given", ["small", "rigs/small.yaml"])
def test_a_rig_is_given_by_name_or_path(pytester: pytest.Pytester, rig_file: Path, given: str) -> None:
    pytester.makepyfile("def test_plain(): pass")
    result = pytester.runpytest("--rig", given)
    result.stdout.fnmatch_lines(["rig: small, seed 7, AP A, clients B C, probe none"])
    result.assert_outcomes(passed=1)


def test_the_ini_file_gives_a_rig_from_any_folder(
    pytester: pytest.Pytester, rig_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makeini("[pytest]\nhil_rig = rigs/small.yaml\n")
    folder = pytester.mkdir("deeper")
    (folder / "test_x.py").write_text("def test_plain(): pass")
    monkeypatch.chdir(folder)
    result = pytester.runpytest("--hil-seed", "99")
    result.stdout.fnmatch_lines(["rig: small, seed 99, *"])


def test_a_wrong_rig_file_is_a_usage_error_with_file_and_line(pytester: pytest.Pytester, rig_file: Path) -> None:
    rig_file.write_text(RIG.replace("main/3", "main/9"))
    pytester.makepyfile("def test_plain(): pass")
    result = pytester.runpytest("--rig", "small")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: *small.yaml:9: board C is on port main/9, but hub main has ports 1 to 4;*"])
    assert "Traceback" not in result.stderr.str() + result.stdout.str()
    assert "hush-hush" not in result.stderr.str() + result.stdout.str()


def test_an_unknown_rig_is_a_usage_error_that_lists_the_known_ones(pytester: pytest.Pytester, rig_file: Path) -> None:
    result = pytester.runpytest("--rig", "nowhere")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: nowhere: no such rig;*: small"])


def test_a_firmware_folder_that_is_not_there_is_a_usage_error(pytester: pytest.Pytester, rig_file: Path) -> None:
    result = pytester.runpytest("--rig", "small", "--hil-firmware", "nowhere")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: nowhere: no such folder;*"])


@pytest.mark.parametrize("options", [(), ("--rig", "small"), ("-n", "2")])
def test_a_wrong_marker_is_a_usage_error_at_its_test(
    pytester: pytest.Pytester, rig_file: Path, options: tuple[str, ...]
) -> None:
    pytester.makepyfile(test_it="import pytest\n\n@pytest.mark.needs(client=3)\ndef test_it(): pass\n")
    result = pytester.runpytest(*options)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ["ERROR: test_it.py:3: needs(client=3): unknown keyword 'client'; known: clients=N, probe=True, faults=*"]
    )


def test_an_unknown_app_is_a_usage_error_at_its_test(pytester: pytest.Pytester, rig_file: Path) -> None:
    pytester.makepyfile(test_it="import pytest\n\n@pytest.mark.firmware('rolse')\ndef test_it(): pass\n")
    result = pytester.runpytest("--rig", "small")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: test_it.py:3: no firmware app 'rolse'; known: *"])


def test_the_reason_of_a_skip_names_what_the_rig_lacks(pytester: pytest.Pytester, rig_file: Path) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.needs(clients=5)
        def test_clients(boards): pass

        @pytest.mark.needs(probe=True)
        def test_probe(): pass
        """
    )
    result = pytester.runpytest("--rig", "small", "-rs")
    result.assert_outcomes(skipped=2)
    result.stdout.fnmatch_lines_random(
        ['SKIPPED * needs 5 clients, rig "small" has 2: B, C', 'SKIPPED * needs a probe, rig "small" has none']
    )


def test_markers_are_registered(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest("--markers")
    result.stdout.fnmatch_lines(
        ["@pytest.mark.firmware(name): *", "@pytest.mark.needs(clients=N, probe=True, faults=*): *"]
    )
