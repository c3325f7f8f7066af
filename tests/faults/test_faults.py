"""Faults as a test injects them: each has its effect, is on the timeline, and ends.

The effect of packet faults on packets: tests/virtual/test_disturbance.py.
"""

import re
from itertools import pairwise
from pathlib import Path

import pytest

from hil.board.board import Board
from hil.board.raw_repl import ReplError
from hil.config.app import App, FirmwareCatalog
from hil.config.rig import RigConfig
from hil.errors import ConfigError, DeployError, FaultError, LinkError
from hil.events import FAULT_BEGIN, FAULT_END
from hil.faults.condition import Condition
from hil.faults.injector import Faults
from hil.faults.packets import Latency, Loss
from hil.faults.registry import FAULTS, offered_faults
from hil.fixtures.markers import Needs
from hil.pytest_plugin.requirements import missing_of
from hil.rig import Rig, bench_faults
from hil.virtual.bench.bench import VirtualBench

ROOT = Path(__file__).parents[2]

ON_EVERY_RIG = {"power_cut", "radio_off", "ap_restart", "wrong_key", "full_flash"}

COUNTER = b"""
import machine, time
print("boot cause=%d" % machine.reset_cause())
count = 0
while True:
    print("count n=%d" % count)
    count += 1
    time.sleep_ms(100)
"""

COUNT = App(
    "count",
    "",
    {"ap": {"main.py": COUNTER}, "client": {"main.py": COUNTER}},
    {},
    {},
    {"boot": re.compile(r"^boot cause=(?P<cause>\d+)"), "count": re.compile(r"^count n=(?P<n>\d+)")},
)


@pytest.fixture
def rig(virtual_rig: Rig) -> Rig:
    """Three boards with firmware that counts, off."""
    virtual_rig.prepare(COUNT, virtual_rig.boards.values())
    return virtual_rig


@pytest.fixture
def faults(rig: Rig) -> Faults:
    return rig.faults


@pytest.fixture
def board(rig: Rig) -> Board:
    """A board that counts."""
    rig.boards["B"].power.on()
    rig.boards["B"].console.expect("count", within=5)
    return rig.boards["B"]


@pytest.fixture
def hello(virtual_rig: Rig) -> Rig:
    """An AP and a client of the app hello, the client welcomed."""
    boards = [virtual_rig.boards[name] for name in "AB"]
    virtual_rig.prepare(FirmwareCatalog([ROOT / "firmware"]).load("hello"), boards)
    for board in boards:
        board.power.on()
    boards[1].console.expect("hello-reply", within=40)
    return virtual_rig


def recorded(rig: Rig) -> list[tuple[str, str]]:
    """Source and text of the faults on the timeline."""
    return [(entry.source, entry.text) for entry in rig.timeline.entries() if entry.kind == "fault"]


def is_disturbed(bench: VirtualBench) -> bool:
    return bench.air.disturbance is not None


def is_on(board: Board) -> bool:
    return board.power.is_on


def counts(board: Board) -> list[int]:
    return [int(event.fields["n"]) for event in board.events("count")]


# ---- begin and end


def test_begin_and_end_are_on_the_timeline_at_their_times(rig: Rig, faults: Faults) -> None:
    start_s = rig.clock.now()
    with faults.loss(0.1), faults.latency(0.05):
        rig.clock.sleep(2)
    assert recorded(rig) == [
        ("air", "loss 10 % begins"),
        ("air", "latency 50 ms begins"),
        ("air", "latency 50 ms ends"),
        ("air", "loss 10 % ends"),
    ]
    events = [event for event in rig.timeline.events() if event.name in (FAULT_BEGIN, FAULT_END)]
    assert [event.name for event in events] == [FAULT_BEGIN, FAULT_BEGIN, FAULT_END, FAULT_END]
    assert [event.fields["fault"] for event in events] == ["loss", "latency", "latency", "loss"]
    assert [event.time_s - start_s for event in events] == pytest.approx([0, 0, 2, 2])


def test_a_fault_also_ends_when_the_test_fails(faults: Faults, virtual_bench: VirtualBench) -> None:
    def failing_test() -> None:
        with faults.loss(0.1):
            assert is_disturbed(virtual_bench)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        failing_test()
    assert not is_disturbed(virtual_bench)
    assert faults.active == ()


def test_a_fault_can_be_held_and_ended_by_hand(rig: Rig, faults: Faults) -> None:
    loss, latency = faults.loss(0.1), faults.latency(0.05)
    assert list(faults.active) == [loss, latency]
    loss.end()
    loss.end()
    assert list(faults.active) == [latency]
    faults.end_all()
    assert list(faults.active) == []
    assert [text for _, text in recorded(rig)][2:] == ["loss 10 % ends", "latency 50 ms ends"]


