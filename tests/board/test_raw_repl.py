"""The raw REPL of a virtual board: the real MicroPython answers, in virtual time."""

import re

import pytest

from hil.board.board import Board
from hil.board.raw_repl import ReplError
from hil.board.repl_port import DhcpNoise
from hil.clock import Clock
from hil.errors import LinkError
from hil.rig import Rig
from hil.virtual.bench.bench import VirtualBench
from hil.virtual.flash import Flash


@pytest.fixture
def board(virtual_rig: Rig) -> Board:
    return virtual_rig.boards["A"]


@pytest.fixture
def clock(virtual_rig: Rig) -> Clock:
    return virtual_rig.clock


@pytest.fixture
def flash(virtual_bench: VirtualBench) -> Flash:
    """What is on the board's flash, as if someone had put it there before."""
    return virtual_bench.boards["A"].flash


def test_exec_returns_what_the_code_printed(board: Board) -> None:
    with board.repl() as repl:
        assert repl.exec("for i in range(3): print('line', i)") == "line 0\nline 1\nline 2\n"


def test_definitions_last_from_one_exec_to_the_next(board: Board) -> None:
    with board.repl() as repl:
        repl.exec("x = 20")
        assert repl.eval("x + 1") == 21


def test_eval_rebuilds_the_value(board: Board) -> None:
    with board.repl() as repl:
        assert repl.eval("{'a': [1, 2.5, None], 'b': b'\\x00\\xff'}") == {"a": [1, 2.5, None], "b": b"\x00\xff"}


def test_the_board_is_the_one_of_the_rig_file(board: Board) -> None:
    with board.repl() as repl:
        assert repl.eval("__import__('machine').unique_id().hex()") == board.serial


def test_an_exception_on_the_board_comes_with_its_traceback(board: Board) -> None:
    with board.repl() as repl:
        with pytest.raises(ReplError, match=r"A: (?s:.)*Traceback(?s:.)*ValueError: odd"):
            repl.exec("raise ValueError('odd')")
        assert repl.eval("1 + 1") == 2


@pytest.mark.parametrize(
    ("code", "error"),
    [("print('soon')\nraise ValueError('odd')", "Traceback(?s:.)*ValueError: odd"), ("pass", "ended without .*'go'")],
)
def test_a_program_that_ends_before_it_is_ready_is_noticed_at_once(
    board: Board, clock: Clock, code: str, error: str
) -> None:
    with board.repl() as repl:
        begun_s = clock.now()
        with pytest.raises(ReplError, match=f"A: (?s:.)*{error}"):
            repl.start(code, b"go")
        assert clock.now() - begun_s < 1
        assert repl.eval("1 + 1") == 2


def test_code_longer_than_the_window_of_raw_paste(board: Board) -> None:
    data = bytes(range(256)) * 20
    with board.repl() as repl:
        repl.exec(f"data = {data!r}")
        assert repl.eval("data") == data


def test_code_that_does_not_end_is_given_up_and_can_be_interrupted(board: Board, clock: Clock) -> None:
    with board.repl() as repl:
        started_s = clock.now()
        with pytest.raises(LinkError, match="did not run 'import time' within 2 s"):
            repl.exec("import time\nwhile True: time.sleep(1)", within_s=2)
    assert clock.now() - started_s == pytest.approx(2, abs=0.1)
    with board.repl() as repl:
        assert repl.eval("1 + 1") == 2


def test_a_program_is_interrupted(flash: Flash, board: Board) -> None:
    flash.replace("/main.py", b"import time\nx = 7\nwhile True: time.sleep(1)")
    with board.repl() as repl:
        assert repl.eval("x") == 7


def test_a_soft_reset_clears_the_state_of_the_program(flash: Flash, board: Board) -> None:
    flash.replace("/main.py", b"import time\nx = 7\nwhile True: time.sleep(1)")
    with board.repl(soft_reset=True) as repl:
        assert repl.eval("'x' in globals()") is False


def test_a_program_that_floods_the_console_is_interrupted(flash: Flash, board: Board) -> None:
    flash.replace("/main.py", b"while True: print('flood ' * 10)")
    with board.repl(soft_reset=True) as repl:
        assert repl.eval("1 + 1") == 2


