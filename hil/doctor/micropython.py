"""Which MicroPython a board runs, and whether it is the one for the board's type."""

from collections.abc import Iterator
from typing import cast

from hil.board.machine_name import ASK_MACHINE
from hil.config.board_type import known_board_types
from hil.doctor import BoardCheck, ExaminedBoard, Finding, Status

CHECK = "micropython"
_ASK = f"(__import__('sys').version, {ASK_MACHINE})"


class MicropythonCheck(BoardCheck):
    """Asks the board itself."""

    def check(self, examined: ExaminedBoard) -> Iterator[Finding]:
        board = examined.board.name
        expected = examined.rig.config.boards[board].type
        with examined.board.repl() as repl:
            version, machine = (str(value) for value in cast("tuple[object, object]", repl.eval(_ASK)))
        text = f"{version.partition('; ')[2] or version} on {machine or 'an unknown board'}"
        if expected.runs_as(machine):
            yield Finding(CHECK, board, Status.OK, text)
            return
        fitting = next((known for known in known_board_types() if machine and known.runs_as(machine)), None)
        text = f"{text}, but its type is {expected.name} ({expected.machine})"
        if fitting is not None:
            advice = f"write `type: {fitting.name}` in the rig file, or plug in {expected.a_title}"
        else:
            flash = f"`hil flash {board} --uf2 {expected.micropython_build}-….uf2`"
            advice = f"flash MicroPython for the {expected.title}: {flash}"
        yield Finding(CHECK, board, Status.FAILED, text, advice)
