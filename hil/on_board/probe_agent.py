"""The program of a probe's board: executes commands from the serial line in the Wi-Fi, and reports what it hears.

A command is a line of JSON, [number, name, arguments…]. The answer is [number, true, value] or [number, false, errno],
at once or when the command is done. Lines with number 0 are reports without a command:
[0, "wifi", status, ip], [0, "udp", port handle, data, ip, port], [0, "dropped", port handle, count].
Data is base64. Datagrams are queued as soon as they arrive, since the radio keeps no more than four of them per port.
"""

import binascii
import json
import machine
import network
import select
import socket
import sys

HOSTNAME = "hil-probe-"
POWER_SAVE_OFF = 0xA11140
QUEUE_MAX = 32
"""Datagrams that can wait for the serial line; further ones are counted and lost."""
DATAGRAM_MAX = 1472
WIFI_CHECK_MS = 200
EAGAIN = 11
EINPROGRESS = 115


def text(data: bytes) -> str:
    """Bytes as base64."""
    return binascii.b2a_base64(data, newline=False).decode()


def emit(message: list) -> None:
    """Send one message over the serial line."""
    print(json.dumps(message))


class Port:
    """One UDP port."""

    def __init__(self, number: int) -> None:
        self.dropped = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self.socket.bind(("0.0.0.0", number))
            self.socket.setblocking(False)
        except OSError:
            self.socket.close()
            raise


class Stream:
    """One TCP connection, with the commands that wait for it."""

    def __init__(self) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.socket.setblocking(False)
        self.connecting = 0
        self.reading = 0
        self.size = 0
        self.writing = 0
        self.rest = b""

    def mask(self) -> int:
        """The events to wait for: none unless a command waits, or the loop would spin once the peer is gone."""
        writes = self.connecting or self.writing
        return (select.POLLOUT if writes else 0) | (select.POLLIN if self.reading else 0)

    def go_on(self) -> None:
        """The socket is ready: serve the command that waits for it."""
        number = self.connecting or self.writing or self.reading
        try:
            if self.connecting:
                self.socket.send(b"")
                self.connecting = 0
                emit([number, True, None])
            elif self.writing:
                self.rest = self.rest[self.socket.send(self.rest) :]
                if not self.rest:
                    self.writing = 0
                    emit([number, True, None])
            elif self.reading:
                data = self.socket.recv(self.size)
                self.reading = 0
                emit([number, True, text(data)])
        except OSError as error:
            if error.errno != EAGAIN:
                self.connecting = self.writing = self.reading = 0
                emit([number, False, error.errno])


