"""Recovery, quarantine and blocked tests as the user of pytest sees them, with faulty boards on a virtual rig."""

import random
import re
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from tests.bootsel.uf2_writer import micropython

RIG = """\
rig: small
wifi: {ssid: PicoAP, password: hush-hush}
recovery: {uf2: pico.uf2}
hubs:
  main: {driver: virtual, ports: 12}
boards:
"""

MANIFEST = """\
app: talk
description: prints its role
roles:
  ap: {files: {main.py: main.py}}
  client: {files: {data.bin: data.bin, main.py: main.py}}
events:
  hello: '^hello role=(?P<role>\\S+)'
"""

FIRMWARE = """\
import json, time

print("hello role=" + json.load(open("config.json"))["role"])
while True:
    time.sleep(10)
"""

FAULTY_BOARDS = """
import pytest

CATCHES_CTRL_C = '''
import time
while True:
    try:
        time.sleep_ms(5)
        print('key hush-hush')
    except:
        pass
'''

@pytest.fixture(scope="session")
def hil_open_rig(hil_open_rig):
    rig, bench = hil_open_rig, hil_open_rig._bench
    pico = bench.boards

    def write(board, path, content):
        pico[board].flash.replace(path, content.encode())

{code}
    return rig
"""

RUNGS = """
    # Swallows many interrupts, not all.
    write("ctrl-c", "/main.py", '''
import time
caught = 0
while caught < 60:
    try:
        time.sleep(100)
    except KeyboardInterrupt:
        caught += 1
''')
    # Firmware with its own console, such as aiorepl: Ctrl-C is an ordinary character there, Ctrl-D ends it.
    write("raw-repl", "/main.py",
        "import micropython, sys\\nmicropython.kbd_intr(-1)\\nwhile sys.stdin.read(1) != '\\\\x04': pass")
    # The hub only pretends to cut power. A soft reset keeps the radio on, and then boot.py prints forever from a
    # timer: no answer of the raw REPL can be recognized in that.
    write("hard-reset", "/boot.py", '''
import network, machine
if network.WLAN(0).active():
    machine.Timer(period=5, callback=lambda timer: print("still on the air"))
''')
    write("hard-reset", "/main.py",
        "import network, time\\nnetwork.WLAN(0).active(True)\\nwhile True: time.sleep(1)")
    bench.hubs["main"].never_cut.add(rig.config.boards["hard-reset"].power.port)
    rig.boards["hard-reset"].boot()
    rig.clock.sleep(5)
    pico["power-cycle"].failing_enumerations = 2
    # One Ctrl-C ends its first sleep. Only another one immediately after that arrives while it is unprotected.
    write("within-boot", "/main.py",
        "import time\\ntry: time.sleep(5)\\nexcept: pass\\ntime.sleep(0.2)\\n" + CATCHES_CTRL_C)
    # The watchdog cannot be stopped, and resets the board before such a large file is written.
    write("erase", "/main.py", "import machine, time\\nmachine.WDT(timeout=1700)\\nwhile True: time.sleep(1)")
    # An earlier run was killed while the fault was active.
    rig.faults.full_flash(rig.boards["full"])
    pico["no-firmware"].firmware.has_second_stage = False
"""

DEAD_C = """
    pico["C"].unplug_usb()
"""

MakeFaultyRig = Callable[[str, str], Path]


@pytest.fixture
def make_faulty_rig(pytester: pytest.Pytester) -> MakeFaultyRig:
    """Makes a rig whose boards ``code`` breaks before the first test, and the app `talk`; returns the rig file."""

    def make_faulty_rig(boards: str, code: str) -> Path:
        folder = pytester.mkdir("firmware") / "talk"
        folder.mkdir()
        (folder / "firmware.yaml").write_text(MANIFEST)
        (folder / "main.py").write_text(FIRMWARE)
        # Not compressible: the time to write it matters.
        (folder / "data.bin").write_bytes(random.Random(1).randbytes(69_120 if "WDT" in code else 256))
        (pytester.path / "pico.uf2").write_bytes(micropython())
        pytester.makeconftest("")
        (pytester.path / "conftest.py").write_text(FAULTY_BOARDS.replace("{code}", code))
        lines = [f"  {name}: {{power: main/{port}}}\n" for port, name in enumerate(boards.split(), start=1)]
        return pytester.makefile(".yaml", rig=RIG + "".join(lines))

    return make_faulty_rig


