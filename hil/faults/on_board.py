"""Faults that are made on a board, over its REPL. The firmware is stopped for it, with Ctrl-C, and started anew."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from hil.board.board import Board
from hil.board.paths import CONFIG, FILLER
from hil.board.raw_repl import RawRepl, ReplError
from hil.errors import FaultError
from hil.on_board import call, source_of

FILL_WITHIN_S = 90.0
"""Seconds of rig time to write all of a flash: erasing a block takes a real board about 50 ms."""

_WRONG_KEYS = ("wrong-key-on-purpose", "another-wrong-key")
"""Two, should one be right."""


def switch_radio_off(board: Board) -> None:
    """Stop the firmware and switch both interfaces off. A reset or power cycle ends it."""
    with board.repl() as repl:
        repl.exec(source_of("radio_off") + call("radio_off"))


def fill_flash(board: Board) -> None:
    """Leave no block of the flash free, and start the firmware anew if the board was on."""
    with _started_anew(board) as repl:
        repl.exec(source_of("full_flash") + call("fill", FILLER), FILL_WITHIN_S)


def empty_flash(board: Board) -> None:
    """Undo :func:`fill_flash`."""
    with _started_anew(board) as repl:
        repl.exec(source_of("erase") + call("erase_files", [FILLER]), FILL_WITHIN_S)


def falsify_key(board: Board) -> bytes:
    """Give the firmware a wrong Wi-Fi key, and start it anew if the board was on; returns what was there before.

    Raises ``FaultError`` when no app is deployed.
    """
    with _started_anew(board) as repl:
        try:
            written = _read(repl)
        except ReplError as error:
            text = f"{board}: there is no {CONFIG} to put a wrong Wi-Fi key into; deploy an app first"
            raise FaultError(f"{text}, by marking the test with firmware(…)") from error
        settings = json.loads(written)
        wrong = next(key for key in _WRONG_KEYS if key != settings["password"])
        _write(repl, json.dumps(settings | {"password": wrong}).encode())
    return written


def restore_key(board: Board, written: bytes) -> None:
    """Undo :func:`falsify_key`."""
    with _started_anew(board) as repl:
        # A deployment in between has put the right one there already, of another app maybe.
        if json.loads(_read(repl))["password"] in _WRONG_KEYS:
            _write(repl, written)


@contextmanager
def _started_anew(board: Board) -> Iterator[RawRepl]:
    """The REPL of a board that is then as it was found: running its firmware from the start, or without power."""
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
