from collections.abc import Callable

import pytest

from hil.virtual.world import World
from tests.virtual.port.bench import Board

UP = b"\x1b[A"


@pytest.fixture
def terminal(new_board: Callable[..., Board]) -> Board:
    return new_board(at_prompt=True)


def _answer(board: Board, typed: bytes) -> bytes:
    board.type(typed)
    return board.until(b"\r\n>>> ").removesuffix(b">>> ").strip()


@pytest.mark.parametrize(("release", "date"), [("1.26.1", "2025-09-11"), ("1.25.0", "2025-04-15")])
def test_says_what_it_is(world: World, release: str, date: str) -> None:
    board = Board(world, release=release)
    assert board.until(b">>> ").startswith(
        f"MicroPython v{release} on {date}; Raspberry Pi Pico W with RP2040\r\n".encode()
    )
    board.chip.halt()


def test_has_the_names_of_the_port(board: Board) -> None:
    assert board.run("import sys\nprint(sys.version, sys.implementation._machine, sys.platform)") == (
        "3.4.0; MicroPython v1.26.1 on 2025-09-11 Raspberry Pi Pico W with RP2040 rp2\n"
    )


def test_evaluates_what_is_typed(terminal: Board) -> None:
    assert _answer(terminal, b"1+1\r") == b"1+1\r\n2"


def test_floats_are_of_single_precision(board: Board) -> None:
    assert board.run("print(16777217.0, 1/3)") == "16777216.0 0.33333334\n"


def test_has_a_history(terminal: Board) -> None:
    _answer(terminal, b"6*7\r")
    assert _answer(terminal, UP + b"\r") == b"6*7\r\n42"


def test_completes_names(terminal: Board) -> None:
    _answer(terminal, b"import machine\r")
    assert _answer(terminal, b"machine.uniq\t().hex()\r").endswith(b"'e6616408437300" + b"01'")


def test_indents_by_itself(terminal: Board) -> None:
    terminal.type(b"for i in range(2):\rprint(i)\r\r\r\r")
    terminal.until(b"0\r\n1\r\n>>> ")


def test_a_traceback_names_the_string_that_was_executed(board: Board) -> None:
    assert 'File "<string>", line 1, in <module>' in board.run('exec("1/0")')


def test_raw_paste_has_a_window(terminal: Board) -> None:
    terminal.enter_raw_repl()
    terminal.type(b"\x05A\x01")
    assert terminal.until(b"R\x01\x80\x00\x01")
    terminal.type(b"print(3)\n\x04")
    assert terminal.until(b"\x04>") == b"\x043\r\n\x04\x04>"


def test_soft_reset_from_the_raw_repl_does_not_run_main(board: Board) -> None:
    board.run("f = open('main.py', 'w')\nf.write('print(77)')\nf.close()")
    board.type(b"\x04")
    assert b"77" not in board.until(b"raw REPL; CTRL-B to exit\r\n>")
    board.type(b"\x02\x04")
    board.until(b"MPY: soft reboot\r\n77\r\n")


def test_frozen_modules_and_those_in_c_are_there(board: Board) -> None:
    names = "_thread asyncio tls cryptolib websocket _onewire rp2 lwip vfs deflate hashlib uctypes framebuf"
    assert board.run(f"for name in '{names}'.split(): __import__(name)\nprint('all')") == "all\n"


def test_what_it_has_not_says_so(board: Board) -> None:
    assert "NotImplementedError: rp2.StateMachine: the virtual board has none" in board.run(
        "import rp2\nrp2.StateMachine(0)"
    )
