"""Deploying to a virtual board: what its flash holds afterwards, whatever happens meanwhile."""

import hashlib
import json
from random import Random

import pytest

from hil.board.board import Board
from hil.board.paths import DEPLOYMENT_RECORD, TEMPORARY_SUFFIX
from hil.config.app import App
from hil.config.board_types.pico_w import PICO_W
from hil.errors import BenchError, DeployError
from hil.rig import Rig
from hil.virtual.bench.bench import VirtualBench
from hil.virtual.flash import BLOCK_SIZE, Flash

OLD = {
    "main.py": b"print('old')\n",
    "lib/pkg/__init__.py": b"",
    "lib/pkg/old.py": b"x = 1\n" * 50,
    "same.py": b"s = 1\n",
}
NEW = {
    "main.py": b"print('new')\n",
    "lib/pkg/__init__.py": b"# new\n",
    "other/new.py": b"y = 2\n" * 800,
    "same.py": b"s = 1\n",
}


def app(files: dict[str, bytes]) -> App:
    return App("app", "", {"ap": files}, {}, {}, {})


@pytest.fixture
def board(virtual_rig: Rig) -> Board:
    return virtual_rig.boards["A"]


@pytest.fixture
def flash(virtual_bench: VirtualBench) -> Flash:
    return virtual_bench.boards["A"].flash


def image_on(flash: Flash) -> dict[str, bytes]:
    """The files on the flash by their paths in an image; what every deployment adds is left out."""
    files = {path.lstrip("/"): bytes(content) for path, content in flash.files.items()}
    return {path: content for path, content in files.items() if path not in (DEPLOYMENT_RECORD, "config.json")}


def deploy_entries(rig: Rig) -> list[str]:
    return [entry.text for entry in rig.timeline.entries() if entry.kind == "deploy"]


def test_an_empty_board_gets_every_file(board: Board, flash: Flash) -> None:
    board.deploy(app(NEW), "ap")
    assert image_on(flash) == NEW
    assert json.loads(flash.files["/config.json"])["ssid"] == "PicoAP"


def test_every_byte_value_arrives(board: Board, flash: Flash) -> None:
    files = {"main.py": b"", "data.bin": bytes(range(256)) * 40 + b"\r\n\x04\x03\x01"}
    board.deploy(app(files), "ap")
    assert image_on(flash) == files


def test_files_of_an_earlier_deployment_go_and_foreign_files_stay(board: Board, flash: Flash) -> None:
    board.deploy(app(OLD), "ap")
    flash.replace("/lib/pkg/notes.txt", b"mine")
    board.deploy(app(NEW), "ap")
    assert image_on(flash) == NEW | {"lib/pkg/notes.txt": b"mine"}


def test_a_folder_that_nothing_is_left_in_goes_too(board: Board, flash: Flash) -> None:
    board.deploy(app(OLD), "ap")
    board.deploy(app({"main.py": b""}), "ap")
    assert not flash.is_folder("/lib")


def test_a_foreign_boot_py_is_removed_and_the_timeline_says_so(virtual_rig: Rig, board: Board, flash: Flash) -> None:
    flash.replace("/boot.py", b"print('foreign')")
    board.deploy(app(OLD), "ap")
    assert image_on(flash) == OLD
    assert "removed boot.py" in deploy_entries(virtual_rig)[0]


def test_what_is_there_already_is_not_written_again(virtual_rig: Rig, board: Board) -> None:
    board.deploy(app(OLD), "ap")
    board.deploy(app(NEW), "ap")
    assert deploy_entries(virtual_rig)[1].startswith("app/ap: 2 files unchanged; wrote lib/pkg/__init__.py, ")
    assert deploy_entries(virtual_rig)[1].endswith("main.py; removed lib/pkg/old.py")


def test_the_same_image_again_costs_nothing(virtual_rig: Rig, board: Board) -> None:
    board.deploy(app(OLD), "ap")
    before_s = virtual_rig.clock.now()
    board.deploy(app(OLD), "ap")
    assert virtual_rig.clock.now() == before_s


