"""A serial port for the raw REPL: read against a deadline, without lines that the radio's C code prints."""

import math

from hil.clock import Clock
from hil.links import BorrowedPort

_SHOWN_BYTES = 200
"""How much of the board's last output an error quotes."""


class ReplTimeout(Exception):
    """The deadline of the operation has passed; ``heard`` quotes what the board sent last."""

    def __init__(self, last: bytes) -> None:
        super().__init__()
        self.heard = f" (it last said {last!r})" if last else " (it said nothing)"


class ReplPort:
    """A serial port read against a deadline, without the lines that the AP's DHCP server prints at any time."""

    def __init__(self, board: str, port: BorrowedPort, clock: Clock) -> None:
        self.board = board
        self.deadline = clock.deadline(0.0)
        self._clock = clock
        self._port = port
        self._noise = DhcpNoise()
        self._waiting = bytearray()
        self._heard = b""

    def write(self, data: bytes) -> None:
        self._port.write(data)

    def inWaiting(self) -> int:  # noqa: N802  # pyserial's name, which mpremote calls
        self._take(self._arrived())
        return len(self._waiting)

    def read(self, size: int) -> bytes:
        while len(self._waiting) < size:
            self._receive()
        return self._hand_out(size)

    def read_until(self, *endings: bytes) -> bytes:
        """Everything up to the first of ``endings`` that comes, and that one."""
        while True:
            ends = [at + len(ending) for ending in endings if (at := self._waiting.find(ending)) >= 0]
            if ends:
                return self._hand_out(min(ends))
            self._receive()

    def try_read_until(self, ending: bytes, within_s: float) -> bool:
        """Whether ``ending`` comes in time; everything before it is dropped."""
        attempt = self._clock.deadline(within_s)
        while not attempt.expired:
            position = self._waiting.find(ending)
            if position >= 0:
                self._hand_out(position + len(ending))
                return True
            del self._waiting[: -len(ending)]
            self._receive(attempt.remaining_s)
        return False

    def read_until_quiet(self, quiet_s: float) -> None:
        """Drop everything until nothing has come for ``quiet_s``."""
        self._waiting.clear()
        while self._receive(quiet_s):
            self._waiting.clear()

    def read_until_gone(self) -> None:
        """Drop everything until the device has gone."""
        try:
            while True:
                self._receive()
                self._waiting.clear()
        except OSError:
            return

    def discard_waiting(self) -> None:
        """Drop what has arrived. Once only: a board that floods its console would keep a loop busy for ever."""
        self._take(self._arrived())
        self._waiting.clear()

    def _receive(self, patience_s: float = math.inf) -> bool:
        """Wait for at least one byte, for ``patience_s`` or up to the deadline; returns whether any came."""
        if self.deadline.expired:
            raise ReplTimeout(self._heard)
        self._port.timeout = min(patience_s, self.deadline.remaining_s)
        return self._take(max(1, self._arrived()))

    def _arrived(self) -> int:
        return self._port.in_waiting

    def _take(self, size: int) -> bool:
        data = self._port.read(size) if size else b""
        clean = self._noise.remove(data)
        self._waiting += clean
        self._heard = (self._heard + clean)[-_SHOWN_BYTES:]
        return bool(data)

    def _hand_out(self, size: int) -> bytes:
        data = bytes(self._waiting[:size])
        del self._waiting[:size]
        return data


class DhcpNoise:
    """Removes messages of an AP's DHCP server from a stream: its C code prints them in the middle of other output."""

    _START = b"DHCPS: client connected: "
    _END = b"\n"

    def __init__(self) -> None:
        self._held = b""

    def remove(self, data: bytes) -> bytes:
        """``data`` without such messages. What may be the start of one is held back until more has arrived."""
        stream = self._held + data
        clean = b""
        while (start := stream.find(self._START)) >= 0:
            clean += stream[:start]
            end = stream.find(self._END, start)
            if end < 0:
                self._held = stream[start:]
                return clean
            stream = stream[end + len(self._END) :]
        # The first letter of a message occurs only once in its start, so only its last occurrence can start another.
        last = stream.rfind(self._START[:1])
        held = len(stream) if last < 0 or not self._START.startswith(stream[last:]) else last
        self._held = stream[held:]
        return clean + stream[:held]
