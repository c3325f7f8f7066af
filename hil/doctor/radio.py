"""Whether a board's radio works, and receives anything."""

from collections.abc import Iterator
from typing import cast

from hil.board.raw_repl import ReplError
from hil.doctor import BoardCheck, ExaminedBoard, Finding, Status
from hil.on_board import call, source_of

CHECK = "radio"
_SCAN_WITHIN_S = 25.0
"""Seconds of rig time: the chip takes its firmware first, and a scan takes two to four."""


class RadioCheck(BoardCheck):
    """Scans for networks."""

    def check(self, examined: ExaminedBoard) -> Iterator[Finding]:
        board = examined.board.name
        with examined.board.repl() as repl:
            try:
                repl.exec(source_of("radio_scan"))
                mac, networks, loudest_dbm = cast("tuple[str, int, int]", repl.eval(call("scan"), _SCAN_WITHIN_S))
            except ReplError as error:
                text = f"the radio does not answer: {error.traceback.splitlines()[-1]}"
                title = examined.rig.config.boards[board].type.a_title
                advice = f"is it {title}, with MicroPython for it? If other boards do scan, replace it"
                yield Finding(CHECK, board, Status.FAILED, text, advice)
                return
        if networks:
            text = f"answers as {mac}; hears {networks} networks, the loudest at {loudest_dbm} dBm"
            yield Finding(CHECK, board, Status.OK, text)
        elif examined.rig.config.is_virtual:
            yield Finding(CHECK, board, Status.OK, f"answers as {mac}; nothing else is in the simulated air")
        else:
            advice = (
                "fine where there is no Wi-Fi on 2.4 GHz; else look for metal around the antenna at the board's end"
            )
            yield Finding(CHECK, board, Status.WARNING, f"answers as {mac}, but hears no network", advice)
