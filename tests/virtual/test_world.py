import signal
from collections.abc import Callable

import pytest

from hil.virtual.bench.clock import VirtualClock
from hil.virtual.world import World


def test_events_happen_in_order_of_time_then_of_scheduling() -> None:
    world, happened = World(1), []
    world.at(20, lambda: happened.append("late"))
    world.at(10, lambda: happened.append("first"))
    world.at(10, lambda: happened.append("second"))
    world.run(30)
    assert (happened, world.now_us) == (["first", "second", "late"], 30)


def test_cancelled_event_does_not_happen() -> None:
    world, happened = World(1), []
    world.at(10, lambda: happened.append("x")).cancel()
    world.run(20)
    assert happened == []


def test_waiting_stops_at_the_event_that_made_the_condition_true() -> None:
    world = World(1)
    clock, seen = VirtualClock(world), []

    def see() -> None:
        seen.append(1)
        world.notify()

    world.at(1_500_000, see)
    assert clock.wait(lambda: bool(seen), timeout_s=10)
    assert clock.now() == 1.5


def test_time_runs_out_when_the_condition_stays_false() -> None:
    clock = VirtualClock(World(1))
    assert not clock.wait(lambda: False, timeout_s=2.5)
    assert clock.now() == 2.5


def test_time_advances_only_while_nothing_else_is_due() -> None:
    world, allowed = World(1), []
    world.at(10, lambda: allowed.extend([world.try_advance(40), world.try_advance(50), world.try_advance(200)]))
    world.at(50, lambda: None)
    world.run(100)
    assert allowed == [True, False, False]


def test_the_same_seed_gives_the_same_draws() -> None:
    assert World(7).rng.random() == World(7).rng.random() != World(8).rng.random()


def interrupted_event(happened: list[str]) -> Callable[[], None]:
    def event() -> None:
        signal.raise_signal(signal.SIGINT)
        happened.append("completed")

    return event


def test_ctrl_c_is_deferred_to_the_end_of_the_event() -> None:
    world, happened = World(1), list[str]()
    before = signal.getsignal(signal.SIGINT)
    world.at(10, interrupted_event(happened))
    world.at(20, lambda: happened.append("later"))
    with pytest.raises(KeyboardInterrupt):
        world.run(30)
    assert (happened, world.now_us) == (["completed"], 10)
    assert signal.getsignal(signal.SIGINT) is before
    world.run(30)
    assert happened == ["completed", "later"]


def test_the_ctrl_c_handler_is_restored_after_nested_waits() -> None:
    world, happened = World(1), list[str]()
    clock, before = VirtualClock(world), signal.getsignal(signal.SIGINT)
    world.at(10, world.notify)
    world.at(20, interrupted_event(happened))
    with pytest.raises(KeyboardInterrupt):
        clock.wait(lambda: world.now_us >= 10 and clock.wait(lambda: False, timeout_s=0.001), timeout_s=1)
    assert happened == ["completed"]
    assert signal.getsignal(signal.SIGINT) is before


def test_a_computing_board_stops_for_ctrl_c() -> None:
    world, steps = World(1), list[bool]()

    def compute() -> None:
        steps.append(world.try_advance(5))
        signal.raise_signal(signal.SIGINT)
        steps.append(world.try_advance(6))

    world.at(1, compute)
    with pytest.raises(KeyboardInterrupt):
        world.run(100)
    assert steps == [True, False]


def test_the_world_continues_after_a_handler_that_does_not_raise() -> None:
    world, happened = World(1), list[str]()
    before = signal.signal(signal.SIGALRM, lambda _number, _frame: happened.append("alarm"))
    try:
        world.at(10, lambda: signal.raise_signal(signal.SIGALRM))
        world.at(20, lambda: happened.append("later"))
        world.run(30)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert happened == ["alarm", "later"]
