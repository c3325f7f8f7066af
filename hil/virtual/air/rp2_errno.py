"""Error numbers of the rp2 port (those of Linux), as sockets and interfaces of the simulated radio raise them."""

EPERM = 1
EBADF = 9
EAGAIN = 11
ENOMEM = 12
EINVAL = 22
EMSGSIZE = 90
EOPNOTSUPP = 95
EADDRINUSE = 98
ECONNABORTED = 103
ECONNRESET = 104
EISCONN = 106
ENOTCONN = 107
ETIMEDOUT = 110
EHOSTUNREACH = 113
EALREADY = 114
EINPROGRESS = 115

NAME_UNKNOWN = -2
RESOLVER_FULL = -1
"""What ``getaddrinfo`` raises for a name that nobody answers for, and when no socket is left to ask: no errnos, but
numbers of MicroPython's modlwip.c and of lwIP."""
