import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from hil.history.store import History, HistoryError, TrendLineKey
from tests.history.runs import history_of, night, record

ROOT = Path(__file__).parents[2]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "nightly" / "history.sqlite"


def test_runs_come_back_in_the_order_in_which_they_were_added(file: Path) -> None:
    history_of(file, [[4.5, 5.5], [4.25, 5.25]])
    (line,) = History(file).lines()
    assert line.key == TrendLineKey(rig="bench-1", condition="", name="failover", unit="s")
    assert [point.run for point in line.points] == [night(0), night(1)]
    assert [point.values.by_test for point in line.points] == [
        {"t.py::test_0": [4.5], "t.py::test_1": [5.5]},
        {"t.py::test_0": [4.25], "t.py::test_1": [5.25]},
    ]


def test_rig_condition_name_and_unit_identify_a_line_but_not_the_limit(file: Path) -> None:
    history = History(file, create=True)
    history.add(night(0), [record(4), record(4000, unit="ms"), record(2, name="join")])
    history.add(night(1), [record(5, limit=12.0)])
    history.add(night(2, rig="bench-2"), [record(6)])
    history.add(night(3, condition="loss=0.1"), [record(7)])
    lines = [
        (line.key.rig, line.key.condition, line.key.name, line.key.unit, [p.values.limit for p in line.points])
        for line in history.lines()
    ]
    assert lines == [
        ("bench-1", "", "failover", "ms", [8]),
        ("bench-1", "", "failover", "s", [8, 12]),
        ("bench-1", "", "join", "s", [8]),
        ("bench-1", "loss=0.1", "failover", "s", [8]),
        ("bench-2", "", "failover", "s", [8]),
    ]


def test_measurements_of_a_broken_bench_are_kept_but_not_compared(file: Path) -> None:
    history = History(file, create=True)
    history.add(night(0), [record(4), record(90, outcome="bench-error"), record(5, outcome="failed")])
    (line,) = history.lines()
    assert line.points[0].values.values == [4, 5]
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM measurements").fetchone() == (3,)


def test_an_accepted_run_is_the_first_that_is_compared(file: Path) -> None:
    history = history_of(file, [[4], [4], [6]])
    history.accept(history.lines()[0])
    history.add(night(3), [record(6.5, test="t.py::test_0")])
    (line,) = History(file).lines()
    assert [run.values for run in line.compared] == [[6], [6.5]]
    assert len(line.points) == 4


ADD_MANY = """
import sys
from pathlib import Path
from hil.history.store import History
from tests.history.runs import night, record

history = History(Path(sys.argv[1]), create=True)
for number in range(10):
    history.add(night(number, rig=sys.argv[2]), [record(4.0)])
"""


def test_several_processes_create_and_share_a_file(file: Path) -> None:
    arguments = [sys.executable, "-c", ADD_MANY, str(file)]
    processes = [subprocess.Popen([*arguments, rig], cwd=ROOT) for rig in ("bench-1", "bench-2")]
    assert [process.wait() for process in processes] == [0, 0]
    assert [len(line.points) for line in History(file).lines()] == [10, 10]


def test_a_run_is_added_completely_or_not_at_all(file: Path) -> None:
    history = history_of(file, [[4]])
    with pytest.raises(HistoryError, match=r"history\.sqlite: NOT NULL"):
        history.add(night(1), [record(4), record(float("nan"))])
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT count(*) FROM runs").fetchone() == (1,)
    history.add(night(1), [record(4)])
    assert len(history.lines()[0].points) == 2


def other_version(file: Path) -> str:
    history_of(file, [[4]])
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("PRAGMA user_version = 7")
    return "it has schema version 7, this pico-hil reads and writes 1; use the pico-hil that wrote it, or keep it and"


def other_database(file: Path) -> str:
    with closing(sqlite3.connect(file)) as connection:
        connection.execute("CREATE TABLE addresses (name TEXT)")
        connection.commit()
    return "this is not a history of pico-hil; name another file"


def no_database(file: Path) -> str:
    file.write_text("rig: bench-1\n" * 100)
    return "file is not a database; it must be a history"


def cut_off(file: Path) -> str:
    history_of(file, [[4.0] * 50] * 5)
    file.write_bytes(file.read_bytes()[:-5000])
    return "malformed"


def overwritten(file: Path) -> str:
    history_of(file, [[4.0] * 50] * 5)
    content = bytearray(file.read_bytes())
    content[8192:12000] = b"\xa5" * (12000 - 8192)
    file.write_bytes(content)
    return "damaged"


@pytest.mark.parametrize("spoil", [other_version, other_database, no_database, cut_off, overwritten])
@pytest.mark.parametrize("create", [False, True])
def test_an_unusable_file_is_not_changed(file: Path, spoil: object, create: bool) -> None:
    file.parent.mkdir()
    assert callable(spoil)
    expected = spoil(file)
    before = file.read_bytes()
    with pytest.raises(HistoryError) as caught:
        History(file, create=create)
    assert str(caught.value).startswith(f"measurement history {file}: ")
    assert expected in str(caught.value)
    assert file.read_bytes() == before


def test_a_missing_file_is_created_only_for_writing(file: Path) -> None:
    with pytest.raises(HistoryError, match="no such file; runs with --hil-history write one"):
        History(file)
    assert not file.exists()
    History(file, create=True)
    assert History(file).lines() == []


def test_a_folder_that_cannot_be_created(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(HistoryError, match=r"its folder cannot be made \(File exists\)"):
        History(tmp_path / "taken" / "history.sqlite", create=True)
