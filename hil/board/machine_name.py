"""The machine that a board reports: its kind and chip, by which its type is checked."""

from hil.board.raw_repl import RawRepl

ASK_MACHINE = "getattr(__import__('sys').implementation, '_machine', '')"
"""Expression for a board: such as ``Raspberry Pi Pico W with RP2040``; empty before MicroPython 1.20."""


def machine_of(repl: RawRepl, within_s: float) -> str:
    """What the board at ``repl`` reports; empty if its MicroPython does not. Raises ``LinkError``, ``ReplError``."""
    return str(repl.eval(ASK_MACHINE, within_s))
