# sys.stdin, sys.stdout and sys.stderr as the rp2 port has them: text, with a buffer beside each that changes no byte.
import io
import sys

import _hal


class _Input(io.IOBase):
    def __init__(self, built):
        self.read = built.read
        self.readline = built.readline
        self.readinto = built.readinto
        self._built = built
        self.buffer = _InputBuffer()

    def __iter__(self):
        return self._built.__iter__()


class _InputBuffer(io.IOBase):
    # Reads of so many bytes wait for all of them, as those of the rp2 port do.
    def readinto(self, buf, size=-1):
        view = memoryview(buf)
        end = len(view) if size < 0 else min(size, len(view))
        n = 0
        while n < end:
            data = _hal.call("usb.read_raw %d" % (end - n))
            view[n : n + len(data)] = data
            n += len(data)
        return n

    def read(self, size=1):
        buf = bytearray(size)
        self.readinto(buf)
        return bytes(buf)

    def readline(self):
        line = b""
        while line[-1:] != b"\n":
            line += self.read(1)
        return line


class _Output(io.IOBase):
    def __init__(self, built):
        self.write = built.write
        self.buffer = _OutputBuffer()


class _OutputBuffer(io.IOBase):
    def write(self, buf, size=-1):
        data = bytes(buf)
        if size >= 0:
            data = data[:size]
        _hal.call("usb.write", data)
        return len(data)


stdin = _Input(sys.stdin)
stdout = _Output(sys.stdout)
stderr = _Output(sys.stderr)
