"""What the live status shows about the boards of a rig."""

import re
from collections.abc import Iterable
from functools import partial
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from hil.cluster.cluster import Cluster
from hil.config.app import FirmwareCatalog
from hil.errors import WaitTimeout
from hil.events import EventPatterns
from hil.report.live.status import RigStatus
from hil.report.redaction import Redactor
from hil.rig import Rig
from hil.virtual.bench.bench import VirtualBench

FIRMWARE = Path(__file__).parent.parent.parent / "firmware"
TEST = "testplans/test_it.py::test_it"


def look(status: RigStatus, columns: int = 100, rows: int = 20) -> list[str]:
    """The text that is shown now."""
    text = StringIO()
    Console(file=text, width=columns, color_system=None, legacy_windows=False).print(status.render(TEST, rows))
    lines = text.getvalue().splitlines()
    assert len(lines) <= rows
    assert all(len(line) <= columns and line.isprintable() for line in lines)
    return [line.rstrip() for line in lines]


def looks(bench: VirtualBench, status: RigStatus, times_us: Iterable[int]) -> list[list[str]]:
    """The texts that are shown at these times from now on, while a test uses the rig."""
    seen: list[list[str]] = []
    for time_us in times_us:
        bench.world.after(time_us, lambda: seen.append(look(status)))
    return seen


def print_line(rig: Rig, board: str, text: str) -> None:
    # Printed after earlier output such as a prompt. The empty line at the end must not be shown.
    rig.boards[board].console.received(rig.clock.now(), f"\r\n{text}\r\n\r\n".encode())


def test_power_link_role_and_last_line(virtual_rig: Rig) -> None:
    status = RigStatus(virtual_rig, Redactor([]))
    assert look(status) == [
        "test_it.py::test_it  0.0 s of rig time",
        "A  off  -  -  -",
        "B  off  -  -  -",
        "C  off  -  -  -",
    ]
    for board in virtual_rig.boards.values():
        board.console.use(EventPatterns({name: re.compile(f"^{name} ?(?P<role>.*)") for name in ("ap-up", "role")}))
    virtual_rig.ap.boot()
    virtual_rig.clients[0].boot()
    virtual_rig.clock.sleep(2)
    print_line(virtual_rig, "A", "ap-up")
    print_line(virtual_rig, "B", "role MASTER")
    _, *rows = look(status)
    assert [re.sub(r"[0-9.]+ s", "* s", row).split() for row in rows] == [
        ["A", "on", "*", "s", "connected", "ended", "AP", "ap-up"],
        ["B", "on", "*", "s", "connected", "ended", "MASTER", "role", "MASTER"],
        ["C", "off", "-", "-", "-"],
    ]
    print_line(virtual_rig, "B", "role NONE")
    virtual_rig.ap.power.off()
    virtual_rig.clock.sleep(2)
    _, *rows = look(status)
    assert rows[0] == "A  off 2.0 s  -          -      -  ap-up"
    assert re.fullmatch(r"B  on [0-9.]+ s   connected  ended  -  role NONE", rows[1])


def test_the_program_of_firmware_without_a_boot_event(virtual_rig: Rig, virtual_bench: VirtualBench) -> None:
    status = RigStatus(virtual_rig, Redactor([]))
    seen: list[str] = []
    for name, program in (("A", "while True: pass"), ("B", 'print("hello")\nwhile True: pass'), ("C", "pass")):
        virtual_bench.boards[name].flash.install({"main.py": program.encode()})
        virtual_rig.boards[name].power.on()
    for _ in range(2):
        virtual_rig.clock.sleep(2)
        seen += [re.sub(r"[0-9.]+ s", "* s", row) for row in look(status)[1:]]
    virtual_rig.clock.sleep(10)
    seen += [re.sub(r"[0-9.]+ s", "* s", row) for row in look(status)[1:]]
    programs = [row.split()[5] for row in seen]
    assert programs[:3] == ["boots", "runs", "ended"]
    assert programs[-3:] == ["runs", "runs", "ended"]


def test_a_reset_loop_is_shown(virtual_rig: Rig, virtual_bench: VirtualBench) -> None:
    status = RigStatus(virtual_rig, Redactor([]))
    program = b"import time, machine\nprint('hello')\ntime.sleep(1)\nmachine.reset()\n"
    virtual_bench.boards["A"].flash.install({"main.py": program})
    virtual_rig.ap.power.on()
    virtual_rig.clock.sleep(20)
    found = re.search(r"(boots|runs), restart (\d+)", look(status)[1])
    assert found is not None
    assert int(found[2]) > 3


