"""Programs of the system: started, waited for, and never waited for too long."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hil.host.program import ProgramError, ProgramMissing, ProgramUnusable, run_here


def test_what_it_says_and_its_status() -> None:
    done = run_here(["sh", "-c", "echo out; echo err >&2; exit 3"], 30)
    assert (done.status, done.output, done.errors) == (3, "out\n", "err\n")
    assert done.reason() == "exit status 3: err"


def test_words_are_words_and_no_shell() -> None:
    assert run_here(["printf", "%s|", "a b", "$HOME", "`id`", ";", "*"], 30).output == "a b|$HOME|`id`|;|*|"


def test_one_that_never_ends_is_ended_with_its_children(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "held")
    with _reading(tmp_path / "held") as held:
        with pytest.raises(ProgramError, match=r"`sh -c .*` did not end within 0\.5 s and was stopped"):
            run_here(["sh", "-c", f"exec 9> {tmp_path}/held; sleep 1000 & wait"], 0.5)
        # Nobody is left who could write: as long as somebody is, this does not return.
        assert os.read(held, 1) == b""


def test_one_that_leaves_a_child_behind_is_not_waited_for(tmp_path: Path) -> None:
    # As ssh does with ControlPersist. The child inherits its output, and ends once it has read from the pipe.
    os.mkfifo(tmp_path / "awaited")
    done = run_here(["sh", "-c", f"cat {tmp_path}/awaited & echo done"], 30)
    assert done.output == "done\n"
    (tmp_path / "awaited").write_text("")


def test_no_such_program() -> None:
    with pytest.raises(ProgramMissing, match="there is no program nonesuch on this machine"):
        run_here(["nonesuch", "--off"], 30)


def test_one_that_may_not_be_run(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a program")
    with pytest.raises(ProgramUnusable, match=r"notes\.txt` cannot be run \(Permission denied\)"):
        run_here([str(tmp_path / "notes.txt")], 30)


def test_what_must_not_be_shown_is_not() -> None:
    with pytest.raises(ProgramError) as caught:
        run_here([sys.executable, "-c", "while True: pass", "hush"], 0.0, ["switch", "${KEY}"])
    assert str(caught.value) == "`switch '${KEY}'` did not end within 0 s and was stopped"


@contextmanager
def _reading(path: Path) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    # Open at once, without a writer; a read then waits until there is none any more.
    os.set_blocking(descriptor, True)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
