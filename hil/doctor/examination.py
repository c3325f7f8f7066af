"""The examination of a rig: every check in its order, each board separately, then the previous state is restored."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing

from hil.bench.bench import Bench
from hil.board.board import Board
from hil.config.rig import RigConfig
from hil.doctor import BoardCheck, ExaminedBoard, Finding, Machine, MachineCheck, Status
from hil.doctor.access import check_access
from hil.doctor.bandwidth import check_bandwidth
from hil.doctor.flash import CHECK as FLASH
from hil.doctor.flash import check_flash
from hil.doctor.kernel import KernelCheck
from hil.doctor.micropython import CHECK as MICROPYTHON
from hil.doctor.micropython import check_micropython
from hil.doctor.radio import CHECK as RADIO
from hil.doctor.radio import check_radio
from hil.doctor.supply import CHECK as POWER
from hil.doctor.supply import check_supply
from hil.errors import BenchError, HilError
from hil.host.kernel_log import open_kernel_log
from hil.host.usb_devices import list_devices
from hil.rig import Rig, open_bench

MACHINE_CHECKS: tuple[MachineCheck, ...] = (check_access, check_bandwidth)
BOARD_CHECKS: Mapping[str, BoardCheck] = {
    MICROPYTHON: check_micropython,
    FLASH: check_flash,
    RADIO: check_radio,
    POWER: check_supply,
}
"""In this order: the last check loses state that the others need."""

_SERIAL = "serial"


def examine(config: RigConfig) -> Iterator[Finding]:
    """Check a rig that nothing else uses. Each finding comes as soon as it is known."""
    kernel = KernelCheck(config.name, None if config.is_virtual else open_kernel_log)
    machine = Machine(config, () if config.is_virtual else list_devices())
    for check in MACHINE_CHECKS:
        yield from check(machine)
    try:
        bench = open_bench(config)
    except BenchError as error:
        advice = "nothing was touched; try again when the other run has ended"
        yield Finding("locks", config.name, Status.FAILED, str(error), advice)
    else:
        with closing(bench):
            yield from examine_boards(Rig(config, bench), bench)
    yield from kernel.findings()


def examine_boards(rig: Rig, bench: Bench) -> Iterator[Finding]:
    """Check every board of ``rig`` in turn, with all of them on, so that effects of one on another are seen."""
    were_on: dict[str, bool] = {}
    awake: list[Board] = []
    try:
        for board in rig.boards.values():
            try:
                were_on[board.name] = board.power.is_on
                board.boot()
                awake.append(board)
                text = f"{'on' if were_on[board.name] else 'switched on'}, serial device open"
                yield Finding(_SERIAL, board.name, Status.OK, text)
            except HilError as error:
                yield _failed(_SERIAL, board, error)
        runs: dict[str, list[str]] = {}
        for board in awake:
            for finding in _examine_board(ExaminedBoard(rig, board, bench.link(board.name))):
                if finding.check == MICROPYTHON and finding.status is Status.OK:
                    runs.setdefault(finding.text, []).append(board.name)
                yield finding
        if len(runs) > 1:
            text = "; ".join(f"{', '.join(names)}: {version}" for version, names in runs.items())
            advice = "give all boards the same: `hil flash --all --uf2 FILE`"
            yield Finding(MICROPYTHON, rig.config.name, Status.WARNING, f"boards differ: {text}", advice)
    finally:
        lost = _put_back(rig, were_on, awake)
    yield from lost


def _examine_board(examined: ExaminedBoard) -> Iterator[Finding]:
    for name, check in BOARD_CHECKS.items():
        try:
            yield from check(examined)
        except HilError as error:
            yield _failed(name, examined.board, error)


def _put_back(rig: Rig, were_on: Mapping[str, bool], awake: Sequence[Board]) -> list[Finding]:
    """Boards that were on run their program again, the others are off. One that never booted is left as it is."""
    lost = []
    for name, was_on in were_on.items():
        board = rig.boards[name]
        try:
            if not was_on:
                board.power.off()
            elif board in awake:
                board.reset()
        except HilError as error:
            lost.append(_failed(_SERIAL, board, error))
    return lost


def _failed(check: str, board: Board, error: HilError) -> Finding:
    advice = "see docs/rig.md, Troubleshooting"
    return Finding(check, board.name, Status.FAILED, str(error).removeprefix(f"{board.name}: "), advice)
