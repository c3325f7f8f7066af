"""Rigs of several cells, with and without xdist, as the user of pytest sees them."""

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

MANIFEST = """\
app: talk
description: prints its SSID
roles:
  ap: {files: {main.py: main.py}}
  client: {files: {main.py: main.py}}
events:
  hello: '^hello ssid=(?P<ssid>\\S+)'
"""

FIRMWARE = """\
import json, time

print("hello ssid=" + json.load(open("config.json"))["ssid"])
while True:
    time.sleep(10)
"""

VIRTUAL = """\
rig: lab
hubs:
  main: {driver: virtual, ports: 7}
cells:
  west:
    wifi: {ssid: West, password: key-of-west}
    boards: {A: {power: main/1}, B: {power: main/2}, C: {power: main/3}}
  east:
    wifi: {ssid: East, password: key-of-east}
    boards: {E: {power: main/4}, F: {power: main/5}, G: {power: main/6}, H: {power: main/7}}
"""

REAL = VIRTUAL.replace("driver: virtual, ports: 7", "driver: uhubctl, location: 1-1.4")

EACH_IN_ITS_CELL = """
    import json, os
    from pathlib import Path

    import pytest

    pytestmark = [pytest.mark.firmware("talk"), pytest.mark.needs(clients=2)]

    @pytest.mark.parametrize("number", range(6))
    def test_boards(boards, rig, number):
        for board in boards.values():
            board.power.on()
            board.console.expect("hello", ssid=rig.wifi.ssid, within=5)
        Path("seen").mkdir(exist_ok=True)
        worker = os.environ.get("PYTEST_XDIST_WORKER", "alone")
        Path("seen", f"{worker}-{number}").write_text(json.dumps(["".join(boards), rig.wifi.ssid]))
"""

KILLED = """
    def test_killed(boards):
        import signal
        os.kill(os.getpid(), signal.SIGKILL)
"""

OF_THREE = """
    @pytest.mark.needs(clients=3)
    def test_of_three(clients):
        assert len(clients) == 3
"""


@pytest.fixture
def lab(pytester: pytest.Pytester) -> Path:
    """A virtual rig of two cells, and the app `talk`."""
    folder = pytester.mkdir("firmware") / "talk"
    folder.mkdir()
    (folder / "firmware.yaml").write_text(MANIFEST)
    (folder / "main.py").write_text(FIRMWARE)
    return pytester.makefile(".yaml", lab=VIRTUAL)


def seen(pytester: pytest.Pytester) -> dict[str, set[tuple[str, str]]]:
    """The boards of its tests and their SSID, by process."""
    found: dict[str, set[tuple[str, str]]] = {}
    for file in (pytester.path / "seen").iterdir():
        boards, ssid = json.loads(file.read_text())
        found.setdefault(file.name.partition("-")[0], set()).add((boards, ssid))
    return found


def test_each_worker_has_a_cell_to_itself(pytester: pytest.Pytester, lab: Path) -> None:
    pytester.makepyfile(EACH_IN_ITS_CELL + KILLED + OF_THREE)
    result = pytester.runpytest("--rig", lab, "-n", "2", "-rs", "--hil-artifacts", "out", "--junitxml", "junit.xml")
    result.assert_outcomes(passed=6, failed=1, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "rig: lab, seed 1",
            "cell: west, AP A, clients B C, probe none",
            "cell: east, AP E, clients F G H, probe none",
            # The verdict does not depend on which worker ran it.
            'SKIPPED * needs 3 clients, cell west of rig "lab" has 2: B, C; run it with --hil-cell east',
        ]
    )
    # The killed worker lost only its test, and only its replacement got its cell.
    found = seen(pytester)
    assert sorted({boards for each in found.values() for boards in each}) == [("ABC", "West"), ("EFG", "East")]
    assert all(len(each) == 1 for each in found.values())
    assert len([folder for folder in (pytester.path / "out").iterdir() if "test_boards" in folder.name]) == 6
    properties = [found.attrib for found in ET.parse("junit.xml").iter("property")]
    assert {told["value"] for told in properties if told["name"] == "cell"} == {"west", "east"}
    assert "key-of-" not in result.stdout.str() + result.stderr.str()


def test_without_workers_the_first_cell_or_the_named_one(
    pytester: pytest.Pytester, lab: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_XDIST_WORKER", raising=False)
    pytester.makepyfile(EACH_IN_ITS_CELL + OF_THREE)
    result = pytester.runpytest("--rig", lab, "-k", "0 or three")
    result.stdout.fnmatch_lines(["rig: lab, seed 1", "cell: west, AP A, *", "*1 passed, 1 skipped*"])
    result.stdout.no_fnmatch_line("cell: east*")
    result = pytester.runpytest("--rig", lab, "-k", "1 or three", "--hil-cell", "east")
    result.stdout.fnmatch_lines(["rig: lab, seed 1", "cell: east, AP E, *", "*2 passed*"])
    assert seen(pytester) == {"alone": {("ABC", "West"), ("EFG", "East")}}


ONE_CELL = """\
rig: one
wifi: {ssid: One, password: key-of-one}
hubs: {main: {driver: virtual, ports: 1}}
boards: {A: {power: main/1}}
"""


@pytest.mark.parametrize(
    ("rig", "problem"),
    [
        (VIRTUAL, "--hil-cell north: rig lab has no such cell; its cells: west, east"),
        (ONE_CELL, "--hil-cell north: rig one has no such cell; its cells: none has a name"),
    ],
)
def test_cell_that_the_rig_does_not_have(pytester: pytest.Pytester, rig: str, problem: str) -> None:
    path = pytester.makefile(".yaml", given=rig)
    result = pytester.runpytest("--rig", path, "--hil-cell", "north")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: {problem}"])


def test_more_workers_than_cells_of_real_boards_are_refused(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_of_no_board(): pass")
    rig = pytester.makefile(".yaml", lab=REAL)
    result = pytester.runpytest("--rig", rig, "-n", "3")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    text = "rig lab has 2 cells (west, east) for 3 workers, and no two can share a board; give -n 2, or -n auto. "
    result.stderr.fnmatch_lines([f"ERROR: {text}docs/rig.md (Cells) explains how a rig gets more"])
    result = pytester.runpytest("--rig", rig, "-n", "2", "--hil-cell", "east")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["ERROR: rig lab has 1 cell (east) for 2 workers, *; give -n 1, *"])


def test_as_many_workers_as_cells_of_real_boards_when_pytest_may_choose(pytester: pytest.Pytester) -> None:
    pytester.makepyfile("def test_of_no_board(): pass")
    result = pytester.runpytest("--rig", pytester.makefile(".yaml", lab=REAL), "-n", "auto")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["2 workers *"])


def test_a_cell_with_a_dead_board_does_not_block_what_another_cell_can_run(
    pytester: pytest.Pytester, lab: Path
) -> None:
    pytester.makeconftest(
        """
        import pytest

        @pytest.fixture(scope="session")
        def hil_open_rig(hil_open_rig):
            if hil_open_rig.config.cell == "west":
                hil_open_rig._bench.boards["A"].unplug_usb()
            return hil_open_rig
        """
    )
    pytester.makepyfile(EACH_IN_ITS_CELL.replace("range(6)", "range(12)"))
    result = pytester.runpytest("--rig", lab, "-n", "2")
    # xdist gives each worker two tests: the second is already queued while the first finds that the AP is dead.
    result.stdout.fnmatch_lines(["*10 passed, 1 bench-error, 1 blocked*"])
