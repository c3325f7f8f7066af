"""What a person at a board's terminal sees: boot, REPL, Ctrl-C, resets, power cuts, crashes."""

import re
from collections.abc import Callable

import pytest

from hil.virtual.bench.bench import VirtualBench
from hil.virtual.bench.power_state import PowerState
from tests.virtual.conftest import Terminal


def test_boot_runs_boot_then_main_then_offers_the_prompt(terminal: Terminal) -> None:
    terminal.boot(boot="print('from boot')", main="import sys\nprint('from main', sys.platform)")
    assert re.search(
        r"from boot\r\nfrom main rp2\r\nMicroPython v1\.27\S* on \S+; Raspberry Pi Pico W with RP2040\r\n"
        r'Type "help\(\)" for more information\.\r\n>>> $',
        terminal.output,
    )


def test_serial_device_appears_one_to_five_seconds_after_power_on(terminal: Terminal) -> None:
    terminal.power(True)
    terminal.sleep(0.9)
    assert not terminal.connected_now
    terminal.sleep(4.1)
    assert terminal.connected_now


def test_hung_boot_py_on_a_cold_boot_means_no_usb(terminal: Terminal) -> None:
    terminal.boot(boot="while True: pass")
    assert terminal.connections == 0


def test_of_output_before_the_port_is_open_only_the_end_is_kept(terminal: Terminal) -> None:
    terminal.boot(main="for i in range(100): print('line', i)")
    assert "line 0\r\n" not in terminal.output
    assert "line 99\r\n" in terminal.output


def test_traceback_shows_the_users_frames_only(terminal: Terminal) -> None:
    terminal.boot(main="def f():\n    1 / 0\n\nf()\n")
    assert (
        "Traceback (most recent call last):\r\n"
        '  File "main.py", line 4, in <module>\r\n'
        '  File "main.py", line 2, in f\r\n'
        "ZeroDivisionError: divide by zero\r\n"
    ) in terminal.output


def test_prompt_evaluates_expressions_and_continues_blocks(terminal: Terminal) -> None:
    terminal.boot()
    assert terminal.run("6 * 7") == "42"
    assert "0\r\n1\r\n2\r\n" in terminal.type("for i in range(3):\r    print(i)\r\r")
    assert terminal.run("len('(') + len(\"[{\")  # (") == "3"
    assert "... " in terminal.type("len([1,\r")
    assert terminal.run("2])") == "2"


@pytest.mark.parametrize(
    "program",
    [
        "while True: pass",
        "import time\nwhile True: time.sleep(1000)",
        "import time\nwhile True: time.sleep_ms(1)",
        "import sys\nsys.stdin.readline()",
        "import select, sys\np = select.poll()\np.register(sys.stdin, 1)\np.poll()",
        "x = 0\nwhile True: x = sum(range(5000))",
    ],
)
def test_ctrl_c_stops_programs_that_compute_sleep_or_poll(terminal: Terminal, program: str) -> None:
    terminal.boot(main=program)
    assert "KeyboardInterrupt" not in terminal.output
    answer = terminal.type("\x03", answer_s=0.3)
    assert "KeyboardInterrupt" in answer
    assert answer.endswith(">>> ")


def test_ctrl_c_can_be_caught_by_the_program(terminal: Terminal) -> None:
    terminal.boot(
        main="import time\ntry:\n    while True: pass\nexcept KeyboardInterrupt:\n    print('caught')\nprint('after')\n"
    )
    assert "caught\r\nafter\r\n" in terminal.type("\x03", answer_s=0.3)


def test_programs_read_typed_lines(terminal: Terminal) -> None:
    terminal.boot(main="import sys\nprint(input('name? '), sys.stdin.readline(), sys.stdin.read(1))\n")
    terminal.sleep(2)
    assert terminal.output.endswith("name? ")
    assert (terminal.type("Ada\r"), terminal.type("Lovelace\r")) == ("", "")
    assert terminal.type("\r").startswith("Ada Lovelace\r\n \r\n\r\n")


