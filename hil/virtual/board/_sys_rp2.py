# Module sys as the rp2 port has it; replaces the interpreter's own in sys.modules.
import sys as _built
from collections import namedtuple
from sys import argv, byteorder, exit, maxsize, modules, path, stderr, stdin, stdout, version

__name__ = "sys"
platform = "rp2"
_i = _built.implementation
implementation = namedtuple("implementation", ("name", "version", "_machine", "_mpy", "_build"))(
    _i[0], (1, 27, 0, ""), "Raspberry Pi Pico W with RP2040", _i[3], "RPI_PICO_W"
)
version = version.split(";")[0] + "; MicroPython v1.27.0 on 2026-06-02"
version_info = _built.version_info
ps1 = ">>> "
ps2 = "... "
del _built
