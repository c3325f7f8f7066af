# Polling of sockets and of the console. hil/virtual/hal/socket.py answers the call.
import sys

from _hal import call as _call

POLLIN = 1
POLLOUT = 4
POLLERR = 8
POLLHUP = 16


def _handle(stream):
    if stream is sys.stdin or stream is sys.stdin.buffer:
        return -1
    handle = getattr(stream, "_handle", None)
    if handle is None:
        raise OSError(22)
    return handle


class _Poll:
    def __init__(self):
        self._streams = {}

    def register(self, stream, mask=POLLIN | POLLOUT):
        _handle(stream)
        self._streams[id(stream)] = [stream, mask]

    def unregister(self, stream):
        self._streams.pop(id(stream), None)

    def modify(self, stream, mask):
        if id(stream) not in self._streams:
            raise OSError(2)
        self._streams[id(stream)][1] = mask

    def poll(self, timeout=-1, flags=0):
        entries = list(self._streams.values())
        words = ["poll %d" % (-1 if timeout is None else timeout)]
        by_handle = {}
        for entry in entries:
            handle = _handle(entry[0])
            by_handle[handle] = entry
            words.append("%d:%d" % (handle, entry[1]))
        ready = []
        for handle, events in _call(" ".join(words)):
            entry = by_handle[handle]
            if flags & 1:
                entry[1] = 0
            ready.append((entry[0], events))
        return ready

    def ipoll(self, timeout=-1, flags=0):
        return iter(self.poll(timeout, flags))


def poll():
    return _Poll()


def select(readers, writers, others, timeout=None):
    p = _Poll()
    for streams, mask in ((readers, POLLIN), (writers, POLLOUT), (others, 0)):
        for stream in streams:
            old = p._streams.get(id(stream))
            p.register(stream, mask | (old[1] if old else 0))
    ready = p.poll(-1 if timeout is None else int(timeout * 1000))
    found = {}
    for stream, events in ready:
        found[id(stream)] = events
    return tuple(
        [s for s in streams if found.get(id(s), 0) & mask]
        for streams, mask in ((readers, ~POLLOUT), (writers, ~POLLIN), (others, ~(POLLIN | POLLOUT)))
    )