class Agent:
    """Reads commands, watches sockets and the Wi-Fi, and reports. One loop, one wait."""

    def __init__(self, ssid: str, key: str) -> None:
        self._ssid = ssid
        self._key = key
        self._wlan = network.WLAN(network.STA_IF)
        self._wifi: tuple | None = None
        self._ports: dict[int, Port] = {}
        self._streams: dict[int, Stream] = {}
        self._handle = 0
        self._queue: list[list] = []

    def run(self) -> None:
        """Run until the board is reset or interrupted."""
        # A soft reset leaves the interfaces of the program before it on.
        for interface in (network.WLAN(network.AP_IF), self._wlan):
            if interface.active():
                interface.active(False)
        network.hostname(HOSTNAME + binascii.hexlify(machine.unique_id()).decode()[-6:])
        print("probe-agent-ready")
        while True:
            self._step()

    def _step(self) -> None:
        poll = select.poll()
        poll.register(sys.stdin, select.POLLIN)
        for port in self._ports.values():
            poll.register(port.socket, select.POLLIN)
        for stream in self._streams.values():
            if stream.mask():
                poll.register(stream.socket, stream.mask())
        wait_ms = 0 if self._queue else WIFI_CHECK_MS if self._wlan.active() else -1
        ready = [id(entry[0]) for entry in poll.poll(wait_ms)]
        # Datagrams first, because the radio's own queue is short.
        for handle, port in self._ports.items():
            if id(port.socket) in ready:
                self._take(handle, port)
        for stream in self._streams.values():
            if id(stream.socket) in ready:
                stream.go_on()
        self._report()
        if id(sys.stdin) in ready:
            self._command()
        self._watch_wifi()

    def _take(self, handle: int, port: Port) -> None:
        while True:
            try:
                data, sender = port.socket.recvfrom(DATAGRAM_MAX)
            except OSError as error:
                if error.errno != EAGAIN:
                    emit([0, "failed", handle, error.errno])
                break
            if len(self._queue) < QUEUE_MAX:
                self._queue.append([0, "udp", handle, text(data), sender[0], sender[1]])
            else:
                port.dropped += 1

    def _report(self) -> None:
        if self._queue:
            emit(self._queue.pop(0))
            return
        # After the datagrams that were kept: those that were lost came later.
        for handle, port in self._ports.items():
            if port.dropped:
                emit([0, "dropped", handle, port.dropped])
                port.dropped = 0

    def _watch_wifi(self) -> None:
        if self._wlan.active() or self._wifi:
            joined = self._wlan.isconnected()
            wifi = (self._wlan.status(), self._wlan.ifconfig()[0] if joined else "")
            if wifi != self._wifi:
                emit([0, "wifi", wifi[0], wifi[1]])
            self._wifi = wifi if self._wlan.active() else None

    def _command(self) -> None:
        try:
            command = json.loads(sys.stdin.readline())
            number, name = command[0], command[1]
        except (ValueError, IndexError, KeyError, TypeError) as error:
            emit([0, "garbled", repr(error)])
            return
        try:
            value = getattr(self, "do_" + name)(number, *command[2:])
            if value is not self:
                emit([number, True, value])
        except OSError as error:
            emit([number, False, error.errno])
        except (AttributeError, KeyError, MemoryError, TypeError, ValueError) as error:
            emit([number, False, repr(error)])

    def do_join(self, number: int) -> None:
        """Start to join; reports of the Wi-Fi show how it goes."""
        self._wifi = None
        self._wlan.active(True)
        self._wlan.config(pm=POWER_SAVE_OFF)
        self._wlan.connect(self._ssid, self._key)

    def do_leave(self, number: int) -> None:
        """Leave the Wi-Fi."""
        if self._wlan.active():
            self._wlan.disconnect()
            self._wlan.active(False)

    def do_open(self, number: int, port: int) -> int:
        """Open a UDP port. Returns its handle."""
        self._handle += 1
        self._ports[self._handle] = Port(port)
        return self._handle

    def do_send(self, number: int, handle: int, data: str, ip: str, port: int) -> None:
        """Send one datagram."""
        self._ports[handle].socket.sendto(binascii.a2b_base64(data), (ip, port))

    def do_connect(self, number: int, ip: str, port: int) -> int:
        """Begin to connect by TCP. Returns the connection's handle."""
        self._handle += 1
        stream = self._streams[self._handle] = Stream()
        try:
            stream.socket.connect((ip, port))
        except OSError as error:
            if error.errno != EINPROGRESS:
                self.do_close(number, self._handle)
                raise
        return self._handle

    def do_connected(self, number: int, handle: int) -> "Agent":
        """Answered when a connection is open."""
        self._streams[handle].connecting = number
        return self

    def do_read(self, number: int, handle: int, size: int) -> "Agent":
        """Answered with data once some has arrived; empty at the end of the stream."""
        stream = self._streams[handle]
        stream.reading, stream.size = number, size
        return self

    def do_write(self, number: int, handle: int, data: str) -> "Agent":
        """Answered when all of the data has been sent."""
        stream = self._streams[handle]
        stream.writing, stream.rest = number, binascii.a2b_base64(data)
        return self

    def do_close(self, number: int, handle: int) -> None:
        """Close a port or a connection."""
        closing = self._ports.pop(handle, None) or self._streams.pop(handle, None)
        if closing:
            closing.socket.close()