def test_end_all_ends_every_one_even_when_another_cannot_be_ended(
    rig: Rig, faults: Faults, board: Board, virtual_bench: VirtualBench
) -> None:
    faults.loss(0.1)
    faults.full_flash(board)
    faults.latency(0.1)
    virtual_bench.boards["B"].flash.replace("/full-flash-fault.bin", b"")
    virtual_bench.boards["B"].flash.replace("/boot.py", b"while True: pass")
    board.power.off()
    with pytest.raises(LinkError, match="no serial device"):
        faults.end_all()
    assert [fault.name for fault in faults.active] == ["full_flash"]
    assert not is_disturbed(virtual_bench)


def test_a_fault_that_cannot_be_ended_does_not_hide_why_the_test_failed(
    faults: Faults, board: Board, virtual_bench: VirtualBench
) -> None:
    def failing_test() -> None:
        with faults.radio_off(board):
            board.power.off()
            virtual_bench.boards["B"].flash.replace("/boot.py", b"while True: pass")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError) as caught:
        failing_test()
    assert "the fault radio_off could not be ended: B: no serial device" in caught.value.__notes__[0]
    assert [fault.name for fault in faults.active] == ["radio_off"]


def test_after_a_test_only_faults_that_outlast_the_boards_power_are_undone(
    rig: Rig, faults: Faults, board: Board, virtual_bench: VirtualBench
) -> None:
    faults.power_cut(board)
    faults.loss(0.1)
    before_s = rig.clock.now()
    faults.end_after_test()
    assert rig.clock.now() == before_s
    assert not board.power.is_on
    assert not is_disturbed(virtual_bench)
    assert [text for _, text in recorded(rig)] == [
        "power_cut begins",
        "loss 10 % begins",
        "power_cut ends",
        "loss 10 % ends",
    ]


# ---- what a rig can do


def test_every_built_in_fault_has_a_method_with_its_types(faults: Faults) -> None:
    assert set(FAULTS.built_in) <= set(dir(Faults))
    assert faults.offered == set(FAULTS.built_in)


def test_a_fault_can_be_injected_by_its_name(rig: Rig, faults: Faults) -> None:
    with faults.inject("loss", 0.1), faults.inject("garbled_serial", rig.boards["B"], probability=0.5):
        assert [fault.name for fault in faults.active] == ["loss", "garbled_serial"]
    assert recorded(rig)[:2] == [("air", "loss 10 % begins"), ("B", "garbled_serial 50 % of the bytes begins")]


def test_the_error_of_an_unknown_fault_lists_the_known_ones(faults: Faults) -> None:
    known = r"did you mean 'loss'\? known: .*garbled_serial"
    with pytest.raises(ConfigError, match=f"^unknown fault 'los'; {known}"):
        faults.inject("los", 0.1)
    with pytest.raises(AttributeError, match=f"^unknown fault 'los'; {known}"):
        faults.los(0.1)


def test_a_fault_that_the_rig_cannot_do_is_an_error(rig: Rig) -> None:
    plain = Faults("bench-1", rig.ap, None, rig.clock, rig.timeline)
    assert plain.offered == ON_EVERY_RIG
    with pytest.raises(
        FaultError,
        match=re.escape(
            'needs faults that rig "bench-1" cannot inject: loss; it can inject: power_cut, radio_off, ap_restart, '
            "wrong_key, full_flash; mark the test with needs(faults=('loss',)), so that it is skipped on such a rig"
        ),
    ):
        plain.loss(0.1)
    with plain.power_cut(rig.ap):
        assert plain.active


def test_a_test_that_needs_a_fault_that_the_rig_cannot_do_is_skipped_with_its_name(three_boards: RigConfig) -> None:
    needs = Needs(faults=("power_cut", "loss", "partition"))
    assert missing_of(needs, three_boards) == ""
    assert offered_faults(bench_faults(three_boards)) == tuple(FAULTS.built_in)
    assert missing_of(needs, three_boards, ()) == (
        'needs faults that rig "three" cannot inject: loss, partition; '
        "it can inject: power_cut, radio_off, ap_restart, wrong_key, full_flash"
    )


# ---- power


def test_power_cut_and_its_end(rig: Rig, faults: Faults, board: Board) -> None:
    with faults.power_cut(board):
        assert not is_on(board)
        rig.clock.sleep(3)
    assert is_on(board)
    board.console.expect("boot", within=5, cause="1")
    assert recorded(rig) == [("B", "power_cut begins"), ("B", "power_cut ends")]


