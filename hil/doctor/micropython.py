"""Which MicroPython a board runs, and on what."""

from collections.abc import Iterator

from hil.doctor import Finding, Patient, Status

CHECK = "micropython"
_ASK = "(__import__('sys').version, getattr(__import__('sys').implementation, '_machine', 'an unknown board'))"
_BOARD = "Pico W"


def check_micropython(patient: Patient) -> Iterator[Finding]:
    """Ask the board itself."""
    with patient.board.repl() as repl:
        version, machine = (str(said) for said in repl.eval(_ASK))  # type: ignore[attr-defined]  # a pair, by its code
    text = f"{version.partition('; ')[2] or version} on {machine}"
    if _BOARD in machine:
        yield Finding(CHECK, patient.board.name, Status.OK, text)
    else:
        advice = "flash the MicroPython called RPI_PICO_W-… : `hil flash BOARD --uf2 FILE`; a plain Pico has no radio"
        yield Finding(CHECK, patient.board.name, Status.FAILED, text, advice)
