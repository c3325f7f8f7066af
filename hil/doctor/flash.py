"""Whether a board's flash takes what is written to it."""

from collections.abc import Iterator
from typing import cast

from hil.board.raw_repl import ReplError
from hil.doctor import BoardCheck, ExaminedBoard, Finding, Status
from hil.on_board import call, source_of

CHECK = "flash"
FREE_BYTES = 64 * 1024
"""Room for the apps of this repository and a few more."""
_WRITE_WITHIN_S = 20.0
"""Seconds of rig time: erasing a block takes 50 ms, unless the flash is worn."""
_PATH = "/hil-doctor.tmp"


class FlashCheck(BoardCheck):
    """Reads the free space, then writes 8 KB to a temporary file, reads them back, and deletes the file."""

    def check(self, examined: ExaminedBoard) -> Iterator[Finding]:
        board = examined.board.name
        empty_it = f"`mpremote rm -r :/`, or `recovery: {{erase_all_files: true}}` in the rig file, frees board {board}"
        with examined.board.repl() as repl:
            repl.exec(source_of("flash_check"))
            free, total = cast("tuple[int, int]", repl.eval(call("room")))
            room = f"{free // 1024} of {total // 1024} KB free"
            try:
                is_same = repl.eval(call("write_and_read", _PATH), _WRITE_WITHIN_S)
            except ReplError as error:
                text = f"{room}; 8 KB could not be written: {error.traceback.splitlines()[-1]}"
                yield Finding(CHECK, board, Status.FAILED, text, empty_it)
                return
        if not is_same:
            text = f"{room}; what was written was read back differently"
            advice = (
                "the flash is worn out, or its file system damaged: `hil flash` it; if that does not help, replace it"
            )
            yield Finding(CHECK, board, Status.FAILED, text, advice)
        elif free < FREE_BYTES:
            yield Finding(CHECK, board, Status.WARNING, f"only {room}", empty_it)
        else:
            yield Finding(CHECK, board, Status.OK, f"{room}; 8 KB written and read back")
