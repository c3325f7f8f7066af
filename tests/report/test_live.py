"""The live status as it looks on a terminal, and that it appears nowhere else."""

import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from _pytest.terminal import TerminalReporter

from hil.report.live.display import is_wanted
from tests.report.pty_terminal import PtyTerminal

RIG = """\
rig: small
wifi: {ssid: PicoAP, password: hush-hush}
hubs:
  main: {driver: virtual, ports: 2}
boards:
  A: {power: main/1}
  B: {power: main/2}
"""

MANIFEST = """\
app: talk
description: prints its key
roles:
  ap: {files: {main.py: main.py}}
  client: {files: {main.py: main.py}}
events:
  role: '^role role=(?P<role>\\S+)'
"""

FIRMWARE = """\
import time
print("role role=MASTER")
print("key hush-hush \\x1b[31m [red]")
while True:
    time.sleep(10)
"""

# Reading a FIFO blocks in real time until the outer test has checked the screen.
TESTS = """
import re
import threading
from pathlib import Path
import pytest

pytestmark = pytest.mark.firmware("talk")

def test_before():
    assert "hil-live" in {thread.name for thread in threading.enumerate()}
    print("printed before")

def test_waits(ap):
    ap.power.on()
    ap.console.expect("role", within=20)
    ap.console.expect(re.compile("red"), within=20)
    print("printed without newline", end="")
    Path("first").read_text()
    print(", printed meanwhile")
    Path("second").read_text()

def test_after(): pass
"""

Run = Callable[..., PtyTerminal]


@pytest.fixture
def run(pytester: pytest.Pytester) -> Iterator[Run]:
    """Runs pytest on a terminal, on a rig whose boards run `talk`."""
    folder = pytester.mkdir("firmware") / "talk"
    folder.mkdir()
    (folder / "firmware.yaml").write_text(MANIFEST)
    (folder / "main.py").write_text(FIRMWARE)
    pytester.makefile(".yaml", rig=RIG)
    runs: list[PtyTerminal] = []

    def run(*arguments: str) -> PtyTerminal:
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rig", "rig.yaml", *arguments]
        runs.append(PtyTerminal(command, pytester.path))
        return runs[-1]

    yield run
    for each in runs:
        each.close()


@pytest.mark.parametrize("option", ["-v", "--capture=fd", "-s"])
def test_boards_are_shown_while_a_test_waits_and_nothing_remains(
    pytester: pytest.Pytester, run: Run, option: str
) -> None:
    pytester.makepyfile(test_it=TESTS)
    for name in ("first", "second"):
        os.mkfifo(pytester.path / name)
    terminal = run(option)
    shown = terminal.wait_for_screen(lambda text: "key *** " in text)
    assert re.search(r"^test_it.py::test_waits  \d+\.\d s of rig time$", shown, re.MULTILINE)
    assert re.search(r"^A  on \d+\.\d s +connected +runs +MASTER +key \*\*\* \\x1b\[31m \[red\]$", shown, re.MULTILINE)
    assert re.search(r"^B  off \d+\.\d s +- +- +-$", shown, re.MULTILINE)
    assert ("printed without newline" in shown) == (option == "-s")
    (pytester.path / "first").write_text("")
    if option == "-s":
        # The output of the test continues at the cursor, and the live status is drawn again below it.
        terminal.wait_for_screen(
            lambda text: re.search(r"printed without newline, printed meanwhile\n+test_it.py::test_waits", text)
        )
    (pytester.path / "second").write_text("")
    assert terminal.end() == pytest.ExitCode.OK
    assert terminal.raw.count(b"\x1b[?25l") > 0
    assert terminal.all_lines() == terminal.all_lines_without_live_status()
    assert "hush-hush" not in terminal.raw.decode()


def test_ctrl_c_leaves_nothing_behind(pytester: pytest.Pytester, run: Run) -> None:
    os.mkfifo(pytester.path / "first")
    pytester.makepyfile(
        """
        from pathlib import Path

        def test_waits(boards):
            Path("first").read_text()
        """
    )
    terminal = run()
    terminal.wait_for_screen(lambda text: "B  off" in text)
    terminal.press_ctrl_c()
    assert terminal.end() == pytest.ExitCode.INTERRUPTED
    assert "KeyboardInterrupt" in terminal.text
    assert terminal.all_lines() == terminal.all_lines_without_live_status()


def test_a_debugger_has_the_terminal_to_itself(pytester: pytest.Pytester, run: Run) -> None:
    os.mkfifo(pytester.path / "first")
    pytester.makepyfile(
        """
        from pathlib import Path

        def test_waits(boards):
            Path("first").read_text()
            breakpoint()
            Path("first").read_text()
        """
    )
    terminal = run()
    terminal.wait_for_screen(lambda text: "B  off" in text)
    (pytester.path / "first").write_text("")
    shown = terminal.wait_for_screen(lambda text: "(Pdb)" in text)
    assert "B  off" not in shown
    terminal.type("p 6 * 7\n")
    assert "B  off" not in terminal.wait_for_screen(lambda text: re.search(r"^42$", text, re.MULTILINE))
    terminal.type("c\n")
    terminal.wait_for_screen(lambda text: "B  off" in text)
    (pytester.path / "first").write_text("")
    assert terminal.end() == pytest.ExitCode.OK
    assert terminal.all_lines() == terminal.all_lines_without_live_status()


def test_nothing_is_drawn_without_a_terminal(pytester: pytest.Pytester, run: Run) -> None:
    pytester.makepyfile(
        """
        import threading

        def test_it(boards):
            assert "hil-live" not in {thread.name for thread in threading.enumerate()}
        """
    )
    result = pytester.runpytest("--rig", "rig.yaml")
    result.assert_outcomes(passed=1)
    assert "\x1b" not in result.stdout.str()
    assert run("-p", "no:hil-live").end() == pytest.ExitCode.OK


class Replaced(TerminalReporter):  # type: ignore[misc]  # final, but plugins derive from it
    """A terminal reporter of a plugin that draws on the terminal itself."""


@pytest.mark.parametrize(
    ("arguments", "environ", "wanted"),
    [
        ([], {"TERM": "xterm"}, True),
        (["-s"], {"TERM": "xterm", "CI": ""}, True),
        ([], {"TERM": "xterm", "CI": "true"}, False),
        ([], {"TERM": "xterm", "BUILD_NUMBER": "7"}, False),
        ([], {"TERM": "dumb"}, False),
        ([], {}, False),
        (["--capture=tee-sys"], {"TERM": "xterm"}, False),
        (["--dist=load"], {"TERM": "xterm"}, False),
    ],
)
def test_when_it_is_enabled(
    pytester: pytest.Pytester, arguments: list[str], environ: dict[str, str], wanted: bool
) -> None:
    config = pytester.parseconfig(*arguments)
    master, slave = os.openpty()
    with os.fdopen(master, "wb"), os.fdopen(slave, "w") as terminal, Path(os.devnull).open("w") as nowhere:
        assert is_wanted(config, TerminalReporter(config, terminal), environ) == wanted
        assert not is_wanted(config, Replaced(config, terminal), environ)
        assert not is_wanted(config, TerminalReporter(config, nowhere), environ)
