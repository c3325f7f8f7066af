"""Whether the hub really cuts a board's power. Many report that they do, and leave it on."""

from collections.abc import Iterator

from hil.doctor import BoardCheck, ExaminedBoard, Finding, Status
from hil.events import SERIAL_GONE
from hil.on_board import call, source_of

CHECK = "power"
_LOOK_S = 1.0
"""Seconds of rig time within which the serial device of a board that still has power opens."""


class SupplyCheck(BoardCheck):
    """Cuts the board's power: its serial device must disappear, its RAM must be lost, no other board affected.

    ``off`` is what the port *reports*; :class:`~hil.board.verified_port.VerifiedPort` has checked that already.
    """

    def check(self, examined: ExaminedBoard) -> Iterator[Finding]:
        board = examined.board
        with board.repl() as repl:
            repl.exec(source_of("power_loss") + call("mark"))
        since_s = examined.rig.clock.now()
        board.power.off()
        board.power.wait_until_discharged()
        stays = _still_answers(examined)
        board.boot()
        with board.repl() as repl:
            repl.exec(source_of("power_loss"))
            is_marked = repl.eval(call("is_marked"))
        fix = "docs/rig.md lists hubs that really switch; is `power:` of the board the port that it is plugged into?"
        if is_marked:
            seen = "its serial device stayed" if stays else "its serial device went away"
            text = f"the port reports 'off', but the board kept its power: {seen}, and its RAM is as before"
            yield Finding(CHECK, board.name, Status.FAILED, text, fix)
        elif stays:
            text = "the board lost its RAM, but its serial device stayed all the time"
            advice = "the link goes to another board, or to a server that keeps it open: check `link:` and `serial:`"
            yield Finding(CHECK, board.name, Status.WARNING, text, advice)
        else:
            yield Finding(CHECK, board.name, Status.OK, "off removes its serial device and clears its RAM")
        events = examined.rig.timeline.events()
        gone = {event.board for event in events if event.name == SERIAL_GONE and event.time_s >= since_s} - {board.name}
        if gone:
            text = f"board {', '.join(sorted(gone))} went away while the power of {board.name} was switched"
            advice = (
                "cables are swapped, the hub switches its ports together, or its supply is too weak: docs/rig.md, Power"
            )
            yield Finding(CHECK, board.name, Status.FAILED, text, advice)


def _still_answers(examined: ExaminedBoard) -> bool:
    """Whether the board's serial device can be opened now that its port is off."""
    examined.link.start(examined.board.console)
    try:
        return examined.rig.clock.wait(lambda: examined.link.is_connected, _LOOK_S)
    finally:
        examined.link.stop()