def test_power_cut_of_a_board_that_is_off_leaves_it_off(rig: Rig, faults: Faults) -> None:
    with faults.power_cut(rig.boards["C"]):
        pass
    assert not rig.boards["C"].power.is_on


def test_brown_out_of_a_neighbour(rig: Rig, faults: Faults, board: Board) -> None:
    mark = board.console.mark()
    rig.boards["C"].power.on()
    assert not faults.brown_out(board).is_active
    board.console.expect("boot", within=5, since=mark, cause="1")
    assert board.power.is_on
    assert [event.name for event in board.console.events(since=mark) if event.name.startswith("power")] == []
    assert recorded(rig) == [("B", "brown_out for 50 ms begins"), ("B", "brown_out for 50 ms ends")]


def test_brown_out_of_a_board_without_power_does_nothing(rig: Rig, faults: Faults) -> None:
    faults.brown_out(rig.boards["C"])
    rig.clock.sleep(5)
    assert rig.boards["C"].console.lines == []


@pytest.mark.parametrize("name", ["brown_out", "ap_restart"])
def test_a_fault_without_a_duration_cannot_be_a_block(rig: Rig, faults: Faults, name: str) -> None:
    over = (
        f"the fault {name} is over when faults.{name}(…) returns, so no block can run under it; call it without `with`"
    )
    with pytest.raises(FaultError, match=f"^{re.escape(over)}$"), faults.inject(name, rig.boards["A"]):
        raise AssertionError
    assert [text.split()[-1] for _, text in recorded(rig)] == ["begins", "ends"]


# ---- access point and radio


def test_ap_restart(hello: Rig) -> None:
    ap, client = hello.boards["A"], hello.boards["B"]
    mark = client.console.mark()
    hello.faults.ap_restart()
    assert ap.power.is_on
    ap.console.expect("ap-up", within=15)
    client.console.expect("link-lost", within=30, since=mark)
    client.console.expect("joined", within=30, since=mark)
    assert recorded(hello) == [("A", "ap_restart begins"), ("A", "ap_restart ends")]


def test_radio_off(hello: Rig) -> None:
    client = hello.boards["B"]
    mark = client.console.mark()
    with hello.faults.radio_off(client):
        assert client.power.is_on
        hello.clock.sleep(20)
        assert client.console.events(since=mark) == []
        with client.repl() as repl:
            assert repl.eval("[network.WLAN(number).active() for number in (0, 1)]") == [False, False]
    client.console.expect("hello-reply", within=30, since=mark)


def test_wrong_key(hello: Rig, virtual_bench: VirtualBench) -> None:
    client, flash = hello.boards["B"], virtual_bench.boards["B"].flash
    right = flash.files["/config.json"]
    mark = client.console.mark()
    with hello.faults.wrong_key(client):
        client.console.expect("join-failed", within=20, since=mark, status="-3")
        hello.clock.sleep(20)
        assert client.console.events("joined", since=mark) == []
    assert flash.files["/config.json"] == right
    client.console.expect("hello-reply", within=30, since=mark)


def test_wrong_key_before_the_first_boot(hello: Rig) -> None:
    client = hello.boards["B"]
    client.power.off()
    with hello.faults.wrong_key(client):
        assert not client.power.is_on
        client.power.on()
        client.console.expect("join-failed", within=20, status="-3")


def test_wrong_key_of_a_board_without_an_app(virtual_rig: Rig) -> None:
    with pytest.raises(FaultError, match=r"^B: there is no /config\.json to put a wrong Wi-Fi key into; deploy an app"):
        virtual_rig.faults.wrong_key(virtual_rig.boards["B"])
    assert virtual_rig.faults.active == ()


# ---- flash


def test_full_flash_gives_error_28_and_the_firmware_runs_on(faults: Faults, board: Board) -> None:
    mark = board.console.mark()
    with faults.full_flash(board):
        board.console.expect("boot", within=5, since=mark, cause="3")
        board.console.expect("count", within=5, since=mark)
        with board.repl() as repl, pytest.raises(ReplError, match=r"OSError: (\[Errno )?28"):
            repl.exec("with open('/more', 'wb') as file: file.write(b'x')")
    with board.repl() as repl:
        assert repl.exec("with open('/more', 'wb') as file: print(file.write(b'x'))") == "1\n"


def test_a_deployment_onto_a_full_flash_names_the_free_bytes_and_works_afterwards(
    rig: Rig, faults: Faults, board: Board
) -> None:
    bigger = App("count", "", {"client": {"main.py": b"print('big')\n" + b"#" * 20_000}}, {}, {}, {})
    too_full = r"^B: the flash is too full: .* there are 0; nothing was changed"
    with faults.full_flash(board), pytest.raises(DeployError, match=too_full):
        board.deploy(bigger, "client")
    board.deploy(bigger, "client")
    mark = board.console.mark()
    board.reset()
    board.console.expect(re.compile("^big$"), within=5, since=mark)
    assert recorded(rig) == [("B", "full_flash begins"), ("B", "full_flash ends")]


