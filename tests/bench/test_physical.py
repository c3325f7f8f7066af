"""The physical bench: its links and ports, its locks, and their release. The boards are ptys."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from hil.bench.physical import PhysicalBench, lock_keys
from hil.config.rig import RigConfig, load_rig
from hil.errors import ConfigError, LinkError
from hil.faults.serial_line import UsbDrop
from hil.host.locks import BoardsInUse
from hil.rig import Rig, bench_faults
from tests.links.conftest import PATIENCE_S, PtyDevice, RecordingListener, descriptors

SWITCH = """
import pathlib, sys
state = pathlib.Path(sys.argv[1])
if sys.argv[2] == "state":
    print(state.read_text() if state.exists() else "off")
else:
    state.write_text(sys.argv[2])
"""
"""A program that switches an outlet, whose state is a file."""


def rig_text(folder: Path, boards: str) -> str:
    def command(action: str) -> str:
        return json.dumps([sys.executable, "-S", "-c", SWITCH, str(folder / "outlet-{port}"), action])

    return (
        "rig: desk\nwifi: {ssid: PicoAP, password: pico1234}\npower: {off_time_s: 0.01, stagger_s: 0}\n"
        f"hubs:\n  plug:\n    driver: command\n    on: {command('on')}\n    off: {command('off')}\n"
        f"    state: {command('state')}\nboards:\n{boards}"
    )


@pytest.fixture
def config(tmp_path: Path) -> RigConfig:
    """Two boards on paths, powered by outlets that are files."""
    path = tmp_path / "desk.yaml"
    path.write_text(
        rig_text(tmp_path, f"  A: {{power: plug/1, link: {tmp_path}/A}}\n  B: {{power: plug/2, link: {tmp_path}/B}}\n")
    )
    return load_rig(path, {})


def test_a_rig_that_cannot_be_made_leaves_its_boards_to_others(config: RigConfig, tmp_path: Path) -> None:
    (tmp_path / "not.uf2").write_text("not a UF2 image")
    recovery = config.recovery.model_copy(update={"uf2": tmp_path / "not.uf2"})
    with pytest.raises(ConfigError, match=r"recovery\.uf2 cannot recover board A"):
        Rig.open(config.model_copy(update={"recovery": recovery}))
    PhysicalBench(config).close()


def test_a_board_is_read_and_switched(config: RigConfig, tmp_path: Path) -> None:
    device = PtyDevice(tmp_path / "A")
    bench = PhysicalBench(config)
    try:
        assert bench.link("A") is bench.link("A")
        listener = RecordingListener(bench.clock)
        bench.link("A").start(listener)
        bench.power_port("A").on()
        device.plug_in()
        device.send(b"MicroPython\r\n")
        listener.wait_for(b"MicroPython\r\n")
        assert bench.power_port("A").is_on()
        assert not bench.power_port("B").is_on()
        assert bench.usb is None  # USB is not watched for boards that are not on it
    finally:
        bench.close()
        device.unplug()


def test_closing_releases_threads_ports_and_locks(config: RigConfig, tmp_path: Path) -> None:
    device = PtyDevice(tmp_path / "A")
    device.plug_in()
    before = descriptors(), threading.active_count()
    bench = PhysicalBench(config)
    listener = RecordingListener(bench.clock)
    bench.link("A").start(listener)
    bench.link("B").start(listener)
    listener.wait(lambda: len(listener.connections) == 1)
    bench.close()
    assert (descriptors(), threading.active_count()) == before
    PhysicalBench(config).close()
    assert (descriptors(), threading.active_count()) == before
    device.unplug()


def test_two_runs_never_have_the_same_board(config: RigConfig, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(
        rig_text(tmp_path, f"  X: {{power: plug/3, link: {tmp_path}/X}}\n  Y: {{power: plug/4, link: {tmp_path}/B}}\n")
    )
    bench = PhysicalBench(config)
    with pytest.raises(BoardsInUse, match=f"board Y .*is in use by process {os.getpid()} of user "):
        PhysicalBench(load_rig(other, {}))
    bench.close()
    PhysicalBench(load_rig(other, {})).close()


def test_a_board_is_locked_by_serial_number_and_by_port(tmp_path: Path) -> None:
    path = tmp_path / "rig.yaml"
    path.write_text(
        "rig: lab\nwifi: {ssid: PicoAP, password: pico1234}\nhubs: {main: {driver: uhubctl, location: 1-1.4}}\n"
        "boards:\n  A: {power: main/1, serial: E6614C311B8C2B2A}\n  B: {power: main/2}\n"
        '  C: {power: main/3, link: "rfc2217://lab2:4001"}\n'
    )
    boards = load_rig(path, {}).boards
    assert lock_keys(boards["A"]) == ["serial e6614c311b8c2b2a", "usb 1-1.4.1"]
    assert lock_keys(boards["B"]) == ["usb 1-1.4.2"]
    assert lock_keys(boards["C"]) == ["usb 1-1.4.3", "link rfc2217://lab2:4001"]


def test_a_run_that_is_killed_leaves_the_bench_free(config: RigConfig, tmp_path: Path) -> None:
    device = PtyDevice(tmp_path / "A")
    device.plug_in()
    code = (
        "import sys; from pathlib import Path; from hil.config.rig import load_rig\n"
        "from hil.bench.physical import PhysicalBench\n"
        "from tests.links.conftest import RecordingListener\n"
        "bench = PhysicalBench(load_rig(Path(sys.argv[1]), {})); listener = RecordingListener(bench.clock)\n"
        "bench.link('A').start(listener)\n"
        "listener.wait(lambda: bench.link('A').is_connected); print('open', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", code, str(config.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == "open\n"
        with pytest.raises(BoardsInUse, match=f"board A .*is in use by process {run.pid} of user "):
            PhysicalBench(config)
        run.send_signal(signal.SIGKILL)
        run.wait()
    bench = PhysicalBench(config)
    listener = RecordingListener(bench.clock)
    bench.link("A").start(listener)
    device.send(b"still here\n")
    listener.wait_for(b"still here\n")
    bench.close()
    device.unplug()


def test_the_error_of_a_board_that_does_not_appear_says_what_to_check(config: RigConfig, tmp_path: Path) -> None:
    rig = Rig.open(config)
    try:
        with pytest.raises(
            LinkError, match=rf"A: no serial device .*{tmp_path}/A does not exist; check that the board is on"
        ):
            rig.boards["A"].boot(within_s=0.05)
    finally:
        rig.close()


def test_power_is_cut_with_the_port_closed(config: RigConfig, tmp_path: Path) -> None:
    device = PtyDevice(tmp_path / "A")
    rig = Rig.open(config)
    try:
        board = rig.boards["A"]
        board.power.on()
        device.plug_in()
        board.boot(within_s=PATIENCE_S)
        board.power.off()
        kinds = [(entry.kind, entry.text) for entry in rig.timeline.entries() if entry.source == "A"]
        assert [kind for kind, _ in kinds] == ["power", "link", "link", "power"]
        assert kinds[2] == ("link", "disconnected")
    finally:
        rig.close()
        device.unplug()


def test_faults_that_only_a_simulation_can_do_are_not_offered(config: RigConfig, three_boards: RigConfig) -> None:
    assert bench_faults(config) == frozenset()
    assert UsbDrop in bench_faults(three_boards)


def test_a_test_that_needs_such_a_fault_is_skipped_with_its_name(config: RigConfig, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.needs(faults=("usb_drop", "power_cut"))
        def test_it(faults): ...
        """
    )
    result = pytester.runpytest("--rig", str(config.path), "-rs")
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(['*needs faults that rig "desk" cannot inject: usb_drop; it can inject: power_cut, *'])
