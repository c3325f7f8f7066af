"""The mpremote command with served boards."""

import hashlib
import os
import pty
import re
import select
import subprocess
import tty
from pathlib import Path
from typing import Self

from hil.clock import MonotonicClock
from tests.serve.served import PATIENCE_S, Served, Watcher


def test_exec_eval_and_run(served: Served, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("import sys\nfor n in range(3):\n    print(sys.platform, n)\n")
    assert served.mpremote("A", "exec", "print('grüße')", "eval", "6 * 7", "run", str(script)) == (
        "grüße\n42\nrp2 0\nrp2 1\nrp2 2\n"
    )


def test_an_exception_on_the_board_is_shown_and_fails_the_command(served: Served) -> None:
    done = served.try_mpremote("A", "exec", "open('/no/such')")
    assert done.returncode != 0
    assert "OSError: [Errno 2] ENOENT" in done.stdout + done.stderr


def test_files_are_copied_in_both_directions(served: Served, tmp_path: Path) -> None:
    # Every byte, control characters of the raw REPL included, and more than one window of raw paste.
    content = bytes(range(256)) * 20
    (tmp_path / "up.bin").write_bytes(content)
    made = ("mkdir", ":/lib", "+", "cp", "up.bin", ":/lib/data.bin", "+")
    looked = ("ls", ":/lib", "+", "tree", ":/", "+", "sha256sum", ":/lib/data.bin", "+")
    printed = served.mpremote("A", *made, *looked, "cp", ":/lib/data.bin", "down.bin", cwd=tmp_path)
    assert (tmp_path / "down.bin").read_bytes() == content
    assert "5120 data.bin" in printed
    assert "└── lib\n    └── data.bin" in printed
    assert hashlib.sha256(content).hexdigest() in printed


def test_folders_are_copied_with_their_content(served: Served, tmp_path: Path) -> None:
    (tmp_path / "app" / "inner").mkdir(parents=True)
    (tmp_path / "app" / "inner" / "deep.py").write_text("DEEP = 1\n")
    served.mpremote("A", "cp", "-r", "app", ":", cwd=tmp_path)
    assert served.mpremote("A", "exec", "from app.inner.deep import DEEP; print(DEEP)") == "1\n"


def test_removing_everything_removes_the_boards_files_and_nothing_else(served: Served, tmp_path: Path) -> None:
    bystander = tmp_path / "bystander"
    bystander.write_text("here")
    here = sorted(Path("/").iterdir())
    served.mpremote("B", "exec", "open('/of_b', 'w').close()")

    # A Pico W also refuses to remove the root itself after everything in it.
    filled = "import os; os.mkdir('/folder'); open('/folder/file', 'w').close()"
    done = served.try_mpremote("A", "exec", filled, "rm", "-r", ":/")
    assert done.returncode == 1
    assert "EPERM" in done.stderr or "Operation not permitted" in done.stderr

    assert served.mpremote("A", "eval", "__import__('os').listdir('/')") == "[]\n"
    assert served.mpremote("B", "eval", "'of_b' in __import__('os').listdir('/')") == "True\n"
    assert bystander.read_text() == "here"
    assert sorted(Path("/").iterdir()) == here


def test_soft_reset_restarts_python_and_keeps_the_port(served: Served) -> None:
    with Watcher(served.control) as watcher:
        printed = served.mpremote("A", "exec", "x = 1", "soft-reset", "eval", "'x' in globals()")
        assert printed.splitlines()[-1] == "False"
        assert watcher.modes["A"] == "application"


def test_reset_restarts_the_board(served: Served) -> None:
    served.mpremote("A", "exec", "import machine; machine.RTC().datetime((2026, 2, 3, 1, 4, 5, 6, 0))")
    with Watcher(served.control) as watcher:
        served.mpremote("A", "reset")
        watcher.wait_for("A", "absent")
        watcher.wait_for("A", "application")
    assert served.mpremote("A", "exec", "import time, machine; print(time.gmtime()[0], machine.reset_cause())") == (
        "2021 3\n"
    )


def test_a_mounted_folder_of_the_host_is_imported_from_listed_and_written(served: Served, tmp_path: Path) -> None:
    # Carriage returns must survive, which a text console would change.
    (tmp_path / "binary").write_bytes(b"\r\n\x03\x04\x00" * 60)
    (tmp_path / "from_host.py").write_text("def greet():\n    return 'hello from the host'\n")
    code = (
        "import os, from_host\n"
        "print(from_host.greet())\n"
        "print(sorted(os.listdir()), os.stat('binary')[6])\n"
        "print(open('binary', 'rb').read() == b'\\r\\n\\x03\\x04\\x00' * 60)\n"
        "with open('written', 'w') as f: f.write('by the board')\n"
        "print(os.listdir('/'))\n"
    )
    printed = served.mpremote("B", "exec", "open('/on_flash', 'w').close()", "mount", ".", "exec", code, cwd=tmp_path)
    assert "hello from the host\n['binary', 'from_host.py'] 300\nTrue\n" in printed
    assert "'on_flash'" in printed
    assert (tmp_path / "written").read_text() == "by the board"


def test_ctrl_c_in_the_repl_reaches_the_board_and_not_the_server(served: Served) -> None:
    with Repl(served, "A") as repl:
        # Wait until it runs: Ctrl-C before that would be typed text, on a Pico W as well.
        repl.type("exec(\"print('bu' + 'sy')\\nwhile True: pass\")\r")
        repl.expect(r"\r\nbusy\r\n")
        repl.type("\x03")
        repl.expect(r"KeyboardInterrupt: *\r\n>>> $")
        repl.type("import time; print('asleep'); time.sleep(100)\r")
        repl.expect(r"\r\nasleep\r\n")
        repl.type("\x03")
        repl.expect(r"KeyboardInterrupt: *\r\n>>> $")
        repl.type("1 + 1\r")
        repl.expect(r"\r\n2\r\n>>> $")
    assert served.process.poll() is None


def test_two_boards_at_once(served: Served) -> None:
    # The boards take turns with the CPU; together they take as long as one.
    code = "import time\nfor n in range(20):\n time.sleep_ms(20)\n print({board!r}, n)"
    running = {
        board: subprocess.Popen(
            served.mpremote_command(board, "exec", code.format(board=board)), stdout=subprocess.PIPE, text=True
        )
        for board in ("A", "B")
    }
    for board, process in running.items():
        assert process.communicate(timeout=PATIENCE_S)[0] == "".join(f"{board} {n}\n" for n in range(20))
        assert process.returncode == 0


def test_board_without_power_has_no_port_and_comes_back(served: Served) -> None:
    with Watcher(served.control) as watcher:
        assert served.power(1, "off") == "off"
        watcher.wait_for("A", "absent")
        done = served.try_mpremote("A", "eval", "1")
        assert (done.returncode, "failed to access" in done.stdout + done.stderr) == (1, True)
        assert served.power(1, "on") == "on"
        watcher.wait_for("A", "application")
    assert served.mpremote("A", "eval", "1") == "1\n"


class Repl:
    """`mpremote repl` in a terminal."""

    def __init__(self, served: Served, board: str) -> None:
        self._clock = MonotonicClock()
        self._terminal, inside = pty.openpty()
        # From the beginning: mpremote prints its greeting before it sets raw mode, and an Enter typed in between would
        # reach the board as another character.
        tty.setraw(inside)
        self._seen = ""
        self._process = subprocess.Popen(
            served.mpremote_command(board, "repl"), stdin=inside, stdout=inside, stderr=inside, start_new_session=True
        )
        os.close(inside)

    def __enter__(self) -> Self:
        self.expect("to exit this shell")
        self.type("\r")
        self.expect(r">>> $")
        return self

    def __exit__(self, *_: object) -> None:
        self.type("\x1d")
        self._process.wait(PATIENCE_S)
        os.close(self._terminal)

    def type(self, keys: str) -> None:
        self._seen = ""
        os.write(self._terminal, keys.encode())

    def expect(self, pattern: str) -> None:
        deadline = self._clock.deadline(PATIENCE_S)
        while not re.search(pattern, self._seen):
            ready, _, _ = select.select([self._terminal], [], [], deadline.remaining_s)
            assert ready, f"{pattern!r} did not appear; seen: {self._seen!r}"
            self._seen += os.read(self._terminal, 4096).decode()
