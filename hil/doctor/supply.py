"""Whether the hub really cuts a board's power. Many say that they do, and leave it on."""

from collections.abc import Iterator

from hil.doctor import Finding, Patient, Status
from hil.events import SERIAL_GONE
from hil.on_board import call, source_of

CHECK = "power"
_LOOK_S = 1.0
"""Seconds of rig time in which the port of a board that still has power would open: it is there all the while."""


def check_supply(patient: Patient) -> Iterator[Finding]:
    """Cut the board's power: its serial device must go, what it had in RAM must be lost, and no other board may notice.

    ``off`` is what the port *says*; :class:`~hil.board.verified_port.VerifiedPort` has compared that already.
    """
    board = patient.board
    with board.repl() as repl:
        repl.exec(source_of("power_loss") + call("mark"))
    since_s = patient.rig.clock.now()
    board.power.off()
    board.power.wait_until_discharged()
    stays = _still_answers(patient)
    board.boot()
    with board.repl() as repl:
        repl.exec(source_of("power_loss"))
        is_marked = repl.eval(call("is_marked"))
    fix = "docs/rig.md lists hubs that really switch; is `power:` of the board the port that it is plugged into?"
    if is_marked:
        seen = "its serial device stayed" if stays else "its serial device went away"
        text = f"the port says 'off', but the board kept its power: {seen}, and its RAM is as before"
        yield Finding(CHECK, board.name, Status.FAILED, text, fix)
    elif stays:
        text = "the board lost its RAM, but its serial device stayed all the while"
        advice = "the link goes to another board, or to a server that keeps it open: check `link:` and `serial:`"
        yield Finding(CHECK, board.name, Status.WARNING, text, advice)
    else:
        yield Finding(CHECK, board.name, Status.OK, "off takes its serial device and its RAM")
    events = patient.rig.timeline.events()
    gone = {event.board for event in events if event.name == SERIAL_GONE and event.time_s >= since_s} - {board.name}
    if gone:
        text = f"board {', '.join(sorted(gone))} went away while the power of {board.name} was switched"
        advice = (
            "cables are swapped, the hub switches its ports together, or its supply is too weak: docs/rig.md, Power"
        )
        yield Finding(CHECK, board.name, Status.FAILED, text, advice)


def _still_answers(patient: Patient) -> bool:
    """Whether the board's serial device can be opened now that its port is off."""
    patient.link.start(patient.board.console)
    try:
        return patient.rig.clock.wait(lambda: patient.link.is_connected, _LOOK_S)
    finally:
        patient.link.stop()