def test_busy_loop_neither_freezes_the_bench_nor_stops_time(open_bench: Callable[..., VirtualBench]) -> None:
    bench = open_bench(boards=2)
    busy, other = Terminal(bench, "A"), Terminal(bench, "B")
    busy.pico.flash.replace("/main.py", b"while True: pass")
    other.pico.flash.replace("/main.py", b"import time\nwhile True:\n    print(time.ticks_ms())\n    time.sleep(1)\n")
    busy.power(True)
    other.power(True)
    other.sleep(10)
    assert bench.clock.now() == 10
    assert len(re.findall(r"^\d+\r$", other.output, re.MULTILINE)) >= 8
    busy.power(False)
    assert busy.pico.state is PowerState.OFF


def test_computing_takes_board_time(terminal: Terminal) -> None:
    terminal.boot()
    answer = terminal.run(
        "import time; t = time.ticks_us(); [0 for i in range(1000)]; print(time.ticks_diff(time.ticks_us(), t))"
    )
    assert 500 < int(answer.splitlines()[-1]) < 20_000


def test_soft_reset_keeps_usb_and_runs_main_again(terminal: Terminal) -> None:
    terminal.boot(main="print('main runs')")
    answer = terminal.type("\x04")
    assert "MPY: soft reboot\r\nmain runs\r\n" in answer
    assert terminal.connections == 1


def test_hard_reset_enumerates_again_and_reports_its_cause(terminal: Terminal) -> None:
    terminal.boot()
    assert terminal.run("import machine; machine.reset_cause()") == "1"
    terminal.type("machine.reset()\r", answer_s=3)
    assert terminal.connections == 2
    assert terminal.run("import machine; machine.reset_cause()") == "3"


def test_watchdog_that_is_not_fed_resets_the_board(terminal: Terminal) -> None:
    terminal.boot(main="import machine\nprint('cause', machine.reset_cause())\n")
    terminal.type("w = machine.WDT(timeout=2000)\r", answer_s=5)
    assert terminal.output.count("cause 3") == 1


def test_sys_exit_in_main_is_a_soft_reset(terminal: Terminal) -> None:
    terminal.boot(main="import sys, time\nprint('again')\ntime.sleep(1)\nsys.exit()\n")
    terminal.sleep(3)
    assert terminal.output.count("MPY: soft reboot") >= 2


def test_an_exhausted_heap_is_a_memory_error_and_not_a_crash(terminal: Terminal) -> None:
    terminal.boot()
    assert "MemoryError" in terminal.run("x = [bytearray(1000) for i in range(1000)]")
    assert terminal.run("1 + 1") == "2"


def test_endless_recursion_is_a_runtime_error(terminal: Terminal) -> None:
    terminal.boot(main="def f(): f()\n")
    assert "RuntimeError: maximum recursion depth exceeded" in terminal.run("f()")


def test_garbage_collection_keeps_objects_in_use(terminal: Terminal) -> None:
    terminal.boot(
        main="import json\nfor i in range(3000):\n"
        "    a = json.loads(json.dumps({'a': [1, {'b': 'x' * 50}], 'c': str(i)}))\n    assert a['c'] == str(i)\n"
        "s = ''.join(sorted((str(i) for i in range(300)), key=lambda t: -int(t)))\nprint('ok', len(s))\n"
    )
    terminal.sleep(10)
    assert "ok 790" in terminal.output


def test_trap_is_a_crashed_board_until_reset(open_bench: Callable[..., VirtualBench]) -> None:
    bench = open_bench(boards=2)
    crashed, other = Terminal(bench, "A"), Terminal(bench, "B")
    crashed.boot()
    other.boot()
    # On a real board too, a write outside of memory causes a hard fault.
    crashed.type("import uctypes; uctypes.bytearray_at(0x7fffff00, 4)[0] = 1\r")
    assert "*** CRASH:" in crashed.output
    assert crashed.type("1 + 1\r") == ""
    assert other.run("1 + 1") == "2"
    crashed.power(False)
    crashed.power(True)
    crashed.sleep(3)
    assert crashed.run("1 + 1") == "2"


