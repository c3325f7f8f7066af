"""The loop of a node: one UDP port, one program, and a station to keep joined. One wait, no thread, no polling."""

import socket
import time

from picolink import wire
from picolink.board import Uptime
from picolink.log import Ignored, log
from picolink.program import Program

TYPE_CHECKING = False
if TYPE_CHECKING:
    from picolink.wifi import Station

ETIMEDOUT = 110
REOPEN_MS = 500
"""How long after a socket error a new socket is opened."""
WAIT_MAX_MS = 60000


class UdpPort:
    """One UDP port on all interfaces. An error closes it, the next use opens it again. No error ends the program."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def send(self, text: str, address: tuple[str, int]) -> None:
        """Send one datagram. An error is logged, and the datagram is lost, as it might be on the air."""
        try:
            self._open().sendto(text.encode(), address)
        except OSError as error:
            log(f"error what=send to={address[0]} error={error}")

    def receive(self, timeout_ms: int) -> tuple[bytes, tuple[str, int]] | None:
        """The next datagram, cut off one byte past the limit; None if none comes within `timeout_ms`."""
        try:
            opened = self._open()
            # 0 would be non-blocking mode, which fails with an errno other than that of a timeout.
            opened.settimeout(max(timeout_ms, 1) / 1000)
            return opened.recvfrom(wire.MAX_BYTES + 1)  # type: ignore[return-value]  # IPv4: address and port
        except OSError as error:
            if error.errno != ETIMEDOUT:
                log(f"error what=receive error={error}")
                self.close()
                time.sleep_ms(REOPEN_MS)
            return None

    def close(self) -> None:
        """Close the socket."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _open(self) -> socket.socket:
        if self._socket is None:
            opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            try:
                # Not "": sockets bound to that can become IPv6 sockets.
                opened.bind(("0.0.0.0", self._port))
            except OSError:
                opened.close()
                raise
            self._socket = opened
        return self._socket


def serve(port: UdpPort, program: Program, uptime: Uptime, station: "Station | None" = None) -> None:
    """Run `program` until it is done or interrupted; a client passes its `station`."""
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