def test_each_rung_helps_where_those_before_it_do_not(
    pytester: pytest.Pytester, make_faulty_rig: MakeFaultyRig
) -> None:
    boards = "ap well ctrl-c raw-repl hard-reset power-cycle within-boot erase full no-firmware"
    rig = make_faulty_rig(boards, RUNGS)
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.firmware("talk")
        def test_all_run_what_was_deployed(boards):
            # The hub does not cut the power of one board, so it does not restart either.
            others = [board for board in boards.values() if board.name != "hard-reset"]
            for board in others:
                board.power.on()
            for board in others:
                board.console.expect("hello", within=5)
        """
    )
    result = pytester.runpytest("--rig", rig)
    result.assert_outcomes(passed=1)
    assert result.ret == pytest.ExitCode.OK
    recoveries = dict(re.findall(r"^board (\S+) needed recovery (.*)$", result.stdout.str(), re.MULTILINE))
    # The watchdog may reset the board during any of the mild rungs, which then have no device to try.
    recoveries["erase"] = re.sub(r"\(\d tries\)", "(* tries)", recoveries["erase"])
    assert recoveries == {
        "ctrl-c": "once: Ctrl-C helped once (1 try)",
        "raw-repl": "once: raw REPL helped once (2 tries)",
        "hard-reset": "once: hard reset helped once (3 tries)",
        "power-cycle": "once: power cycle helped once (2 tries)",
        "within-boot": "once: interrupt within boot helped once (5 tries)",
        "erase": "once: erase main.py helped once (* tries)",
        "full": "once: erase main.py helped once (1 try)",
        "no-firmware": "once: UF2 helped once (2 tries)",
    }


FOUR_TESTS = """
    import pytest

    pytestmark = pytest.mark.firmware("talk")

    def test_all(clients): pass

    @pytest.mark.needs(clients=2)
    def test_two(clients): pass

    @pytest.mark.needs(clients=1)
    def test_one(ap, clients):
        clients[0].power.on()
        clients[0].console.expect("hello", within=5)

    def test_again(clients): pass
