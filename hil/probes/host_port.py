"""One UDP port of the machine that runs the tests: a thread receives, so that nothing is lost between two reads."""

import selectors
import socket
import threading
from types import TracebackType
from typing import Self

from hil.clock import Clock
from hil.errors import ProbeError
from hil.probes import Datagram
from hil.probes.failures import why_not_sent
from hil.probes.udp import Inbox

_LONGEST = 65535


class HostPort(Inbox):
    """Receives from ``udp`` within its ``with`` block. Implements ``UdpPort``."""

    def __init__(self, udp: socket.socket, clock: Clock) -> None:
        super().__init__(clock, udp.getsockname()[1])
        self._udp = udp
        self._failure: OSError | None = None
        self._wake, self._woken = socket.socketpair()
        self._reader = threading.Thread(target=self._read, name=f"probe port {self._port}", daemon=True)

    def __enter__(self) -> Self:
        self._reader.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._wake.send(b"\0")
        self._reader.join()
        self._wake.close()
        self._woken.close()

    def send(self, data: bytes, to: tuple[str, int]) -> None:
        try:
            self._udp.sendto(data, to)
        except OSError as error:
            why = why_not_sent(error.errno or 0)
            raise ProbeError(f"the probe could not send to {to[0]}:{to[1]}: {why} ({error})") from error

    @property
    def fault(self) -> str:
        if (failure := self._failure) is None:
            return ""
        return f"the probe could not receive on port {self._port}: {why_not_sent(failure.errno or 0)} ({failure})"

    def _read(self) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(self._udp, selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while self._woken not in [key.fileobj for key, _ in selector.select()]:
                try:
                    # Without waiting: a datagram that `select` has announced is dropped if its checksum is wrong.
                    data, sender = self._udp.recvfrom(_LONGEST, socket.MSG_DONTWAIT)
                except BlockingIOError:
                    continue
                except OSError as error:
                    self._failure = error
                    self._clock.notify()
                    return
                self.received.append(Datagram(self._clock.now(), data, sender))
                self._clock.notify()
