"""The examination of a rig: every check in its order, each board separately, then the previous state is restored."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from functools import partial
from traceback import extract_tb

from hil.bench.bench import Bench
from hil.board.board import Board
from hil.config.registry import BrokenEntryPoint
from hil.config.rig import RigConfig
from hil.doctor import BoardCheck, ExaminedBoard, Finding, Machine, MachineCheck, Status
from hil.doctor.micropython import CHECK as MICROPYTHON
from hil.doctor.registry import CHECKS
from hil.errors import BenchError, HilError
from hil.host.usb_devices import list_devices
from hil.rig import Rig, open_bench

_SERIAL = "serial"


def examine(config: RigConfig) -> Iterator[Finding]:
    """Check a rig that nothing else uses. Each finding comes as soon as it is known."""
    of_machine: dict[str, MachineCheck] = {}
    of_boards: dict[str, BoardCheck] = {}
    for name in CHECKS.in_table_order:
        try:
            check = CHECKS.load(name)()
        except Exception as error:  # noqa: BLE001  # as in _guarded
            yield _finding_of(error, name, config.name)
            continue
        if isinstance(check, MachineCheck):
            of_machine[name] = check
        else:
            of_boards[name] = check
    machine = Machine(config, () if config.is_virtual else list_devices())
    for name, machine_check in of_machine.items():
        yield from _guarded(name, config.name, partial(machine_check.check, machine))
    try:
        bench = open_bench(config)
    except BenchError as error:
        advice = "nothing was touched; try again when the other run has ended"
        yield Finding("locks", config.name, Status.FAILED, str(error), advice)
    else:
        with closing(bench):
            yield from examine_boards(Rig(config, bench), bench, of_boards)
    for name, machine_check in of_machine.items():
        yield from _guarded(name, config.name, machine_check.finish)


def examine_boards(rig: Rig, bench: Bench, checks: Mapping[str, BoardCheck]) -> Iterator[Finding]:
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
                yield _finding_of(error, _SERIAL, board.name)
        runs: dict[str, list[str]] = {}
        for board in awake:
            for finding in _examine_board(ExaminedBoard(rig, board, bench.link(board.name)), checks):
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


def _examine_board(examined: ExaminedBoard, checks: Mapping[str, BoardCheck]) -> Iterator[Finding]:
    for name, check in checks.items():
        yield from _guarded(name, examined.board.name, partial(check.check, examined))


def _guarded(name: str, subject: str, check: Callable[[], Iterable[Finding]]) -> Iterator[Finding]:
    """The findings of ``check``; what it raises is one more."""
    try:
        yield from check()
    except Exception as error:  # noqa: BLE001  # a defect of one check must not hide what the others find
        yield _finding_of(error, name, subject)


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
            lost.append(_finding_of(error, _SERIAL, board.name))
    return lost


def _finding_of(error: Exception, check: str, subject: str) -> Finding:
    match error:
        case BrokenEntryPoint():
            text, advice = str(error), "the other checks do not need that package"
        case HilError():
            text, advice = str(error).removeprefix(f"{subject}: "), "see docs/rig.md, Troubleshooting"
        case _:
            place = extract_tb(error.__traceback__)[-1]
            text = f"the check raised {type(error).__name__}: {error} ({place.filename}:{place.lineno})"
            advice = "report this to the authors of the check"
    return Finding(check, subject, Status.FAILED, text, advice)