"""


def test_a_dead_board_costs_no_other_test_its_verdict(
    pytester: pytest.Pytester, make_faulty_rig: MakeFaultyRig
) -> None:
    rig = make_faulty_rig("A B C", DEAD_C)
    pytester.makepyfile(test_it=FOUR_TESTS)
    result = pytester.runpytest("--rig", rig, "--junitxml=junit.xml", "-o", "junit_family=xunit1")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "firmware: talk/ap *, talk/client *",
            "test_it.py Bb.b *",
            "E *RecoveryFailed: C: no serial device 15 s after power-on *quarantined for the rest of the run",
            "testplan    passed  skipped  blocked  failed  bench-error",
            "test_it.py       1        -        2       -            1",
            "board C needed recovery once: nothing helped (3 tries); quarantined: no serial device 15 s after *",
            "*= short test summary info =*",
            "BENCH ERROR test_it.py::test_all - RecoveryFailed: C: no serial device 15 s after power-on *",
            "BLOCKED test_it.py::test_two - board C is quarantined: no serial device 15 s after *(4 attempts)*",
            "BLOCKED test_it.py::test_again - board C is quarantined: *: mark it with needs(clients=N) if fewer do",
            "*1 passed, 1 bench-error, 2 blocked*",
        ]
    )
    (rig_time_s,) = re.findall(r"^(\d+) s of rig time", result.stdout.str(), re.MULTILINE)
    # At most 60 s for the dead board; the rest is for deploying to A and B, and for the test that passed.
    assert int(rig_time_s) <= 60 + 12
    cases = {case.attrib["name"]: case for case in ET.parse(pytester.path / "junit.xml").iter("testcase")}
    (error,) = cases["test_two"].iter("error")
    assert "blocked: board C is quarantined: no serial device" in error.attrib["message"]
    said = {(found.attrib["name"], found.attrib["value"]) for found in cases["test_two"].iter("property")}
    assert ("outcome", "blocked") in said


def test_a_board_that_prints_secrets_under_xdist(pytester: pytest.Pytester, make_faulty_rig: MakeFaultyRig) -> None:
    rig = make_faulty_rig("A B C", '    write("C", "/main.py", CATCHES_CTRL_C)')
    pytester.makepyfile(test_it=FOUR_TESTS)
    result = pytester.runpytest("--rig", rig, "-n", "1", "-v", "--junitxml=junit.xml")
    result.stdout.fnmatch_lines(
        [
            "*BLOCKED*test_it.py::test_two*",
            "board C needed recovery once: nothing helped (* tries); quarantined: *",
            "BLOCKED test_it.py::test_two - board C is quarantined: *key ***",
            "*1 bench-error, 2 blocked*",
        ]
    )
    assert "hush-hush" not in result.stdout.str() + (pytester.path / "junit.xml").read_text()


def test_a_board_that_dies_in_a_test_is_replaced_in_the_next(
    pytester: pytest.Pytester, make_faulty_rig: MakeFaultyRig
) -> None:
    rig = make_faulty_rig("A B C", "    pass")
    pytester.makepyfile(
        test_it="""
        import pytest

        pytestmark = [pytest.mark.firmware("talk"), pytest.mark.needs(clients=1)]

        def test_cable(rig, clients):
            assert [board.name for board in clients] == ["B"]
            rig._bench.boards["B"].unplug_usb()
            clients[0].power.on()
            clients[0].console.expect("hello", within=20)

        def test_next(clients, boards):
            assert list(boards) == ["A", "C"]
            clients[0].power.on()
            clients[0].console.expect("hello", within=5)

        def test_wrong_firmware(ap):
            ap.power.on()
            ap.console.expect("hello", within=20, role="client")
        """
    )
    result = pytester.runpytest("--rig", rig, "--hil-artifacts", "out")
    result.stdout.fnmatch_lines(
        [
            "test_it.py B.F *",
            "board B needed recovery once: nothing helped (3 tries); quarantined: no serial device *",
            "FAILED test_it.py::test_wrong_firmware - *",
            "BENCH ERROR test_it.py::test_cable - B: no serial device since it was switched on; check its cable *",
        ]
    )
    timeline = (pytester.path / "out" / "test_it.test_next" / "timeline.txt").read_text()
    assert re.search(r"small +recovery this test runs on A, C: B is quarantined", timeline)


def test_kernel_trouble_is_attached_to_the_test(pytester: pytest.Pytester, make_faulty_rig: MakeFaultyRig) -> None:
    rig = make_faulty_rig("A B", "    pass")
    pytester.path.joinpath("kmsg").touch()
    with pytester.path.joinpath("conftest.py").open("a") as conftest:
        conftest.write(KERNEL_WATCH)
    pytester.makepyfile(
        test_it="""
        import pathlib

        def test_trouble(ap):
            with pathlib.Path("kmsg").open("a") as kmsg:
                kmsg.write("3,700,5000000,-;usb 1-1.4.2: device descriptor read/64, error -71\\n")
            assert False

        def test_quiet(ap): assert False
        """
    )
    result = pytester.runpytest("--rig", rig, "--hil-artifacts", "out")
    result.stdout.fnmatch_lines(
        ["*kernel log (USB)*", "[[]    5.000000[]] usb 1-1.4.2: device descriptor read/64, error -71"]
    )
    assert [path.parent.name for path in (pytester.path / "out").glob("*/kernel.log")] == ["test_it.test_trouble"]


KERNEL_WATCH = """

@pytest.fixture(scope="session")
def hil_kernel_watch():
    import pathlib
    from hil.report.kernel_watch import KernelWatch
    from hil.host.kernel_log import KmsgLog
    watch = KernelWatch(KmsgLog(pathlib.Path("kmsg")))
    yield watch
    watch.close()
"""
