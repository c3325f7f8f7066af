"""Programs of the system: started, and waited for with a timeout."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hil.host.program import ProgramError, ProgramMissing, ProgramUnusable, run_here


def test_output_and_exit_status() -> None:
    done = run_here(["sh", "-c", "echo out; echo err >&2; exit 3"], 30)
    assert (done.status, done.output, done.errors) == (3, "out\n", "err\n")
    assert done.reason() == "exit status 3: err"


def test_arguments_are_not_interpreted_by_a_shell() -> None:
    assert run_here(["printf", "%s|", "a b", "$HOME", "`id`", ";", "*"], 30).output == "a b|$HOME|`id`|;|*|"


def test_a_program_that_never_ends_is_stopped_with_its_children(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "held")
    with _reading(tmp_path / "held") as held:
        with pytest.raises(ProgramError, match=r"`sh -c .*` did not end within 0\.5 s and was stopped"):
            run_here(["sh", "-c", f"exec 9> {tmp_path}/held; sleep 1000 & wait"], 0.5)
        # No process that could write is left; otherwise this would not return.
        assert os.read(held, 1) == b""


def test_a_program_that_leaves_a_child_running_is_not_waited_for(tmp_path: Path) -> None:
    # As ssh does with ControlPersist. The child inherits its output, and ends once it has read from the pipe.
    os.mkfifo(tmp_path / "awaited")
    done = run_here(["sh", "-c", f"cat {tmp_path}/awaited & echo done"], 30)
    assert done.output == "done\n"
    (tmp_path / "awaited").write_text("")


def test_a_missing_program() -> None:
    with pytest.raises(ProgramMissing, match="there is no program nonesuch on this machine"):
        run_here(["nonesuch", "--off"], 30)


def test_a_file_that_is_not_executable(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a program")
    with pytest.raises(ProgramUnusable, match=r"notes\.txt` cannot be run \(Permission denied\)"):
        run_here([str(tmp_path / "notes.txt")], 30)


def test_secret_arguments_are_not_shown() -> None:
    with pytest.raises(ProgramError) as caught:
        run_here([sys.executable, "-c", "while True: pass", "hush"], 0.0, ["switch", "${KEY}"])
    assert str(caught.value) == "`switch '${KEY}'` did not end within 0 s and was stopped"


@contextmanager
def _reading(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    # Opens at once, without a writer. A read then waits until there is no writer left.
    os.set_blocking(descriptor, True)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
