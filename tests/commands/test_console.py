"""``hil console`` and ``hil logs`` on virtual rigs, at a terminal and without one."""

import os
import pty
import re
import select
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hil.clock import MonotonicClock
from hil.commands.cli import app
from tests.serve.served import HIL, PATIENCE_S

RIG = """\
rig: bench-1
wifi: {ssid: PicoAP, password: pico1234}
hubs:
  main: {driver: virtual, ports: 2}
boards:
  A: {power: main/1}
  B: {power: main/2}
"""


@pytest.fixture(autouse=True)
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "rigs").mkdir()
    (tmp_path / "rigs" / "rig.yaml").write_text(RIG)
    monkeypatch.chdir(tmp_path)
    return tmp_path


class Terminal:
    """A person at a terminal, in which a command runs."""

    def __init__(self, *command: str) -> None:
        self._end, inner = pty.openpty()
        self.process = subprocess.Popen(command, stdin=inner, stdout=inner, stderr=inner, start_new_session=True)
        os.close(inner)
        self.seen = ""

    def type(self, text: str) -> None:
        os.write(self._end, text.encode())

    def expect(self, pattern: str) -> None:
        deadline = MonotonicClock().deadline(PATIENCE_S)
        while (found := re.search(pattern, self.seen)) is None:
            assert select.select([self._end], [], [], deadline.remaining_s)[0], self.seen
            self.seen += os.read(self._end, 4096).decode()
        self.seen = self.seen[found.end() :]

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._end)


@pytest.fixture
def terminal(rig: Path) -> Iterator[Terminal]:
    terminal = Terminal(*HIL, "console", "A")
    yield terminal
    terminal.close()


def test_keys_go_to_the_board_until_ctrl_bracket(terminal: Terminal) -> None:
    terminal.expect(r"connected")
    terminal.expect(r"\d+\.\d{3}.*>>> ")
    terminal.type("print(6 * 7)\r")
    terminal.expect(r"\n[^\n]*  42\r\n")
    # Until a program runs, Ctrl-C is a key like any other: it says when it does.
    terminal.type("exec(\"print('runs')\\nwhile True: pass\")\r")
    terminal.expect(r"\n[^\n]*  runs\r\n")
    terminal.type("\x03")
    terminal.expect(r"KeyboardInterrupt: *\r\n[^\n]*>>> ")
    terminal.type("\x1d")
    assert terminal.process.wait(PATIENCE_S) == 0


def test_piped_input_is_typed_and_answered() -> None:
    done = subprocess.run(
        [*HIL, "console", "B", "--no-time"],
        input="print('a', 6 * 7)\nprint('b' * 3)\n",
        capture_output=True,
        check=False,
        text=True,
        timeout=PATIENCE_S,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "\na 42\n" in done.stdout
    assert "\nbbb\n" in done.stdout
    assert "\x1b[" not in done.stdout


def test_one_of_several_has_to_be_named() -> None:
    result = CliRunner().invoke(app, ["console"])
    assert (result.exit_code, result.stderr) == (2, "name the boards to talk to; boards of rig bench-1: A, B\n")


def test_logs_of_all_boards_are_whole_lines_with_time_and_board() -> None:
    result = CliRunner().invoke(app, ["logs", "--for", "4"])
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert all(re.match(r" +\d+\.\d{3} [AB]  ", line) for line in lines)
    for board in "AB":
        assert [line for line in lines if re.search(rf" {board}  MicroPython v", line)]


def test_logs_of_one_board_into_a_file(rig: Path) -> None:
    (rig / "log").write_text("before\n")
    result = CliRunner().invoke(app, ["logs", "B", "--for", "4", "--output", "log"])
    assert (result.exit_code, result.output) == (0, "")
    text = (rig / "log").read_text()
    assert text.startswith("before\n")
    assert "MicroPython v" in text


def test_file_that_cannot_be_written() -> None:
    result = CliRunner().invoke(app, ["logs", "--output", "no/such"])
    assert (result.exit_code, result.stderr) == (
        2,
        "--output no/such: No such file or directory; name a file that can be written\n",
    )


def test_boards_and_rigs_are_completed() -> None:
    def completed(words: str) -> list[str]:
        environ = {"_HIL_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split(" ")) - 1)}
        return CliRunner().invoke(app, [], env=environ, prog_name="hil").output.split()

    for command in ("console", "logs", "doctor", "flash", "power on"):
        assert completed(f"hil {command} ") == ["A", "B"]
        assert completed(f"hil {command} --rig ") == ["rig"]
    assert completed("hil console A ") == ["B"]
    assert completed("hil rig lint r") == ["rig"]
