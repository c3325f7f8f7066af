"""Concurrent tasks, on the host's clock and on that of the virtual bench."""

from collections.abc import Callable

import pytest

from hil.clock import Clock, MonotonicClock
from hil.rig import Rig
from hil.virtual.bench.clock import VirtualClock
from hil.virtual.world import World


@pytest.fixture(params=["real", "virtual"])
def clock(request: pytest.FixtureRequest) -> Clock:
    return MonotonicClock() if request.param == "real" else VirtualClock(World(1))


def test_tasks_can_wait_for_each_other(clock: Clock) -> None:
    finished: list[str] = []

    def finish(name: str, after: str) -> None:
        assert not after or clock.wait(lambda: after in finished, 20)
        finished.append(name)
        clock.notify()

    clock.run_concurrently([lambda: finish("three", "two"), lambda: finish("two", "one"), lambda: finish("one", "")])
    assert finished == ["one", "two", "three"]


def test_all_tasks_finish_before_an_error_is_raised(clock: Clock) -> None:
    done: list[str] = []

    def fail() -> None:
        raise ValueError("no")

    def work() -> None:
        clock.sleep(0.01)
        done.append("work")

    with pytest.raises(ExceptionGroup) as failed:
        clock.run_concurrently([fail, work, fail])
    assert [str(error) for error in failed.value.exceptions] == ["no", "no"]
    assert done == ["work"]


def test_no_tasks(clock: Clock) -> None:
    clock.run_concurrently([])


@pytest.fixture
def world() -> World:
    return World(1)


def test_virtual_time_passes_once_for_all_tasks(world: World) -> None:
    clock, seen = VirtualClock(world), list[tuple[str, float, bool]]()
    world.after(1_500_000, lambda: seen.append(("event", clock.now(), True)))

    def sleeper(name: str, naps_s: list[float]) -> Callable[[], None]:
        def sleep() -> None:
            for nap_s in naps_s:
                seen.append((name, clock.now(), clock.wait(lambda: False, nap_s)))

        return sleep

    clock.run_concurrently([sleeper("a", [1, 1, 1]), sleeper("b", [2, 1]), sleeper("c", [0])])
    assert clock.now() == 3
    assert [entry[:2] for entry in seen] == [("c", 0), ("a", 0), ("event", 1.5), ("a", 1), ("b", 0), ("a", 2), ("b", 2)]


def test_a_wait_in_a_task_returns_whether_the_condition_held(world: World) -> None:
    clock, answers = VirtualClock(world), list[bool]()
    flag: list[str] = []

    def wait(timeout_s: float) -> None:
        answers.append(clock.wait(lambda: bool(flag), timeout_s))

    def raise_flag() -> None:
        clock.sleep(1)
        flag.append("up")
        clock.notify()

    clock.run_concurrently([lambda: wait(5), lambda: wait(0.5), raise_flag])
    assert answers == [False, True]
    assert clock.now() == 1


def test_an_interrupt_terminates_the_waiting_tasks(world: World) -> None:
    clock, cleaned = VirtualClock(world), list[str]()

    def tidy() -> None:
        try:
            clock.sleep(10)
        finally:
            cleaned.append("tidy")

    def interrupt() -> None:
        clock.sleep(1)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        clock.run_concurrently([tidy, interrupt])
    assert cleaned == ["tidy"]
    clock.sleep(1)
    assert clock.now() == 2


def test_concurrent_work_on_two_boards_takes_the_time_of_one(virtual_rig: Rig) -> None:
    def ask(name: str) -> Callable[[], None]:
        def run() -> None:
            with virtual_rig.boards[name].repl() as repl:
                answers[name] = repl.eval("__import__('time').sleep(5) or __import__('machine').unique_id().hex()")

        return run

    answers: dict[str, object] = {}
    clock = virtual_rig.clock
    clock.run_concurrently([ask("A")])
    alone_s = clock.now()
    clock.run_concurrently([ask(name) for name in "BC"])
    assert clock.now() - alone_s < 1.2 * alone_s
    assert answers == {name: virtual_rig.boards[name].serial for name in "ABC"}