def test_a_lost_serial_device_and_quarantine(virtual_rig: Rig, virtual_bench: VirtualBench) -> None:
    status = RigStatus(virtual_rig, Redactor([]))
    virtual_rig.ap.boot()
    virtual_bench.boards["A"].unplug_usb()
    virtual_rig.clock.sleep(1)
    virtual_rig.quarantine.add("C", "no serial device")
    _, a, _, c = look(status)
    assert re.match(r"A  on [0-9.]+ s +gone ", a)
    assert c.startswith("C  quarantined ")


def test_board_output_is_shown_without_markup_control_characters_and_secrets(virtual_rig: Rig) -> None:
    status = RigStatus(virtual_rig, Redactor(["pico1234"]))
    print_line(virtual_rig, "A", "[bold]\x1b[2J\x9b2J\u202ekey pico1234\tend")
    assert look(status)[1] == r"A  off  -  -  -  [bold]\x1b[2J·2J·key ***  end"
    print_line(virtual_rig, "A", "x" * 500)
    assert look(status, columns=40)[1] == "A  off  -  -  -  " + "x" * 22 + "…"


def test_the_current_wait_is_shown(virtual_rig: Rig, virtual_bench: VirtualBench) -> None:
    status = RigStatus(virtual_rig, Redactor(["pico1234"]))
    ap, cluster = virtual_rig.ap, Cluster(virtual_rig.ap, virtual_rig.clients, virtual_rig.clock, virtual_rig.timeline)
    seen = looks(virtual_bench, status, range(2_500_000, 40_000_000, 10_000_000))
    virtual_rig.clock.sleep(10)
    with pytest.raises(WaitTimeout):
        ap.console.expect(re.compile("key pico1234"), within=10)
    with pytest.raises(WaitTimeout):
        cluster.wait(master=virtual_rig.clients[0], order=[], within=10)
    with pytest.raises(WaitTimeout):
        ap.console.expect("power-on", within=10)
    assert [lines[-1] for lines in seen] == [
        "waits for time to pass, 2.5 s of 10 s",
        "waits for A: a line matching 'key ***', 2.5 s of 10 s",
        "waits for cluster: master B; order [], 2.5 s of 10 s",
        "waits for A: event 'power-on', 2.5 s of 10 s",
    ]
    assert not look(status)[-1].startswith("waits")


def test_several_waits_at_once(virtual_rig: Rig, virtual_bench: VirtualBench) -> None:
    status = RigStatus(virtual_rig, Redactor([]))
    seen = looks(virtual_bench, status, range(1_000_000, 2_000_000, 1_000_000))
    virtual_rig.clock.run_concurrently([partial(virtual_rig.clock.sleep, seconds) for seconds in (3, 5, 7)])
    assert seen[0][-1] == "waits for time to pass, 1.0 s of 7 s (and 2 more)"


def test_a_deployment_is_a_bar(virtual_rig: Rig, virtual_bench: VirtualBench) -> None:
    status = RigStatus(virtual_rig, Redactor([]))
    seen = looks(virtual_bench, status, range(0, 10_000_000, 50_000))
    app = FirmwareCatalog([FIRMWARE]).load("hello")
    virtual_rig.prepare(app, [virtual_rig.ap])
    size = sum(map(len, app.image("ap", virtual_rig.wifi).values()))
    rows = [found for lines in seen for found in [re.search(r"([━╸╺ ]+) ([0-9.]+) of ([0-9.]+) kB", lines[1])] if found]
    assert {found[3] for found in rows} == {f"{size / 1000:.1f}"}
    done = [float(found[2]) for found in rows]
    assert done == sorted(done)
    assert done[0] < done[-1]
    assert "kB" not in look(status)[1]


def test_boards_of_the_test_come_first_when_not_all_fit(virtual_rig: Rig) -> None:
    status = RigStatus(virtual_rig, Redactor([]))
    virtual_rig.ap.power.on()
    virtual_rig.ap.power.off()
    status.begin_test()
    virtual_rig.clients[1].power.on()
    _, *rows, more = look(status, rows=5)
    assert [row[0] for row in rows] == ["A", "C"]
    assert more == "and 1 more board"
    assert [line[0] for line in look(status, rows=4)[1:-1]] == ["C"]
