"""A world that runs in real time."""

import os
import threading
from functools import partial

from hil.clock import MonotonicClock
from hil.virtual.realtime import RealTime
from hil.virtual.world import US_PER_S, World


def test_events_happen_when_due_and_not_before() -> None:
    world, clock = World(1), MonotonicClock()
    loop = RealTime(world, clock)
    happened: list[tuple[float, float]] = []

    def note(due_us: int) -> None:
        happened.append((due_us / US_PER_S, clock.now()))

    for due_us in (0, 5_000, 5_000, 120_000):
        world.after(due_us, partial(note, due_us))
    loop.run(lambda: len(happened) == 4)
    loop.close()
    assert [due for due, _ in happened] == [0, 0.005, 0.005, 0.12]
    assert all(due <= at for due, at in happened)


def test_a_long_silence_is_not_a_delay() -> None:
    # More than a second without an event does not count as a world that cannot keep up.
    world, clock = World(1), MonotonicClock()
    begun_s = clock.now()
    loop = RealTime(world, clock)
    happened: list[float] = []
    world.after(1_300_000, lambda: happened.append(clock.now() - begun_s))
    world.after(1_350_000, lambda: happened.append(clock.now() - begun_s))
    loop.run(lambda: len(happened) == 2)
    loop.close()
    assert world.now_us <= (clock.now() - begun_s) * US_PER_S
    # If it counted as a delay, the silence would last twice as long. No machine for tests is that slow.
    assert 1.3 <= happened[0] < 2.5


def test_world_ten_times_as_fast_as_the_clock() -> None:
    world, clock = World(1), MonotonicClock()
    loop = RealTime(world, clock, speed=10)
    happened: list[float] = []
    for due_us in (1_500_000, 3_000_000):
        world.after(due_us, lambda: happened.append(clock.now()))
    loop.run(lambda: len(happened) == 2)
    loop.close()
    assert all(due <= at for due, at in zip((0.15, 0.3), happened, strict=True))
    assert happened[1] < 3  # it would be more at the speed of the clock


def test_bytes_from_outside_reach_the_world_at_once_and_at_the_time_of_the_clock() -> None:
    world, clock = World(1), MonotonicClock()
    loop = RealTime(world, clock)
    read, write = os.pipe()
    heard: list[tuple[bytes, int]] = []
    loop.watch(read, lambda: heard.append((os.read(read, 10), world.now_us)))
    world.after(3600 * US_PER_S, lambda: None)  # the world would otherwise wait for this
    begun_s = clock.now()
    timer = threading.Timer(0.1, os.write, (write, b"x"))
    timer.start()
    loop.run(lambda: bool(heard))
    timer.join()
    loop.unwatch(read)
    loop.close()
    os.close(read)
    os.close(write)
    ((data, at_us),) = heard
    assert data == b"x"
    assert at_us <= (clock.now() - begun_s) * US_PER_S


def test_world_too_busy_for_real_time_still_listens() -> None:
    world, clock = World(1), MonotonicClock()
    loop = RealTime(world, clock)
    read, write = os.pipe()
    os.write(write, b"stop")
    heard: list[bytes] = []
    loop.watch(read, lambda: heard.append(os.read(read, 10)))

    def work() -> None:
        # Several milliseconds of the host for each one of the world.
        deadline = clock.deadline(0.005)
        while not deadline.expired:
            pass
        world.after(1_000, work)

    world.after(0, work)
    loop.run(lambda: bool(heard))
    loop.close()
    os.close(read)
    os.close(write)
    assert heard == [b"stop"]


def test_callback_can_end_the_watch_of_another_file_that_is_ready_too() -> None:
    world, clock = World(1), MonotonicClock()
    loop = RealTime(world, clock)
    pipes = [os.pipe() for _ in range(2)]
    heard: list[int] = []

    def on_ready(mine: int, other: int) -> None:
        heard.append(mine)
        loop.unwatch(pipes[other][0])

    for mine, other in ((0, 1), (1, 0)):
        os.write(pipes[mine][1], b"x")
        loop.watch(pipes[mine][0], partial(on_ready, mine, other))
    loop.run(lambda: bool(heard))
    loop.close()
    for ends in pipes:
        for end in ends:
            os.close(end)
    assert len(heard) == 1
