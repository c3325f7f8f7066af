import pytest

from tests.virtual.port.bench import Board


def test_there_is_one_more_thread(board: Board) -> None:
    source = """
import _thread, time
def other():
    print('other', _thread.get_ident())
    time.sleep_ms(20)
_thread.start_new_thread(other, ())
try:
    _thread.start_new_thread(other, ())
except OSError as error:
    print(error)
time.sleep(.1)
_thread.start_new_thread(other, ())
time.sleep(.1)
print('main', _thread.get_ident())
"""
    assert sorted(board.run(source).splitlines()) == ["core1 in use", "main 1", "other 2", "other 2"]


def test_both_cores_compute_at_once(board: Board) -> None:
    source = """
import _thread, time
done = [0, 0]
def count(k):
    start = time.ticks_us()
    for i in range(20000): pass
    done[k] = time.ticks_us() - start
_thread.start_new_thread(count, (1,))
count(0)
time.sleep(.1)
print(abs(done[0] - done[1]) < done[0] // 10)
"""
    assert board.run(source) == "True\n"


def test_both_cores_allocate(board: Board) -> None:
    source = """
import _thread, time
ok = [0, 0]
def work(k):
    for i in range(1000):
        l = [(k, i, str(j)) for j in range(10)]
        assert [x[2] for x in l] == [str(j) for j in range(10)]
    ok[k] = 1
_thread.start_new_thread(work, (1,))
work(0)
time.sleep(2)
print(ok)
"""
    assert board.run(source) == "[1, 1]\n"


def test_a_lock_is_waited_for(board: Board) -> None:
    source = """
import _thread, time
lock = _thread.allocate_lock()
def hold():
    with lock:
        time.sleep(1)
_thread.start_new_thread(hold, ())
time.sleep(.1)
start = time.ticks_ms()
with lock:
    print(850 < time.ticks_ms() - start < 950)
print(lock.acquire(False), lock.acquire(False))
"""
    assert board.run(source) == "True\nTrue False\n"


@pytest.mark.parametrize("other", ["pass", "time.sleep(1000)", "[0] * 20"])
@pytest.mark.parametrize("main", ["while True: pass", "time.sleep(1000)", "while True: [0] * 20"])
def test_ctrl_c_reaches_the_main_program(board: Board, main: str, other: str) -> None:
    board.begin(f"import _thread, time\ndef t():\n while True: {other}\n_thread.start_new_thread(t, ())\n{main}")
    board.world.run(board.world.now_us + 200_000)
    board.type(b"\x03")
    assert board.end().splitlines()[-1] == "KeyboardInterrupt: "


@pytest.mark.parametrize(
    "other",
    [
        "while True: pass",
        "while True: [0] * 20",
        "lock.acquire()\n time.sleep(1000)",
        "while True:\n  with open('/x', 'w') as f: f.write('y' * 2000)",
        "i = 0\n while True:\n  i += 1\n  getattr(lock, 'x%d' % i, 0)",
    ],
)
def test_a_soft_reset_ends_the_other_core(board: Board, other: str) -> None:
    board.run(
        f"import time, _thread\nlock = _thread.allocate_lock()\ndef t():\n {other}\n"
        "_thread.start_new_thread(t, ())\ntime.sleep(.3)"
    )
    board.type(b"\x04")
    board.until(b"raw REPL; CTRL-B to exit\r\n>")
    assert board.run("import _thread, time\n_thread.start_new_thread(print, (5,))\ntime.sleep(.1)") == "5\n"


def test_an_exception_ends_only_its_thread(board: Board) -> None:
    result = board.run(
        "import _thread, time\ndef t(): 1 / 0\n_thread.start_new_thread(t, ())\ntime.sleep(.1)\nprint('on')"
    )
    assert "ZeroDivisionError: divide by zero" in result
    assert result.endswith("on\n")


def test_a_callback_scheduled_by_core_1_runs(board: Board) -> None:
    source = """
import _thread, micropython, time
seen = []
_thread.start_new_thread(lambda: micropython.schedule(seen.append, 3), ())
time.sleep(.1)
print(seen)
"""
    assert board.run(source) == "[3]\n"