# ---- the serial line


def test_usb_drop_leaves_a_marked_gap_and_the_board_running(rig: Rig, faults: Faults, board: Board) -> None:
    before = counts(board)[-1]
    with faults.usb_drop(board):
        assert "serial device gone" in board.console.tail()
        with pytest.raises(LinkError):
            board.boot(within_s=3)
        rig.clock.sleep(10)
        assert counts(board)[-1] == before
    board.console.expect("count", within=1, n=str(counts(board)[-1]))
    seen = counts(board)
    assert len(board.events("boot")) == 1
    # The newest output, which the board kept for the absent host, is there. Older output is lost.
    gap = [later - earlier for earlier, later in pairwise(seen) if later - earlier != 1]
    assert len(gap) == 1
    assert 100 < gap[0] < 160
    links = [entry.text for entry in rig.timeline.entries() if (entry.source, entry.kind) == ("B", "link")]
    missing = "connected; what the board said before may be missing: the serial device was away"
    assert links[-2:] == ["disconnected", missing]


def test_usb_drop_during_boot(rig: Rig, faults: Faults) -> None:
    board = rig.boards["C"]
    with faults.usb_drop(board):
        board.power.on()
        rig.clock.sleep(5)
        assert board.console.lines == []
    assert counts(board)[-1] > 10


def test_power_cut_during_a_usb_drop(rig: Rig, faults: Faults, board: Board) -> None:
    with faults.usb_drop(board):
        board.power.off()
    rig.clock.sleep(3)
    mark = board.console.mark()
    board.power.on()
    board.console.expect("boot", within=5, since=mark)


def test_garbled_serial_gives_hex_and_no_event(rig: Rig, faults: Faults, board: Board) -> None:
    mark = board.console.mark()
    with faults.garbled_serial(board, 0.5):
        rig.clock.sleep(10)
        garbled = board.console.lines[mark.lines :]
        assert len(garbled) > 20
        assert all(re.search(r"\\x[89ab][0-9a-f]", line.text) for line in garbled)
        assert board.console.events(since=mark) == []
    rig.clock.sleep(1)
    assert len(board.console.events("count", since=mark)) > 5
    assert recorded(rig)[0] == ("B", "garbled_serial 50 % of the bytes begins")


def test_garbled_serial_leaves_other_bytes_unchanged(rig: Rig, faults: Faults, board: Board) -> None:
    mark = board.console.mark()
    with faults.garbled_serial(board, 0.02):
        rig.clock.sleep(10)
    counted = [int(event.fields["n"]) for event in board.console.events("count", since=mark)]
    assert 50 < len(counted) < 95
    assert counted == sorted(counted)


# ---- partition, by board


def test_partition_of_client_and_access_point(hello: Rig) -> None:
    client = hello.boards["B"]
    mark = client.console.mark()
    with hello.faults.partition({hello.boards["A"]}, {client}):
        client.console.expect("link-lost", within=8, since=mark)
        client.console.expect("no-reply", within=15, since=mark)
    client.console.expect("hello-reply", within=20, since=mark)
    assert recorded(hello) == [("air", "partition A | B begins"), ("air", "partition A | B ends")]


# ---- the condition of a run


def test_condition() -> None:
    condition = Condition.parse(" loss=0.1, latency=0.05 ")
    assert condition.named == (("loss", Loss(0.1, spares_probe=True)), ("latency", Latency(0.05, spares_probe=True)))
    assert condition.names == ("loss", "latency")
    assert condition.text == "loss=0.1 latency=0.05"
    assert condition.limit(6, disturbed=9) == 9


def test_clear_air() -> None:
    clear = Condition.parse("")
    assert clear.is_clear
    assert clear.limit(6, disturbed=9) == 6


@pytest.mark.parametrize(
    "text", ["loss", "loss=", "loss=much", "loss=10", "latency=-1", "rain=0.1", "loss=0.1;latency=1"]
)
def test_invalid_condition(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^--hil-condition: .*(known|write for example).*loss=0\.1, latency=0\.05"):
        Condition.parse(text)


def test_a_condition_holds_for_a_block(rig: Rig, virtual_bench: VirtualBench) -> None:
    with rig.faults.under(Condition.parse("loss=0.1,duplication=0.2")):
        assert is_disturbed(virtual_bench)
    assert not is_disturbed(virtual_bench)
    assert [text for _, text in recorded(rig)][:2] == ["loss 10 % begins", "duplication 20 % begins"]
