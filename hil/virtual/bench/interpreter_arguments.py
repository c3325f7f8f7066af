"""The command line of a virtual board's interpreter: its heap, and the module that it starts with."""

from hil.config.board_type import BoardType, default_board_type
from hil.virtual.bootrom import Firmware

HEAP_FOR_MODULES = 26 * 1024
"""Bytes of heap beyond those of a real board: a virtual one holds modules in RAM that a real one holds in flash."""


def interpreter_arguments(mode: str, firmware: Firmware, board_type: BoardType) -> list[str]:
    """The arguments that boot ``firmware`` on a board of ``board_type``. ``mode``: what ``_boot.run`` takes."""
    version = f"{firmware.version!r}, {firmware.version_info!r}"
    run = f"import _boot; _boot.run({mode!r}, {version})"
    if board_type != default_board_type():
        # The built-in modules have the default type's names in them.
        names = f"{board_type.machine!r}, {board_type.micropython_build!r}, {board_type.cpu_hz}"
        run = f"import _board_type; _board_type.set({version}, {names}); {run}"
    heap_kb = (board_type.heap_bytes + HEAP_FOR_MODULES) // 1024
    return ["micropython", "-X", f"heapsize={heap_kb}k", "-c", run]
