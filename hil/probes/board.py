"""The board probe: a spare Pico W of the rig, real or virtual, that sends and receives for a test."""

from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hil.clock import Clock
from hil.errors import ProbeError, WaitTimeout
from hil.probes import SEND_TIMEOUT_S, Datagram, TcpConnection
from hil.probes.agent import BoardAgent, CommandFailed
from hil.probes.failures import IDLE, JOINING, why_not_sent
from hil.probes.joining import join_wifi
from hil.probes.udp import Inbox, UdpProbe

_CHUNK_BYTES = 512
"""TCP data in one command: the board holds it in memory several times while it reads the command."""


class BoardProbe(UdpProbe):
    """Joins when it is first used, and powers its board on before that. Implements ``Probe``.

    A datagram's time is that of the board's report: a few milliseconds after the datagram arrived.
    """

    def __init__(self, agent: BoardAgent, clock: Clock, ssid: str) -> None:
        super().__init__(clock)
        self._agent = agent
        self._ssid = ssid
        self._status = IDLE
        self._address = ""
        self._ports: dict[int, _BoardPort] = {}
        agent.on_report = self._reported

    @property
    def address(self) -> str:
        return self._address if self._agent.runs else ""

    def join(self, within_s: float = 15.0) -> None:
        if self.has_joined:
            return
        # What the board reported before it lost power is not valid any more.
        self._address = ""
        self._agent.ensure_running()
        join_wifi(self, self._ssid, self._clock, self._clock.deadline(within_s))

    @property
    def has_joined(self) -> bool:
        """Whether the board has an address in the Wi-Fi."""
        return bool(self.address)

    @property
    def status(self) -> int:
        """The board's ``WLAN.status()``, as it last reported it; a failure once the agent has stopped."""
        return self._status if self._agent.runs else IDLE - 1

    def begin_joining(self) -> None:
        """Start one try to join. Raises ``ProbeError``."""
        self._status = JOINING
        with explained("join"):
            self._agent.call("join")

    def leave(self) -> None:
        if self._agent.runs:
            with explained("leave the Wi-Fi"):
                self._agent.call("leave")
        self._address = ""

    def close(self) -> None:
        """Cut the board's power. Raises ``PowerError``, unless the board is quarantined."""
        self._agent.stop()
        self._address = ""

    @contextmanager
    def open_port(self, port: int) -> Iterator["_BoardPort"]:
        self.join()
        with explained(f"open UDP port {port}"):
            handle = self._agent.call("open", port)
        opened = self._ports[handle] = _BoardPort(self._agent, self._clock, port, handle)
        try:
            yield opened
            opened.check()
        finally:
            del self._ports[handle]
            self._close(handle, opened.start)

    @contextmanager
    def connect(self, to: tuple[str, int], within_s: float = 5.0) -> Iterator[TcpConnection]:
        self.join()
        start = self._agent.starts
        with explained(f"connect to {to[0]}:{to[1]}"):
            handle = self._agent.call("connect", *to)
        try:
            with explained(f"connect to {to[0]}:{to[1]}"):
                number = self._agent.begin("connected", handle)
                if not self._agent.wait(number, within_s):
                    raise WaitTimeout(f"{to[0]}:{to[1]} did not answer the probe's connect within {within_s:g} s")
                self._agent.answer(number)
            yield _BoardTcpConnection(self._agent, handle, to)
        finally:
            self._close(handle, start)

    def _close(self, handle: int, start: int) -> None:
        # Nothing is open any more on a board that has gone or restarted.
        if self._agent.runs and self._agent.starts == start:
            self._agent.call("close", handle)

    def _reported(self, time_s: float, name: str, rest: list[Any]) -> None:
        match name, rest:
            case "wifi", [int(status), str(address)]:
                self._status, self._address = status, address
            case "garbled", [_]:
                # The command was corrupted on its way to the board: waiting for its answer raises an error.
                pass
            case _, [int(handle), *about]:
                if (port := self._ports.get(handle)) is not None:
                    port.reported(time_s, name, about)
            case _:
                raise ValueError(name)


class _BoardPort(Inbox):
    """A UDP port that the board holds open."""

    def __init__(self, agent: BoardAgent, clock: Clock, port: int, handle: int) -> None:
        super().__init__(clock, port)
        self.start = agent.starts
        self._agent = agent
        self._handle = handle
        self._fault = ""

    def send(self, data: bytes, to: tuple[str, int]) -> None:
        with explained(f"send to {to[0]}:{to[1]}"):
            self._agent.call("send", self._handle, b64encode(data).decode(), *to)

    @property
    def fault(self) -> str:
        if not self._agent.runs or self._agent.starts != self.start:
            return f"{self._agent.board}: the probe agent has stopped while it listened on port {self._port}"
        return f"{self._agent.board}: the probe agent {self._fault} on port {self._port}" if self._fault else ""

    def reported(self, time_s: float, name: str, rest: list[Any]) -> None:
        """Handle a report of the agent about this port. Raises ``ValueError`` for fields that no agent sends."""
        match name, rest:
            case "udp", [str(data), str(ip), int(port)]:
                self.received.append(Datagram(time_s, b64decode(data), (ip, port)))
            case "dropped", [int(count)]:
                self._fault = f"lost {count} datagrams, which came faster than its serial line carries them,"
            case "failed", [int(errno)]:
                self._fault = f"could not receive: {why_not_sent(errno)},"
            case _:
                raise ValueError(name)


class _BoardTcpConnection:
    """One TCP connection of the board."""

    def __init__(self, agent: BoardAgent, handle: int, peer: tuple[str, int]) -> None:
        self._agent = agent
        self._handle = handle
        self._peer = f"{peer[0]}:{peer[1]}"
        self._reading: int | None = None
        self._unread = b""

    def send(self, data: bytes) -> None:
        with explained(f"send to {self._peer}"):
            for position in range(0, len(data), _CHUNK_BYTES):
                chunk = b64encode(data[position : position + _CHUNK_BYTES]).decode()
                number = self._agent.begin("write", self._handle, chunk)
                if not self._agent.wait(number, SEND_TIMEOUT_S):
                    raise ProbeError(f"{self._peer} has read nothing for {SEND_TIMEOUT_S:g} s, and no more fits")
                self._agent.answer(number)

    def receive(self, size: int, within_s: float) -> bytes:
        if not self._unread:
            self._unread = self._read(size, within_s)
        data, self._unread = self._unread[:size], self._unread[size:]
        return data

    def close(self) -> None:
        self._agent.call("close", self._handle)

    def _read(self, size: int, within_s: float) -> bytes:
        with explained(f"receive from {self._peer}"):
            # A read for which the last call stopped waiting is still going on: its data comes first.
            number = self._reading or self._agent.begin("read", self._handle, min(size, _CHUNK_BYTES))
            self._reading = number
            if not self._agent.wait(number, within_s):
                raise WaitTimeout(f"{self._peer} sent nothing to the probe within {within_s:g} s")
            self._reading = None
            return b64decode(self._agent.answer(number))


@contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn a failed command into a ``ProbeError`` that says what failed and why."""
    try:
        yield
    except CommandFailed as error:
        why = why_not_sent(error.errno) if isinstance(error.errno, int) else error.errno
        raise ProbeError(f"the probe could not {what}: {why}") from error
