"""The loop of a node: one UDP port, one program, and a station to keep joined. One wait, no thread, no spinning."""

import socket
import time

from picolink import wire
from picolink.board import Uptime
from picolink.log import Ignored, say
from picolink.program import Program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from picolink.wifi import Station

ETIMEDOUT = 110
REOPEN_MS = 500
"""After an error of the socket a new one is opened this much later."""
WAIT_MAX_MS = 60000


class UdpPort:
    """One UDP port on all interfaces. An error closes it, and the next use opens it again: none ends the program."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def send(self, text: str, address: tuple[str, int]) -> None:
        """Send one datagram; it may be lost here as well as in the air."""
        try:
            self._open().sendto(text.encode(), address)
        except OSError as error:
            say(f"error what=send to={address[0]} error={error}")

    def receive(self, timeout_ms: int) -> tuple[bytes, tuple[str, int]] | None:
        """The next datagram, one byte more than allowed at most; None after `timeout_ms` without."""
        try:
            opened = self._open()
            # 0 would mean: do not wait, which ends with another errno than waiting in vain.
            opened.settimeout(max(timeout_ms, 1) / 1000)
            return opened.recvfrom(wire.MAX_BYTES + 1)  # type: ignore[return-value]  # IPv4: address and port
        except OSError as error:
            if error.errno != ETIMEDOUT:
                say(f"error what=receive error={error}")
                self.close()
                time.sleep_ms(REOPEN_MS)
            return None

    def close(self) -> None:
        """Give the socket back."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _open(self) -> socket.socket:
        if self._socket is None:
            opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                # Not "": several sockets bound to that become IPv6 ones.
                opened.bind(("0.0.0.0", self._port))
            except OSError:
                opened.close()
                raise
            self._socket = opened
        return self._socket


def serve(port: UdpPort, program: Program, uptime: Uptime, station: "Station | None" = None) -> None:
    """Run `program` until it is done or interrupted; `station` is that of a client."""
    ignored = Ignored()
    ip = ""
    now_ms = uptime.now_ms()
    while True:
        due_ms = now_ms + WAIT_MAX_MS
        if station is not None:
            due_ms = station.tick(now_ms)
            if not ip:
                # Joining can block for more than a second when it powers up the radio.
                now_ms = uptime.now_ms()
            if station.ip != ip:
                ip = station.ip
                program.link(now_ms, ip)
            elif ip and program.is_deaf(now_ms):
                station.rejoin(now_ms)
        due_ms = min(due_ms, program.tick(now_ms))
        if program.done:
            return
        ignored_ms = ignored.tick(now_ms)
        if ignored_ms is not None:
            due_ms = min(due_ms, ignored_ms)
        received = port.receive(due_ms - now_ms)
        now_ms = uptime.now_ms()
        if received is None:
            continue
        data, sender = received
        try:
            program.received(now_ms, wire.parse(data), sender)
        except wire.Malformed as malformed:
            ignored.add(now_ms, malformed.reason)
