"""A probe of any kind, with everything that it sends and receives on the timeline."""

from collections.abc import Iterator
from contextlib import contextmanager

from hil.clock import Clock
from hil.events import Timeline
from hil.probes import Datagram, Listener, Probe, TcpConnection

_SHOWN_BYTES = 120


class RecordedProbe:
    """Puts the traffic of ``probe`` on the timeline, at the rig time at which it was sent or arrived."""

    def __init__(self, probe: Probe, clock: Clock, timeline: Timeline) -> None:
        self._probe = probe
        self._clock = clock
        self._timeline = timeline

    @property
    def address(self) -> str:
        return self._probe.address

    def join(self, within_s: float = 15.0) -> None:
        if not self._probe.address:
            self._probe.join(within_s)
            self._note(f"joined, address {self._probe.address}")

    def leave(self) -> None:
        if self._probe.address:
            self._note("leaves")
        self._probe.leave()

    def close(self) -> None:
        self._probe.close()

    def send(self, data: bytes, to: tuple[str, int], source_port: int = 0) -> None:
        self.join()
        self._note(f"sends to {to[0]}:{to[1]} {shown(data)}")
        self._probe.send(data, to, source_port)

    def request(self, data: bytes, to: tuple[str, int], within_s: float = 2.0, tries: int = 3) -> Datagram:
        self.join()
        self._note(f"asks {to[0]}:{to[1]} {shown(data)}")
        answer = self._probe.request(data, to, within_s, tries)
        self._note_datagram(answer)
        return answer

    def resolve(self, name: str, within_s: float = 5.0) -> str:
        self.join()
        self._note(f"asks for the address of {name}")
        address = self._probe.resolve(name, within_s)
        self._note(f"hears that {name} is {address}")
        return address

    @contextmanager
    def listen(self, port: int) -> Iterator[Listener]:
        self.join()
        self._note(f"listens on UDP port {port}")
        with self._probe.listen(port) as listener:
            try:
                yield listener
            finally:
                for datagram in listener.received:
                    self._note_datagram(datagram)

    @contextmanager
    def connect(self, to: tuple[str, int], within_s: float = 5.0) -> Iterator[TcpConnection]:
        self.join()
        self._note(f"connects to {to[0]}:{to[1]}")
        with self._probe.connect(to, within_s) as connection:
            yield _RecordedConnection(connection, self)
            self._note(f"disconnects from {to[0]}:{to[1]}")

    def _note_datagram(self, datagram: Datagram) -> None:
        sender = f"{datagram.sender[0]}:{datagram.sender[1]}"
        self._timeline.add(datagram.time_s, "probe", "probe", f"hears from {sender} {shown(datagram.data)}")

    def _note(self, text: str) -> None:
        self._timeline.add(self._clock.now(), "probe", "probe", text)


class _RecordedConnection:
    """One TCP connection of a recorded probe."""

    def __init__(self, connection: TcpConnection, probe: RecordedProbe) -> None:
        self._connection = connection
        self._probe = probe

    def send(self, data: bytes) -> None:
        self._probe._note(f"sends {shown(data)}")
        self._connection.send(data)

    def receive(self, size: int, within_s: float) -> bytes:
        data = self._connection.receive(size, within_s)
        self._probe._note(f"hears {shown(data)}" if data else "hears the end of the stream")
        return data

    def close(self) -> None:
        self._connection.close()


def shown(data: bytes) -> str:
    """``data`` as readable text, cut when it is long."""
    text = data[:_SHOWN_BYTES].decode("utf-8", "backslashreplace")
    rest = f" and {len(data) - _SHOWN_BYTES} bytes more" if len(data) > _SHOWN_BYTES else ""
    return f"{text!r}{rest}"