def test_a_busy_loop_is_interrupted(flash: Flash, board: Board) -> None:
    flash.replace("/main.py", b"while True: pass")
    with board.repl(soft_reset=True) as repl:
        assert repl.eval("1 + 1") == 2


def test_a_program_that_catches_interrupts_a_few_times_is_interrupted(flash: Flash, board: Board) -> None:
    flash.replace(
        "/main.py",
        b"import time\ncaught = 0\nwhile caught < 5:\n try:\n  time.sleep(100)\n except KeyboardInterrupt:\n"
        b"  caught += 1\n  print('not me')\n",
    )
    with board.repl() as repl:
        assert repl.eval("caught") == 5


def test_a_program_that_floods_and_never_gives_in_is_given_up_in_time(flash: Flash, board: Board, clock: Clock) -> None:
    flash.replace(
        "/main.py",
        b"import time\nwhile True:\n try:\n"
        b"  while True: time.sleep_ms(2); print('flood ' * 10)\n except KeyboardInterrupt: pass\n",
    )
    board.boot()
    started_s = clock.now()
    with pytest.raises(LinkError, match=r"A: the board did not give its raw REPL within 15 s .*flood"):
        board.repl().__enter__()
    assert clock.now() - started_s == pytest.approx(15, abs=1.1)


def test_a_boot_py_that_never_ends_is_interrupted_after_the_soft_reset(flash: Flash, board: Board) -> None:
    board.boot()
    flash.replace("/boot.py", b"import time\nwhile True: time.sleep(1)")
    with board.repl(soft_reset=True) as repl:
        assert repl.eval("1 + 1") == 2


def test_nothing_of_it_reaches_the_console_or_stdout(board: Board, capsys: pytest.CaptureFixture[str]) -> None:
    board.boot()
    mark = board.console.mark()
    with board.repl(soft_reset=True) as repl:
        repl.exec("print('secret')")
    assert not any("secret" in line.text for line in board.console.lines[mark.lines :])
    assert capsys.readouterr().out == ""


def test_a_power_cut_is_a_link_error_that_names_the_board(virtual_bench: VirtualBench, board: Board) -> None:
    board.boot()
    virtual_bench.world.after(1_000_000, virtual_bench.power_port("A").off)
    with pytest.raises(LinkError, match="A: the serial device went away"), board.repl() as repl:
        repl.exec("import time\ntime.sleep(5)")


@pytest.mark.parametrize("size", [1, 2, 7, 1000])
def test_lines_of_the_dhcp_server_are_taken_out_wherever_they_are(size: int) -> None:
    message = b"DHCPS: client connected: MAC=28:cd:c1:00:00:01 IP=192.168.4.16\r\n"
    stream = b"O" + message + b"K12" + message + message + b"34 DHCPS: other\n\x04D\x04>"
    noise, clean = DhcpNoise(), b""
    for position in range(0, len(stream), size):
        clean += noise.remove(stream[position : position + size])
    assert clean == b"OK1234 DHCPS: other\n\x04D\x04>"


def test_a_client_that_joins_does_not_disturb_the_repl_of_its_ap(virtual_rig: Rig, virtual_bench: VirtualBench) -> None:
    ap, client = virtual_rig.boards["A"], virtual_rig.boards["B"]
    virtual_bench.boards["B"].flash.replace(
        "/main.py",
        b"import network\nsta = network.WLAN(0)\nsta.active(True)\nsta.connect('Cell', 'long-enough')\n"
        b"while not sta.isconnected(): pass\nprint('joined')\n",
    )
    with ap.repl() as repl:
        repl.exec(
            "import network\nap = network.WLAN(1)\nap.config(ssid='Cell', key='long-enough')\nap.active(True)\n"
            "import time\nwhile not ap.active(): time.sleep_ms(10)"
        )
        client.power.on()
        output = repl.exec("for i in range(1000):\n print(i)\n time.sleep_ms(10)", within_s=20)
    assert output.split() == [str(number) for number in range(1000)]
    client.console.expect(re.compile("joined"), within=0)
