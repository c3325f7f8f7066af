"""The error numbers of MicroPython's rp2 port, which all simulated hardware uses."""

from enum import IntEnum


class Errno(IntEnum):
    """Linux's numbers, as in py/mperrno.h and littlefs. The interpreter was built with WASI's."""

    EPERM = 1
    ENOENT = 2
    EIO = 5
    EBADF = 9
    EAGAIN = 11
    ENOMEM = 12
    EACCES = 13
    EEXIST = 17
    ENODEV = 19
    ENOTDIR = 20
    EISDIR = 21
    EINVAL = 22
    EMFILE = 24
    ENOSPC = 28
    EROFS = 30
    ENAMETOOLONG = 36
    ENOSYS = 38
    ENOTEMPTY = 39
    EMSGSIZE = 90
    EOPNOTSUPP = 95
    EADDRINUSE = 98
    ECONNABORTED = 103
    ECONNRESET = 104
    ENOBUFS = 105
    EISCONN = 106
    ENOTCONN = 107
    ETIMEDOUT = 110
    ECONNREFUSED = 111
    EHOSTUNREACH = 113
    EALREADY = 114
    EINPROGRESS = 115
