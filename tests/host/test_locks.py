"""Locks of boards: errors name the owner, and a lock ends with its process."""

import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hil.errors import BenchError
from hil.host.locks import BoardLocks, BoardsInUse
from tests.links.conftest import descriptors

HOLDER = """
import sys
from pathlib import Path
from hil.host.locks import BoardLocks
locks = BoardLocks({"B": ["serial e661", "usb 1-1.4.2"]}, Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


@contextmanager
def another_run(folder: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that has locked board B, until it is killed or the block ends."""
    command = [sys.executable, "-c", HOLDER, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process


def test_the_owner_of_a_locked_board_is_named(tmp_path: Path) -> None:
    with another_run(tmp_path) as process:
        with pytest.raises(BoardsInUse) as caught:
            BoardLocks({"B": ["serial e661"]}, tmp_path)
        process.communicate("")
    text = str(caught.value)
    assert text.startswith(f"board B (serial e661) is in use by process {process.pid} of user ")
    assert f"{sys.executable} -c" in text
    assert "since 20" in text
    assert "; wait until that ends, or end it (" in text


@pytest.mark.parametrize("key", ["serial e661", "usb 1-1.4.2"])
def test_a_board_is_the_same_under_any_name(tmp_path: Path, key: str) -> None:
    with another_run(tmp_path) as process:
        with pytest.raises(BoardsInUse, match=f"board left \\({key}\\) is in use"):
            BoardLocks({"left": [key]}, tmp_path)
        process.communicate("")


def test_a_killed_process_leaves_no_lock(tmp_path: Path) -> None:
    with another_run(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        BoardLocks({"B": ["serial e661", "usb 1-1.4.2"]}, tmp_path).release()


def test_other_boards_are_free(tmp_path: Path) -> None:
    with another_run(tmp_path) as process:
        BoardLocks({"C": ["serial e662", "usb 1-1.4.3"]}, tmp_path).release()
        process.communicate("")


def test_all_boards_of_a_rig_are_locked_or_none(tmp_path: Path) -> None:
    before = descriptors()
    with another_run(tmp_path) as process:
        after_start = descriptors()
        with pytest.raises(BoardsInUse, match="board B"):
            BoardLocks({"A": ["serial e660"], "B": ["serial e661"]}, tmp_path)
        assert descriptors() == after_start
        BoardLocks({"A": ["serial e660"]}, tmp_path).release()
        process.communicate("")
    assert descriptors() == before


def test_locks_can_be_released_and_taken_repeatedly(tmp_path: Path) -> None:
    before = descriptors()
    for _ in range(50):
        locks = BoardLocks({"A": ["usb 1-1.4.1"], "B": ["usb 1-1.4.2", "link rfc2217://lab2:4001"]}, tmp_path)
        with pytest.raises(BoardsInUse):
            BoardLocks({"B": ["link rfc2217://lab2:4001"]}, tmp_path)
        locks.release()
    assert descriptors() == before


def test_every_user_may_use_the_folder_despite_the_umask_of_the_first(tmp_path: Path) -> None:
    folder = tmp_path / "pico-hil"
    umask = os.umask(0o077)
    try:
        locks = BoardLocks({"B": ["serial e661"]}, folder)
    finally:
        os.umask(umask)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o1777
    assert [stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()] == [0o666]
    locks.release()
    assert list(folder.iterdir()) == []


def test_many_at_once_never_have_the_same_board(tmp_path: Path) -> None:
    held, overlaps, taken = threading.Lock(), [], []

    def run() -> None:
        for _ in range(200):
            try:
                locks = BoardLocks({"B": ["serial e661"]}, tmp_path)
            except BoardsInUse:
                continue
            if held.acquire(blocking=False):
                taken.append(1)
                os.sched_yield()
                held.release()
            else:
                overlaps.append(1)
            locks.release()

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert taken
    assert not overlaps


def test_a_symlink_in_place_of_a_lock_file_is_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "precious"
    elsewhere.write_text("kept")
    (tmp_path / "serial_e661.lock").symlink_to(elsewhere)
    with pytest.raises(BenchError, match=r"board B cannot be locked \(.*serial_e661.lock: .*correct the rights"):
        BoardLocks({"B": ["serial e661"]}, tmp_path)
    assert elsewhere.read_text() == "kept"


def test_a_folder_that_cannot_be_created_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(BenchError, match="boards cannot be locked there"):
        BoardLocks({"B": ["serial e661"]}, tmp_path / "file" / "pico-hil")