def test_power_cut_loses_ram_and_keeps_flash(terminal: Terminal) -> None:
    terminal.boot()
    terminal.run("f = open('/kept', 'w'); f.write('x'); f.close(); marker = 1")
    terminal.power(False)
    assert not terminal.connected_now
    terminal.power(True)
    terminal.sleep(3)
    assert terminal.run("open('/kept').read()") == "'x'"
    assert "NameError" in terminal.run("marker")


def test_errors_carry_the_numbers_and_names_of_a_pico(terminal: Terminal) -> None:
    terminal.boot()
    assert terminal.run("open('/none')").endswith("OSError: [Errno 2] ENOENT")
    assert terminal.run("import errno; errno.ETIMEDOUT, errno.EHOSTUNREACH") == "(110, 113)"
    assert terminal.run("OSError(110)") == "OSError(110,)"
    assert terminal.run("print(OSError(110))") == "[Errno 110] ETIMEDOUT"


def test_board_reports_its_model(terminal: Terminal) -> None:
    terminal.boot()
    assert "Raspberry Pi Pico W with RP2040" in terminal.run("import os; os.uname().machine")
    assert terminal.run("import machine; machine.unique_id().hex()") == repr(terminal.pico.serial_number)
    assert terminal.run("import time; time.time() - 1609459200 < 60") == "True"
    assert "AttributeError" in terminal.run("machine.TouchPad")


def test_timer_calls_back_while_the_program_sleeps(terminal: Terminal) -> None:
    terminal.boot(
        main="from machine import Timer\nimport time\nn = []\nt = Timer(period=100, callback=lambda t: n.append(1))\n"
        "a = time.ticks_ms()\ntime.sleep(2)\nprint(len(n), time.ticks_diff(time.ticks_ms(), a) // 10)\n"
    )
    terminal.sleep(3)
    assert re.search(r"^(19|20) 20\d\r$", terminal.output, re.MULTILINE)


def test_timers_made_before_they_are_started_are_two(terminal: Terminal) -> None:
    terminal.boot()
    terminal.run("from machine import Timer; one = Timer(); two = Timer(-1); fired = []")
    terminal.run("one.init(freq=2.5, mode=Timer.PERIODIC, callback=lambda t: fired.append(t))")
    terminal.run("two.init(period=3, tick_hz=10, mode=Timer.ONE_SHOT, callback=lambda t: fired.append(t))")
    terminal.sleep(1)
    assert terminal.run("len([t for t in fired if t is one]) > 2, len([t for t in fired if t is two])") == "(True, 1)"
    assert "ValueError: Timer doesn't exist" in terminal.run("Timer(0)")


def test_a_failing_timer_callback_shows_the_users_frames_and_the_timer_continues(terminal: Terminal) -> None:
    terminal.boot(main="def fail(timer):\n    print('again')\n    1 / 0\n")
    terminal.type("from machine import Timer; t = Timer(period=100, callback=fail); n = Timer(period=100)\r", 1)
    assert terminal.output.count("again") > 5
    assert "/.frozen/" not in terminal.output
    assert terminal.output.endswith('  File "main.py", line 3, in fail\r\nZeroDivisionError: divide by zero\r\n')


def test_leds_and_pins_hold_their_value(terminal: Terminal) -> None:
    terminal.boot()
    terminal.run("from machine import Pin; led = Pin('LED', Pin.OUT); led.on()")
    assert terminal.run("led.value()") == "1"
    assert "ValueError" in terminal.run("Pin(99)")
    assert terminal.run("led.toggle(); led(), Pin('WL_GPIO0').value(), led") == "(0, 0, Pin(EXT_GPIO0, mode=OUT))"
    assert terminal.run("Pin('GP3', Pin.OUT, value=1); Pin(3).value()") == "Pin(GPIO3, mode=OUT)\n1"