@pytest.fixture
def heard(virtual_bench: VirtualBench) -> bytearray:
    """Every byte that board A sends from now on."""
    heard = bytearray()

    def listen(data: bytes) -> bytes:
        heard.extend(data)
        return data

    virtual_bench.boards["A"].usb.noise = listen
    return heard


def test_an_unchanged_image_costs_two_round_trips_and_no_reset(board: Board, heard: bytearray) -> None:
    board.deploy(app(NEW), "ap")
    board.boot()
    board.distrust()
    heard.clear()
    outcome = board.deploy(app(NEW), "ap")
    assert outcome is not None
    assert str(outcome) == "5 files unchanged"
    # The raw REPL, and one command, which the board takes by raw paste.
    assert (heard.count(b"raw REPL; CTRL-B to exit"), heard.count(b"R\x01")) == (1, 1)
    assert b"soft reboot" not in heard


@pytest.mark.parametrize("content", [b"{}", b"7", b"[7]", b"[", b"\xff"])
def test_a_list_that_somebody_else_wrote_is_replaced(board: Board, flash: Flash, content: bytes) -> None:
    flash.replace(f"/{DEPLOYMENT_RECORD}", content)
    board.deploy(app(OLD), "ap")
    assert json.loads(flash.files[f"/{DEPLOYMENT_RECORD}"]) == sorted([*OLD, "config.json"])


def test_before_anything_is_written_the_firmware_is_cleared_away(board: Board, heard: bytearray) -> None:
    board.deploy(app(OLD), "ap")
    heard.clear()
    board.deploy(app(NEW), "ap")
    assert heard.count(b"soft reboot") == 1


def test_a_firmware_that_goes_on_printing_is_cleared_away_first(board: Board, flash: Flash) -> None:
    noisy = b"from machine import Timer\nTimer(period=1, callback=lambda _timer: print('tick'))\n"
    board.deploy(app(NEW | {"main.py": noisy}), "ap")
    board.power.cycle()
    board.distrust()
    outcome = board.deploy(app(NEW | {"main.py": noisy}), "ap")
    assert outcome is not None
    assert outcome.written == ()
    board.deploy(app(NEW), "ap")
    assert image_on(flash) == NEW


@pytest.mark.parametrize("content", [b"x = 'text'\n" * 9100, Random(1).randbytes(100_000)], ids=["text", "binary"])
def test_a_large_file_takes_no_longer_than_with_mpremote(virtual_rig: Rig, board: Board, content: bytes) -> None:
    clock = virtual_rig.clock
    board.boot()
    started_s = clock.now()
    board.deploy(app({"main.py": b"", "large.bin": content}), "ap")
    ours_s = clock.now() - started_s
    board.power.cycle()
    with board.repl() as repl:
        repl._port.deadline = clock.deadline(60)
        started_s = clock.now()
        # What `mpremote cp` does once it has the raw REPL.
        repl._transport.fs_writefile("/copied.bin", content)
        assert repl._transport.fs_hashfile("/copied.bin", "sha256") == hashlib.sha256(content).digest()
        assert ours_s <= clock.now() - started_s


def test_after_someone_had_the_repl_the_flash_is_looked_at_again(board: Board, flash: Flash) -> None:
    board.deploy(app(OLD), "ap")
    with board.repl() as repl:
        repl.exec("open('/main.py', 'w').close()")
    board.deploy(app(OLD), "ap")
    assert image_on(flash) == OLD


def test_main_py_comes_last(virtual_rig: Rig, board: Board) -> None:
    board.deploy(app(NEW | {"zzz.py": b""}), "ap")
    assert deploy_entries(virtual_rig)[0].endswith("zzz.py, main.py")


def test_the_firmware_runs_from_the_next_power_on(virtual_rig: Rig, board: Board) -> None:
    board.deploy(app(NEW), "ap")
    board.power.cycle()
    assert virtual_rig.clock.wait(lambda: "new" in [line.text for line in board.console.lines], 5)


def test_an_image_that_does_not_fit_changes_nothing(board: Board, flash: Flash) -> None:
    board.deploy(app(OLD), "ap")
    with pytest.raises(DeployError, match=r"^A: the flash is too full: the image needs \d+ bytes free, there are \d+"):
        board.deploy(app({"main.py": b"", "big.bin": bytes(PICO_W.file_system_bytes)}), "ap")
    assert image_on(flash) == OLD


