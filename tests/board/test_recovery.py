"""Recovery and quarantine on a rig of virtual boards: what a dead board costs, and what is left of the rig."""

from collections.abc import Callable

import pytest

from hil.board.quarantine import Quarantine
from hil.config.app import App
from hil.config.rig import RigConfig, load_rig
from hil.errors import BlockedByQuarantine, ConfigError, PowerError, RecoveryFailed
from hil.rig import Rig
from hil.virtual.bench.bench import VirtualBench
from hil.virtual.bench.pico import VirtualPico

APP = App("hello", "", {"ap": {"main.py": b"print('ap')"}, "client": {"main.py": b"print('client')"}}, {}, {}, {})

FENDS_OFF = "import time\nwhile True:\n    try:\n        time.sleep(1)\n    except:\n        pass\n"


def main(content: str) -> Callable[[VirtualPico], None]:
    return lambda pico: pico.flash.replace("/main.py", content.encode())


def without_firmware(pico: VirtualPico) -> None:
    pico.firmware.has_second_stage = False


DEAD: dict[str, Callable[[VirtualPico], None]] = {
    "never enumerates": VirtualPico.unplug_usb,
    "boot.py never ends": lambda pico: pico.flash.replace("/boot.py", b"import time\nwhile True: time.sleep(1)"),
    "resets itself at once": main("import machine\nmachine.reset()"),
    "catches Ctrl-C": main(FENDS_OFF),
    "keeps interrupts off": main("import micropython, time\nmicropython.kbd_intr(-1)\nwhile True: time.sleep(1)"),
    "has no firmware": without_firmware,
}


@pytest.mark.parametrize("illness", DEAD)
def test_a_dead_board_takes_at_most_a_minute_and_is_off_then(
    virtual_rig: Rig, virtual_bench: VirtualBench, illness: str
) -> None:
    DEAD[illness](virtual_bench.boards["C"])
    started_s = virtual_rig.clock.now()
    with pytest.raises(RecoveryFailed, match=r"^C: .* \(\d attempts\).*; it is quarantined for the rest of the run$"):
        virtual_rig.prepare(APP, [virtual_rig.boards["C"]])
    assert virtual_rig.clock.now() - started_s <= 60
    assert list(virtual_rig.quarantine.reasons) == ["C"]
    assert not virtual_rig.boards["C"].power.is_on
    told = [entry.text for entry in virtual_rig.timeline.entries() if entry.kind == "recovery"]
    assert told[0].startswith("needed: ")
    assert told[-1].startswith("given up: ")
    assert len(told) == len(virtual_rig.recoveries) + 2 > 2


def test_quarantined_boards_cost_nothing_more(virtual_rig: Rig, virtual_bench: VirtualBench) -> None:
    virtual_bench.boards["C"].unplug_usb()
    with pytest.raises(RecoveryFailed):
        virtual_rig.prepare_boards(APP, None)
    before_s = virtual_rig.clock.now()
    with pytest.raises(BlockedByQuarantine, match="board C is quarantined: no serial device"):
        virtual_rig.prepare_boards(APP, None)
    assert virtual_rig.clock.now() == before_s
    assert [board.name for board in virtual_rig.prepare_boards(APP, 1)] == ["A", "B"]


def test_a_board_in_its_bootloader_says_how_to_get_it_out(virtual_rig: Rig, virtual_bench: VirtualBench) -> None:
    without_firmware(virtual_bench.boards["C"])
    with pytest.raises(RecoveryFailed, match=r"it is in BOOTSEL mode: write MicroPython to it with `hil flash C --uf2"):
        virtual_rig.prepare(APP, [virtual_rig.boards["C"]])


def test_a_supply_that_cannot_be_switched_off_costs_only_its_own_board(
    virtual_rig: Rig, virtual_bench: VirtualBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise PowerError("hub main, port 3: no answer; check the cable of the hub")

    virtual_rig.boards["C"].boot()
    monkeypatch.setattr(virtual_bench.power_port("C"), "off", refuse)
    assert [board.name for board in virtual_rig.prepare_boards(APP, 1)] == ["A", "B"]
    assert "no answer" in virtual_rig.quarantine.reasons["C"]
    virtual_rig.switch_all_off()
    monkeypatch.undo()


def test_a_flash_without_room_is_no_reason_for_quarantine(virtual_rig: Rig, virtual_bench: VirtualBench) -> None:
    virtual_bench.boards["C"].flash.replace("/data.csv", bytes(860_000))
    with pytest.raises(Exception, match="C: the flash is too full") as caught:
        virtual_rig.prepare(APP, [virtual_rig.boards["C"]])
    assert type(caught.value).__name__ == "FlashFull"
    assert not virtual_rig.quarantine.reasons
    assert "/data.csv" in virtual_bench.boards["C"].flash.files


def test_where_the_rig_file_allows_it_a_full_flash_is_emptied(three_boards: RigConfig) -> None:
    recovery = three_boards.recovery.model_copy(update={"erase_all_files": True})
    bench = VirtualBench(three_boards)
    rig = Rig(three_boards.model_copy(update={"recovery": recovery}), bench)
    bench.boards["C"].flash.replace("/data.csv", bytes(860_000))
    rig.prepare(APP, [rig.boards["C"]])
    assert "/data.csv" not in bench.boards["C"].flash.files
    assert [(attempt.rung, attempt.helped) for attempt in rig.recoveries] == [("erase main.py", True)]
    rig.close()


def test_an_image_that_is_not_there_is_an_error_of_the_rig_file(three_boards: RigConfig) -> None:
    path = three_boards.path
    path.write_text(path.read_text() + "recovery: {uf2: images/pico.uf2}\n")
    with pytest.raises(
        ConfigError, match=r"three.yaml:9: recovery.uf2 is images/pico.uf2, but there is no file .*/pico.uf2"
    ):
        load_rig(path, {})


@pytest.mark.parametrize(
    ("lost", "wanted", "chosen"),
    [
        ((), None, ("A", "B", "C", "D")),
        ((), 2, ("A", "B", "C")),
        (("B",), 2, ("A", "C", "D")),
        (("B", "C"), 1, ("A", "D")),
        (("D",), 1, ("A", "B")),
    ],
)
def test_healthy_boards_stand_in(lost: tuple[str, ...], wanted: int | None, chosen: tuple[str, ...]) -> None:
    quarantine = Quarantine()
    for board in lost:
        quarantine.add(board, "no answer")
    assert quarantine.choose("A", ["B", "C", "D"], wanted) == chosen


@pytest.mark.parametrize(
    ("lost", "wanted", "text"),
    [
        ("A", 1, "board A is quarantined: no answer"),
        ("C", 3, "board C is quarantined: no answer. It needs 3 clients, 2 are left"),
        ("C", None, r"board C is quarantined: no answer. .*needs\(clients=N\)"),
    ],
)
def test_too_few_are_left(lost: str, wanted: int | None, text: str) -> None:
    quarantine = Quarantine()
    quarantine.add(lost, "no answer")
    with pytest.raises(BlockedByQuarantine, match=text):
        quarantine.choose("A", ["B", "C", "D"], wanted)