def test_pins_with_nothing_connected_follow_their_pull(terminal: Terminal) -> None:
    terminal.boot()
    terminal.run("from machine import Pin, Signal; button = Pin(15, Pin.IN, Pin.PULL_UP)")
    assert terminal.run("button.value(), button()") == "(1, 1)"
    assert terminal.run("Signal(button, invert=True).value(), Pin(14, Pin.IN, Pin.PULL_DOWN).value()") == "(0, 0)"
    assert terminal.run("print(button)") == "Pin(GPIO15, mode=IN, pull=PULL_UP)"
    terminal.run("button.irq(lambda pin: print('pressed'), Pin.IRQ_FALLING)")
    assert "pressed" not in terminal.run("button.on(); button.off()")
    assert terminal.run("button.value()") == "1"


def test_a_clock_that_was_set_runs_until_a_hard_reset(terminal: Terminal) -> None:
    terminal.boot()
    terminal.run("import machine, time; machine.RTC().datetime((2024, 5, 6, 0, 7, 8, 9, 0))")
    terminal.type("\x04", 1)
    assert terminal.run("import machine; machine.RTC().datetime()[:6]") == "(2024, 5, 6, 0, 7, 8)"
    terminal.type("machine.reset()\r", 3)
    assert terminal.run("import time; time.localtime()[:3]") == "(2021, 1, 1)"


@pytest.mark.parametrize(
    "use", ["utime.ticks_ms", "uos.uname", "uselect.poll", "usocket.AF_INET", "umachine.Pin", "ubinascii.hexlify"]
)
def test_modules_have_their_old_names_too(terminal: Terminal, use: str) -> None:
    terminal.boot()
    old, name = use.split(".")
    assert terminal.run(f"import {old}, {old[1:]}; {old}.{name} == {old[1:]}.{name}") == "True"
    assert terminal.run(f"from {old} import {name}; {name} == {old[1:]}.{name}") == "True"
    assert terminal.run("import usys; usys.platform") == "'rp2'"


def test_a_long_directory_is_listed_completely(terminal: Terminal) -> None:
    for index in range(120):
        terminal.pico.flash.replace(f"/{'x' * 40}{index:03}", b"")
    terminal.boot()
    assert terminal.run("import os; len(list(os.ilistdir())), len(os.listdir())") == "(120, 120)"


def test_a_directory_of_the_longest_names_in_any_script_is_listed_completely(terminal: Terminal) -> None:
    names = [f"{number:03}" + "ü" * 126 for number in range(20)]
    for name in names:
        terminal.pico.flash.replace(f"/{name}", b"")
    terminal.boot()
    assert terminal.run("import os; [n[0] for n in os.ilistdir()] == os.listdir(), len(os.listdir())") == "(True, 20)"
    assert terminal.run("list(os.ilistdir())[19][0] == '019' + 126 * '\\xfc'") == "True"


@pytest.mark.parametrize(
    "line",
    [
        "network.WLAN(1).config(ssid=5)",
        "s.sendto(b'', ('my host', 5))",
        "network.hostname(b'\\xff')",
        "open(b'/\\xff', 'w')",
        "open('/' + 256 * 'x', 'w')",
        "os.mkdir('/' + 128 * '\\xfc')",
        "os.urandom(-1)",
    ],
)
def test_wrong_arguments_are_an_error_on_the_board(terminal: Terminal, line: str) -> None:
    terminal.boot()
    terminal.run("import network, os, socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)")
    assert "Error" in terminal.run(line)
    assert terminal.run("os.listdir()") == "[]"


def test_too_many_open_files_are_an_error_on_the_board(terminal: Terminal) -> None:
    terminal.boot()
    assert "OSError: 24" in terminal.type("f = [open('/x', 'w') for i in range(1100)]\r", answer_s=5)
