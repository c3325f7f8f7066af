# Module os: the interpreter's own on the board's flash, with what the rp2 port adds.
import sys

_path = sys.path[:]
sys.path[:] = []
from os import chdir, getcwd, listdir, mkdir, mount, remove, rename, stat, umount, unlink, urandom
from os import ilistdir as _ilistdir
from os import rmdir as _rmdir
from os import statvfs as _statvfs

sys.path[:] = _path
del sys
from _hal import call as _call, firmware as _firmware


def _mounted(path):
    # Whether a file system that the program mounted is meant, and not the flash.
    for _, point in mount():
        if point != "/" and (path + "/").startswith(point + "/"):
            return True
    return False


def _absolute(path):
    return path if path[:1] == "/" else getcwd().rstrip("/") + "/" + path


def ilistdir(path=""):
    path = _absolute(path)
    return _ilistdir(path) if _mounted(path) else _list_flash(path)


def _list_flash(path):
    entries = _call("listdir 0", path)
    n = 0
    while entries:
        for entry in entries:
            yield tuple(entry)
        n += len(entries)
        entries = _call("listdir %d" % n, path)


def rmdir(path):
    if path == "/":
        raise OSError(1)  # EPERM; the interpreter's own number for it is another one
    _rmdir(path)


def statvfs(path):
    path = _absolute(path)
    if _mounted(path):
        return _statvfs(path)
    return tuple(_call("statvfs"))


def sync():
    pass


def dupterm(stream, index=0):
    return None


def uname():
    from collections import namedtuple

    release = _firmware.split(" ")[0].lstrip("v")
    version = _firmware + " (GNU 14.2.0 MinSizeRel)"
    return namedtuple("uname", ("sysname", "nodename", "release", "version", "machine"))(
        "rp2", "rp2", release, version, "Raspberry Pi Pico W with RP2040"
    )
