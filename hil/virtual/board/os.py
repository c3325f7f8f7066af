# Module os: the interpreter's own on the board's flash, with what the rp2 port adds.
import sys

_path = sys.path[:]
sys.path[:] = []
from os import chdir, getcwd, listdir, mkdir, mount, remove, rename, rmdir, stat, umount, unlink, urandom

sys.path[:] = _path
del sys
from _hal import call as _call


def ilistdir(path=""):
    path = path if path[:1] == "/" else getcwd() + "/" + path
    entries = _call("listdir 0", path)
    n = 0
    while entries:
        for entry in entries:
            yield tuple(entry)
        n += len(entries)
        entries = _call("listdir %d" % n, path)


def statvfs(path):
    return tuple(_call("statvfs"))


def sync():
    pass


def dupterm(stream, index=0):
    return None


def uname():
    from collections import namedtuple

    return namedtuple("uname", ("sysname", "nodename", "release", "version", "machine"))(
        "rp2", "rp2", "1.27.0", "v1.27.0 on 2026-06-02 (GNU 14.2.0 MinSizeRel)", "Raspberry Pi Pico W with RP2040"
    )
