from collections.abc import Callable

import pytest

from tests.virtual.port.bench import Board


@pytest.mark.parametrize(
    "source",
    [
        "while True: pass",
        "import time\ntime.sleep(1000)",
        "input('?')",
        "import select, sys\np = select.poll()\np.register(sys.stdin, select.POLLIN)\np.poll()",
        "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\ns.bind(('0.0.0.0', 9))\ns.recvfrom(9)",
        "import asyncio\nasync def m(): await asyncio.sleep(1000)\nasyncio.run(m())",
        "import machine\nwhile True: machine.lightsleep(10)",
    ],
)
def test_ctrl_c_interrupts(board: Board, source: str) -> None:
    board.begin(source)
    board.world.run(board.world.now_us + 500_000)
    board.type(b"\x03")
    assert board.end().splitlines()[-1] == "KeyboardInterrupt: "
    assert board.run("print('alive')") == "alive\n"


def test_ctrl_c_at_an_idle_prompt_is_a_new_prompt(new_board: Callable[..., Board]) -> None:
    board = new_board(at_prompt=True)
    board.type(b"abc\x03")
    board.until(b"\r\n>>> ")
    board.type(b"2\r")
    board.until(b"2\r\n2\r\n>>> ")


def test_many_interrupts_in_a_row(board: Board) -> None:
    board.begin("n = 0\nwhile n < 50:\n try:\n  while True: pass\n except KeyboardInterrupt: n += 1\nprint(n)")
    for _ in range(60):
        board.world.run(board.world.now_us + 10_000)
        board.type(b"\x03")
    assert "50\n" in board.end()


def test_a_pin_interrupts(board: Board) -> None:
    board.begin(
        """
from machine import Pin
import time
seen = []
pin = Pin(5, Pin.IN)
pin.irq(lambda p: seen.append(p.value()), Pin.IRQ_RISING | Pin.IRQ_FALLING)
time.sleep(1)
print(seen)
"""
    )
    for level in (1, 0, 1):
        board.world.run(board.world.now_us + 100_000)
        board.set_level(5, level)
    assert board.end() == "[1, 0, 1]\n"


def test_a_memory_error_is_survived(board: Board) -> None:
    assert (
        board.run("def f():\n a = []\n while True: a.append(bytearray(1000))\nf()")
        .splitlines()[-1]
        .startswith("MemoryError")
    )
    assert board.run("print(1)") == "1\n"


def test_deep_recursion_is_survived(board: Board) -> None:
    assert board.run("def r(): r()\nr()").splitlines()[-1] == "RuntimeError: maximum recursion depth exceeded"
    assert board.run("import json\nl = []\nfor i in range(1500): l = [l]\njson.dumps(l)").splitlines()[-1] == (
        "RuntimeError: maximum recursion depth exceeded"
    )
    assert board.run(
        "import _thread, time\ndef r(): r()\n_thread.start_new_thread(r, ())\ntime.sleep(1)\nprint('on')"
    ).endswith("RuntimeError: maximum recursion depth exceeded\non\n")


def test_the_collector_sees_what_is_in_use(board: Board) -> None:
    source = """
import gc, json, math, re
gc.threshold(1)
for i in range(10, 60):
    n = math.factorial(i)
    for j in range(2, i + 1):
        n //= j
    assert n == 1
for i in range(30):
    assert json.loads(json.dumps({'a': [i] * 5, 'b': {str(i): i}})) == {'a': [i] * 5, 'b': {str(i): i}}
    assert re.sub('(a)', lambda m: m.group(1) * 2, 'banana%d' % i) == 'baanaanaa%d' % i
print('ok')
"""
    assert board.run(source, 300) == "ok\n"


def test_a_locked_heap_allows_what_does_not_allocate(board: Board) -> None:
    assert (
        board.run(
            "import micropython\nfrom machine import Pin\np = Pin(3, Pin.OUT)\nmicropython.heap_lock()\np.value(1)\n"
            "micropython.heap_unlock()\nprint(p.value())"
        )
        == "1\n"
    )
