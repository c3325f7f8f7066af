# Module micropython as the rp2 port has it; replaces the interpreter's own in sys.modules.
import _hal
from micropython import *

__name__ = "micropython"
_interrupt = KeyboardInterrupt()


def kbd_intr(char):
    if char == -1:
        _hal.call("interrupt.disarm")
    else:
        _hal.call("interrupt.arm %d" % id(_interrupt))


def alloc_emergency_exception_buf(size):
    pass
