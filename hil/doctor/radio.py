"""Whether a board's radio answers, and hears anything."""

from collections.abc import Iterator

from hil.board.raw_repl import ReplError
from hil.doctor import Finding, Patient, Status

CHECK = "radio"
_SCAN_WITHIN_S = 25.0
"""Seconds of rig time: the chip takes its firmware first, and a scan takes two to four."""

_SCAN = """
import network
wlan = network.WLAN(network.STA_IF)
wlan.active(True)
try:
    found = wlan.scan()
    print((wlan.config('mac').hex(':'), len(found), max([n[3] for n in found]) if found else 0))
finally:
    wlan.active(False)
"""


def check_radio(patient: Patient) -> Iterator[Finding]:
    """Have it scan."""
    board = patient.board.name
    with patient.board.repl() as repl:
        try:
            said = repl.exec(_SCAN, _SCAN_WITHIN_S)
        except ReplError as error:
            text = f"the radio does not answer: {error.traceback.splitlines()[-1]}"
            advice = "is it a Pico W, with the MicroPython for it? If other boards do scan, replace it"
            yield Finding(CHECK, board, Status.FAILED, text, advice)
            return
    mac, networks, loudest_dbm = (part.strip(" '()") for part in said.strip().split(","))
    if int(networks):
        text = f"answers as {mac}; hears {networks} networks, the loudest at {loudest_dbm} dBm"
        yield Finding(CHECK, board, Status.OK, text)
    elif patient.rig.config.is_virtual:
        yield Finding(CHECK, board, Status.OK, f"answers as {mac}; nobody else is in the simulated air")
    else:
        advice = "fine where there is no Wi-Fi on 2.4 GHz; else look for metal around the antenna at the board's end"
        yield Finding(CHECK, board, Status.WARNING, f"answers as {mac}, but hears no network", advice)
