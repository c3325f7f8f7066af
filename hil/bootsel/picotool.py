"""Writing a UF2 image with Raspberry Pi's picotool, which talks to the boot ROM itself and needs no mount."""

import tempfile
from collections.abc import Sequence

from hil.bootsel.uf2 import Uf2Image
from hil.errors import BootselError
from hil.host.program import ProgramError, Run, run_here

PROGRAM = "picotool"
LOAD_WITHIN_S = 120.0
"""Seconds of real time to write and verify."""
REBOOT_WITHIN_S = 15.0


def load(image: Uf2Image, bus: int, address: int, program: str = PROGRAM, run: Run = run_here) -> None:
    """Write ``image`` to the board at ``address`` of USB ``bus``, verify it, and restart the board.

    Raises ``BootselError`` with the output of picotool.
    """
    device = ["--bus", str(bus), "--address", str(address)]
    with tempfile.NamedTemporaryFile(suffix=".uf2") as file:
        file.write(image.in_safe_order)
        file.flush()
        _checked(run, [program, "load", "-v", file.name, "-t", "uf2", *device], LOAD_WITHIN_S)
    _checked(run, [program, "reboot", *device], REBOOT_WITHIN_S)


def _checked(run: Run, command: Sequence[str], within_s: float) -> None:
    try:
        finished = run(command, within_s)
    except ProgramError as error:
        raise BootselError(str(error)) from error
    if finished.status:
        text = f"`{' '.join(command)}` failed ({finished.reason()})"
        raise BootselError(f"{text}; if it may not use the device, install the udev rule of docs/rig.md")
