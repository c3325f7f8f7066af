from collections.abc import Callable

import pytest

from tests.virtual.port.bench import Board


def test_the_clock_starts_in_2021(board: Board) -> None:
    assert board.run("import time\nprint(time.localtime()[:3], type(time.time()))") == "(2021, 1, 1) <class 'int'>\n"


def test_sleeping_takes_rig_time(board: Board) -> None:
    before = board.world.now_us
    assert (
        board.run("import time\nt = time.ticks_ms()\ntime.sleep(2)\nprint(time.ticks_diff(time.ticks_ms(), t))")
        == "2000\n"
    )
    assert 2_000_000 <= board.world.now_us - before < 2_100_000


@pytest.mark.parametrize("us", [3, 500, 1500, 20_000])
def test_short_sleeps_are_exact(board: Board, us: int) -> None:
    taken = int(board.run(f"import time\nt = time.ticks_us()\ntime.sleep_us({us})\nprint(time.ticks_us() - t)"))
    assert us <= taken <= us + 50


def test_the_rtc_is_set_and_outlives_a_soft_reset(board: Board) -> None:
    board.run("import machine\nmachine.RTC().datetime((2026, 1, 2, 4, 3, 4, 5, 0))")
    board.type(b"\x04")
    board.until(b"raw REPL; CTRL-B to exit\r\n>")
    assert board.run("import time\nprint(time.localtime()[:4])") == "(2026, 1, 2, 3)\n"


@pytest.mark.parametrize("hard", [False, True])
def test_a_timer_ticks_while_the_program_sleeps_and_computes(board: Board, hard: bool) -> None:
    source = f"""
import machine, time
n = 0
def tick(timer):
    global n
    n += 1
t = machine.Timer(period=10, callback=tick, hard={hard})
time.sleep(1)
print(n in (99, 100))
start = time.ticks_ms()
while time.ticks_diff(time.ticks_ms(), start) < 1000:
    pass
print(n in (199, 200))
t.deinit()
"""
    assert board.run(source) == "True\nTrue\n"


def test_eight_timers_at_once(board: Board) -> None:
    source = """
import machine, time
fired = []
for i in range(8):
    machine.Timer(mode=machine.Timer.ONE_SHOT, period=5, callback=lambda t: fired.append(1))
time.sleep(.1)
print(len(fired))
"""
    assert board.run(source) == "8\n"


def test_tasks_take_turns(board: Board) -> None:
    source = """
import asyncio
async def count(name, ms):
    for i in range(3):
        await asyncio.sleep_ms(ms)
        print(name, i)
async def main():
    await asyncio.gather(count('a', 10), count('b', 16))
asyncio.run(main())
"""
    assert board.run(source) == "a 0\nb 0\na 1\na 2\nb 1\nb 2\n"


def test_the_same_seed_gives_the_same_bytes(new_board: Callable[..., Board]) -> None:
    source = """
import os, random, time, _thread
def other():
    for i in range(50):
        print(i, time.ticks_us())
_thread.start_new_thread(other, ())
for i in range(50):
    print(os.urandom(4), random.random(), time.ticks_us())
time.sleep(1)
"""
    from hil.virtual.world import World  # two worlds, not the fixture's one

    def run() -> str:
        board = Board(World(7))
        board.until(b">>> ")
        board.enter_raw_repl()
        result = board.run(source)
        board.chip.halt()
        return result

    first = run()
    assert len(first.splitlines()) == 100
    assert run() == first
