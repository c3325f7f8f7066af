import pytest

from hil.virtual.port.shared import Peripheral, ResetKind
from tests.virtual.port.bench import Board


def test_identity(board: Board) -> None:
    assert board.run("import machine\nprint(machine.unique_id().hex(), machine.freq(), machine.reset_cause())") == (
        "e661640843730001 125000000 1\n"
    )


@pytest.mark.parametrize(
    ("source", "error"),
    [
        ("machine.ADC(machine.Pin(3))", "ValueError: Pin doesn't have ADC capabilities"),
        ("machine.PWM(machine.Pin(3)).freq(1)", "ValueError: freq too small"),
        ("machine.freq(1)", "ValueError: cannot change frequency"),
        ("machine.Pin(77)", "ValueError: invalid pin"),
        ("machine.Pin('X')", 'ValueError: unknown named pin "X"'),
        ("machine.Timer(1)", "ValueError: Timer doesn't exist"),
        ("machine.WDT(timeout=9000)", "ValueError: timeout exceeds 8388"),
    ],
)
def test_errors_are_those_of_the_chip(board: Board, source: str, error: str) -> None:
    assert board.run(f"import machine\n{source}").splitlines()[-1] == error


def test_pins_say_what_they_are(board: Board) -> None:
    assert (
        board.run(
            "from machine import Pin\n"
            "print(Pin(3, Pin.IN, Pin.PULL_UP), Pin.cpu.GPIO3.value(), Pin('LED', Pin.OUT), Pin.board.GP5)"
        )
        == "Pin(GPIO3, mode=IN, pull=PULL_UP) 1 Pin(EXT_GPIO0, mode=OUT) Pin(GPIO5, mode=ALT, alt=31)\n"
    )


def test_the_outside_sees_a_pin_at_its_time(board: Board) -> None:
    board.run("from machine import Pin\nimport time\np = Pin(7, Pin.OUT)\np(1)\ntime.sleep_ms(10)\np(0)")
    times = [time_us for time_us, peripheral, index in board.writes if (peripheral, index) == (Peripheral.PIN, 7)]
    assert 10_000 <= times[-1] - times[-2] < 10_100


def test_the_program_sees_levels_and_voltages(board: Board) -> None:
    board.levels[4] = 1
    board.volts[0] = 2048
    assert board.run("from machine import ADC, Pin\nprint(Pin(4, Pin.IN).value(), ADC(26).read_u16())") == "1 32776\n"


def test_two_channels_of_a_slice_share_their_frequency(board: Board) -> None:
    assert (
        board.run(
            "from machine import PWM, Pin\na = PWM(Pin(2), freq=1000, duty_u16=30000)\n"
            "b = PWM(Pin(3))\nprint(a, b.freq(), a.duty_u16())"
        )
        == "<PWM slice=1 channel=0 invert=0> 1000 30000\n"
    )


@pytest.mark.parametrize(
    ("source", "kind"),
    [("machine.reset()", ResetKind.WATCHDOG), ("machine.bootloader()", ResetKind.BOOTLOADER)],
)
def test_resets(board: Board, source: str, kind: ResetKind) -> None:
    board.begin(f"import machine\n{source}")
    board.until(b">>> ")
    assert board.resets == [kind]


def test_a_watchdog_that_is_not_fed_bites(board: Board) -> None:
    board.begin(
        "import machine, time\nw = machine.WDT(timeout=500)\nfor i in range(5): time.sleep(.4); w.feed()\ntime.sleep(9)"
    )
    start_us = board.world.now_us
    board.until(b">>> ")
    assert 2_500_000 < board.world.now_us - start_us < 2_600_000
    board.enter_raw_repl()
    assert board.run("import machine\nprint(machine.reset_cause() == machine.WDT_RESET)") == "True\n"


def test_software_buses_work_on_pins(board: Board) -> None:
    board.levels = {0: 1, 1: 1}
    assert board.run("from machine import Pin, SoftI2C\nprint(SoftI2C(Pin(1), Pin(0)).scan())", 60) == "[]\n"