def test_a_full_flash_is_cleared_by_the_deployment_that_shrinks_it(board: Board, flash: Flash) -> None:
    flash.replace("/filler", bytes(PICO_W.file_system_bytes - 80_000))
    board.deploy(app({"main.py": b"", "a.bin": bytes(40_000)}), "ap")
    board.deploy(app({"main.py": b"", "b.bin": bytes(50_000)}), "ap")
    assert set(image_on(flash)) == {"main.py", "b.bin", "filler"}


def test_a_flash_that_fills_up_on_the_way_is_a_deploy_error_and_nothing_is_half_written(
    board: Board, flash: Flash
) -> None:
    # Room for the files, but not for the folders as well, which no file size tells.
    flash.replace("/filler", bytes((flash.free_blocks - 4) * BLOCK_SIZE))
    with pytest.raises(DeployError, match=r"^A: its flash is full: the image has \d+ bytes"):
        board.deploy(app({"main.py": b"1234", "lib/a/b/c.py": b"5678"}), "ap")
    assert image_on(flash).keys() <= {"filler"}
    flash.remove("/filler")
    board.deploy(app({"main.py": b"1234", "lib/a/b/c.py": b"5678"}), "ap")
    assert image_on(flash) == {"main.py": b"1234", "lib/a/b/c.py": b"5678"}


def test_a_folder_in_the_way_is_a_deploy_error(board: Board, flash: Flash) -> None:
    flash.make_folder("/main.py")
    flash.replace("/main.py/inside", b"")
    with pytest.raises(DeployError, match="A: its MicroPython raised"):
        board.deploy(app(OLD), "ap")


def test_a_temporary_left_behind_is_removed(board: Board, flash: Flash) -> None:
    board.deploy(app(OLD), "ap")
    flash.replace("/lib/pkg/old.py" + TEMPORARY_SUFFIX, b"half a fi")
    board.deploy(app(NEW), "ap")
    assert image_on(flash) == NEW


def test_what_is_left_behind_is_removed_also_when_all_files_are_right(board: Board, flash: Flash) -> None:
    board.deploy(app(NEW), "ap")
    listed = flash.files["/" + DEPLOYMENT_RECORD]
    flash.replace("/main.py" + TEMPORARY_SUFFIX, b"half a fi")
    board.distrust()
    board.deploy(app(NEW), "ap")
    assert image_on(flash) == NEW
    # A file that somebody removed, and that would be taken for ours if he put another one there.
    flash.replace("/" + DEPLOYMENT_RECORD, json.dumps([*json.loads(listed), "gone.py"]).encode())
    board.distrust()
    board.deploy(app(NEW), "ap")
    assert flash.files["/" + DEPLOYMENT_RECORD] == listed


def test_power_cut_at_300_random_instants(
    virtual_rig: Rig, virtual_bench: VirtualBench, board: Board, flash: Flash
) -> None:
    world, port, random = virtual_bench.world, virtual_bench.power_port("A"), Random(300)
    board.deploy(app(OLD), "ap")
    started_us = world.now_us
    board.deploy(app(NEW), "ap")
    duration_us = world.now_us - started_us
    cuts, states = 0, set()
    before, after = NEW, OLD
    for _ in range(300):
        board.boot()
        cut = world.after(random.randrange(duration_us), port.off)
        try:
            board.deploy(app(after), "ap")
        except BenchError:
            cuts += 1
        cut.cancel()
        found = image_on(flash)
        states.add(frozenset(found.items()))
        for path in {*before, *after}:
            assert found.pop(path, None) in (before.get(path), after.get(path)), path
        assert all(path.endswith(TEMPORARY_SUFFIX) for path in found)
        # Its switch has not been told, as after a real power failure.
        board.power.off()
        board.deploy(app(after), "ap")
        assert image_on(flash) == after
        before, after = after, before
    # Otherwise the instants were not in the deployment, and this proved nothing.
    assert cuts > 250
    assert len(states) > 8
