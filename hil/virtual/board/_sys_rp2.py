# Module sys as the rp2 port has it; replaces the interpreter's own in sys.modules.
import sys as _built
from collections import namedtuple
from sys import argv, byteorder, exit, maxsize, modules, path, version

from _stdio import stderr, stdin, stdout

from _hal import firmware as _firmware, version as _version

__name__ = "sys"
platform = "rp2"
_i = _built.implementation
implementation = namedtuple("implementation", ("name", "version", "_machine", "_mpy", "_build"))(
    _i[0], _version, "Raspberry Pi Pico W with RP2040", _i[3], "RPI_PICO_W"
)
version = version.split(";")[0] + "; MicroPython " + _firmware
version_info = _built.version_info
ps1 = ">>> "
ps2 = "... "
del _built
