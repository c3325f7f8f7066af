"""Faults that are made on a board, over its REPL. Ctrl-C stops its firmware for that; a reset starts it again."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from hil.board.board import Board
from hil.board.paths import CONFIG, FILLER
from hil.board.raw_repl import RawRepl, ReplError
from hil.errors import FaultError
from hil.faults import BoardFault, End, FaultContext
from hil.on_board import call, source_of

FILL_WITHIN_S = 90.0
"""Seconds of rig time to write all of a flash: erasing a block takes a real board about 50 ms."""

_WRONG_KEYS = ("wrong-key-on-purpose", "another-wrong-key")
"""Two, in case one is the right one."""


@dataclass(frozen=True)
class RadioOff(BoardFault):
    """Both interfaces of a board are off, and its firmware is stopped. At the end the board is reset."""

    begins_when_done = True

    def begin(self, _context: FaultContext) -> End:
        with self.board.repl() as repl:
            repl.exec(source_of("radio_off") + call("radio_off"))
        return self.board.reset


@dataclass(frozen=True)
class FullFlash(BoardFault):
    """No block of the flash is free. The firmware starts again, at the begin and at the end."""

    outlives_power = True
    begins_when_done = True

    def begin(self, _context: FaultContext) -> End:
        with _restarted(self.board) as repl:
            repl.exec(source_of("full_flash") + call("fill", FILLER), FILL_WITHIN_S)
        return self._end

    def _end(self) -> None:
        with _restarted(self.board) as repl:
            repl.exec(source_of("erase_files") + call("erase_files", [FILLER]), FILL_WITHIN_S)


@dataclass(frozen=True)
class WrongKey(BoardFault):
    """The firmware has a wrong Wi-Fi key in ``config.json``. It starts again, at the begin and at the end.

    Raises ``FaultError`` when no app is deployed.
    """

    outlives_power = True
    begins_when_done = True

    def begin(self, _context: FaultContext) -> End:
        with _restarted(self.board) as repl:
            try:
                written = _read(repl)
            except ReplError as error:
                text = f"{self.board}: there is no {CONFIG} to put a wrong Wi-Fi key into; deploy an app first"
                raise FaultError(f"{text}, by marking the test with firmware(…)") from error
            settings = json.loads(written)
            wrong = next(key for key in _WRONG_KEYS if key != settings["password"])
            _write(repl, json.dumps(settings | {"password": wrong}).encode())
        return lambda: self._end(written)

    def _end(self, written: bytes) -> None:
        with _restarted(self.board) as repl:
            # A deployment in between has written the right one already, perhaps of another app.
            if json.loads(_read(repl))["password"] in _WRONG_KEYS:
                _write(repl, written)


@contextmanager
def _restarted(board: Board) -> Iterator[RawRepl]:
    """The REPL of a board. Afterwards its firmware runs from the start if it was on, and it is off otherwise."""
    was_on = board.power.is_on
    with board.repl() as repl:
        yield repl
    if was_on:
        board.reset()
    else:
        board.power.off()


def _read(repl: RawRepl) -> bytes:
    content = repl.eval(f"open({CONFIG!r}, 'rb').read()")
    assert isinstance(content, bytes)
    return content


def _write(repl: RawRepl, content: bytes) -> None:
    repl.exec(f"with open({CONFIG!r}, 'wb') as file: file.write({content!r})")
