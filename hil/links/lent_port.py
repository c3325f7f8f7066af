"""The serial port as its borrower sees it, while the link's thread keeps reading."""

import threading
from collections.abc import Callable

from serial import SerialException

from hil.clock import Clock

_FOREVER_S = 86400.0


class LentPort:
    """Buffers what the thread reads while the port is lent. Implements :class:`hil.links.BorrowedPort`.

    ``send`` writes to the real port. The thread fills :attr:`unread` and sets :attr:`lost`, both under ``lock``, then
    notifies ``clock``.
    """

    def __init__(self, send: Callable[[bytes], None], clock: Clock, lock: threading.RLock) -> None:
        self.timeout: float | None = None
        self.unread = b""
        """Received and not read yet."""
        self.lost = ""
        """Why the port is gone; empty while it is open."""
        self._send = send
        self._clock = clock
        self._lock = lock

    @property
    def in_waiting(self) -> int:
        """Bytes that can be read at once. Raises ``SerialException`` when none are left and the device is gone."""
        self._check()
        return len(self.unread)

    def read(self, size: int = 1, /) -> bytes:
        """Up to ``size`` bytes; fewer after ``timeout``. Raises ``SerialException`` when the device is gone."""
        timeout_s = _FOREVER_S if self.timeout is None else self.timeout
        self._clock.wait(lambda: len(self.unread) >= size or bool(self.lost), timeout_s)
        self._check()
        return self.take(size)

    def take(self, size: int) -> bytes:
        """Up to ``size`` bytes that have arrived, without waiting."""
        with self._lock:
            data, self.unread = self.unread[:size], self.unread[size:]
        return data

    def write(self, data: bytes, /) -> int:
        """Send to the board. Raises ``SerialException`` when the device is gone, or the board stops reading."""
        if self.lost:
            raise SerialException(self.lost)
        self._send(data)
        return len(data)

    def _check(self) -> None:
        if self.lost and not self.unread:
            raise SerialException(self.lost)
