# Sockets as the rp2 port has them. hil/virtual/hal/socket.py answers the calls.
import io

from _hal import call as _call

AF_INET = 2
AF_INET6 = 10
SOCK_STREAM = 1
SOCK_DGRAM = 2
SOCK_RAW = 3
SOL_SOCKET = 1
SO_REUSEADDR = 4
SO_BROADCAST = 32
IPPROTO_IP = 0
IPPROTO_TCP = 6
IP_ADD_MEMBERSHIP = 1024
TCP_NODELAY = 1


def _words(address):
    return "%s %d" % (address[0] or "0.0.0.0", address[1])


def _payload(data):
    return data if isinstance(data, (bytes, str)) else bytes(data)


class socket(io.IOBase):
    def __init__(self, af=AF_INET, type=SOCK_STREAM, proto=0, fileno=None):
        self._timeout = -1
        self._handle = _call("sock.open %d" % type) if fileno is None else fileno

    def close(self):
        _call("sock.close %d" % self._handle)
        self._handle = 0

    def settimeout(self, seconds):
        self._timeout = -1 if seconds is None else int(seconds * 1000)

    def setblocking(self, flag):
        self._timeout = -1 if flag else 0

    def setsockopt(self, level, option, value):
        if option == SO_REUSEADDR:
            _call("sock.share %d %d" % (self._handle, value))
        elif option != SO_BROADCAST and option != TCP_NODELAY:
            raise OSError(95)

    def bind(self, address):
        _call("sock.bind %d %s" % (self._handle, _words(address)))

    def listen(self, backlog=2):
        _call("sock.listen %d %d" % (self._handle, backlog))

    def accept(self):
        handle, host, port = _call("sock.accept %d %d" % (self._handle, self._timeout))
        s = socket(fileno=handle)
        s._timeout = self._timeout
        return s, (host, port)

    def connect(self, address):
        _call("sock.connect %d %s %d" % (self._handle, _words(address), self._timeout))

    def send(self, data):
        return _call("sock.send %d %d" % (self._handle, self._timeout), _payload(data))

    def sendto(self, data, address):
        return _call("sock.sendto %d %s %d" % (self._handle, _words(address), self._timeout), _payload(data))

    def sendall(self, data):
        if isinstance(data, str):
            data = data.encode()
        n = self.send(data)
        while n < len(data):
            n += self.send(data[n : n + 2048])

    def recv(self, size):
        return _call("sock.recv %d %d %d" % (self._handle, size, self._timeout))

    def recvfrom(self, size):
        b = _call("sock.recvfrom %d %d %d" % (self._handle, size, self._timeout))
        return b[6:], ("%d.%d.%d.%d" % (b[0], b[1], b[2], b[3]), b[4] << 8 | b[5])

    def makefile(self, *args):
        return self

    def write(self, data):
        self.sendall(data)
        return len(data)

    def read(self, size=-1):
        b = b""
        while size:
            try:
                part = self.recv(1024 if size < 0 else size)
            except OSError as e:
                if e.errno != 11:
                    raise
                return b or None
            if not part:
                break
            b += part
            if size > 0:
                size -= len(part)
        return b

    def readinto(self, buf, size=-1):
        b = self.read(len(buf) if size < 0 else min(size, len(buf)))
        if b is None:
            return None
        buf[: len(b)] = b
        return len(b)

    def readline(self, size=-1):
        b = b""
        while size and b[-1:] != b"\n":
            part = self.read(1)
            if not part:
                return b or part
            b += part
            size -= 1
        return b


def getaddrinfo(host, port, *args):
    return [(AF_INET, SOCK_STREAM, 0, "", (_call("sock.resolve", host), port))]
