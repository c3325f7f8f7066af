"""Short versions of the runs of `make soak`: they work, and they detect leaks."""

from pathlib import Path

from hil.rig import Rig
from tests.soak.bench import locks_of, rig_of, served_boards
from tests.soak.kills import Runs
from tests.soak.power_cycles import cycle_power


def test_power_cycles_leave_nothing_behind(tmp_path: Path) -> None:
    with served_boards(tmp_path, "ABCD") as served:
        assert "at 20 times real time" in served.printed[0]
        first, *_, last = cycle_power(served, cycles=12, every=4)[1:]
        assert last.run.grown_since(first.run, memory_kb=4096) == []
        assert last.server.grown_since(first.server, memory_kb=4096) == []
        assert locks_of(served) == []


def test_an_open_bench_is_detected_by_its_threads_descriptors_and_locks(tmp_path: Path) -> None:
    with served_boards(tmp_path, "AB") as served:
        (before,) = cycle_power(served, cycles=0, every=1)
        rig = Rig.open(rig_of(served))
        for board in rig.boards.values():
            board.boot()
        (now,) = cycle_power(served, cycles=0, every=1)
        kinds = [text.partition(":")[0] for text in now.run.grown_since(before.run, memory_kb=10**6)]
        assert kinds == ["descriptors", "threads", "locks"]
        assert len(locks_of(served)) == 4
        rig.close()


def test_runs_that_were_killed_leave_a_bench_that_works(tmp_path: Path) -> None:
    with served_boards(tmp_path, "AB") as served:
        runs = Runs(tmp_path / "plan", served, seed=1)
        runs.prepare()
        kills = [runs.kill_with_locks(), *runs.kill(1)]
    assert [kill.printed for kill in kills] == [""] * 2
    # The lock files remain. The locks ended with the process, or the next run would not have been clean.
    assert kills[0].was_running
    assert kills[0].locks_left
