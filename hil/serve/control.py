"""The control socket: other processes switch hub ports and follow USB changes, in lines of text.

A request is a line of words, its answer a line of JSON: ``{"ok": …}``, or ``{"error": "what is wrong; what to do"}``.
``docs/serve.md`` lists the requests.
"""

import json
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from selectors import EVENT_READ, EVENT_WRITE

from hil.virtual.realtime import RealTime

_LINE_BYTES = 1024
"""Longest request. A connection that sends more without a line end is closed."""
_WAITING_BYTES = 1_000_000
"""Most bytes kept for a client that does not read its answers. Beyond that its connection is closed."""

Request = Callable[[Sequence[str]], object]
"""Called with the arguments of a request; returns the answer, for JSON, or raises ``RequestError``."""


class RequestError(Exception):
    """A request cannot be carried out; the text is sent to the client."""


class ControlSocket:
    """A UNIX socket at ``path`` that answers ``requests`` and sends announcements to clients that sent ``watch``."""

    def __init__(
        self, path: Path, requests: Mapping[str, Request], initial_state: Callable[[], object], loop: RealTime
    ):
        """``initial_state`` returns the answer to ``watch``. Raises ``OSError`` when the socket cannot be made."""
        self.path = path
        self._requests = requests
        self._initial_state = initial_state
        self._loop = loop
        self._clients: set[_Client] = set()
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._listener.bind(str(path))
            self._listener.listen()
            self._listener.setblocking(False)
        except OSError:
            self._listener.close()
            raise
        loop.watch(self._listener.fileno(), self._accept)

    def announce(self, message: object) -> None:
        """Send ``message`` to every client that watches."""
        for client in list(self._clients):
            if client.is_watching:
                client.send(message)

    def close(self) -> None:
        """Close all connections and remove the socket."""
        for client in list(self._clients):
            client.close()
        self._loop.unwatch(self._listener.fileno())
        self._listener.close()
        self.path.unlink(missing_ok=True)

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except BlockingIOError:
            return
        self._clients.add(_Client(connection, self._loop, self._answer, self._clients.discard))

    def _answer(self, client: "_Client", line: str) -> None:
        name, *words = line.split() or [""]
        if name == "watch":
            client.is_watching = True
            client.send({"ok": self._initial_state()})
            return
        request = self._requests.get(name)
        if request is None:
            known = ", ".join((*self._requests, "watch"))
            client.send({"error": f"there is no request {name!r}; known: {known}"})
            return
        try:
            answer = {"ok": request(words)}
        except RequestError as error:
            answer = {"error": str(error)}
        client.send(answer)


class _Client:
    """One connection."""

    def __init__(
        self,
        connection: socket.socket,
        loop: RealTime,
        on_line: Callable[["_Client", str], None],
        on_close: Callable[["_Client"], None],
    ) -> None:
        self.is_watching = False
        self._connection = connection
        self._loop = loop
        self._on_line = on_line
        self._on_close = on_close
        self._received = b""
        self._waiting = bytearray()
        connection.setblocking(False)
        loop.watch(connection.fileno(), self._ready)

    def send(self, message: object) -> None:
        """Send one line of JSON."""
        self._waiting += json.dumps(message).encode() + b"\n"
        if len(self._waiting) > _WAITING_BYTES:
            self.close()
        else:
            self._flush()

    def close(self) -> None:
        """Close the connection. Does nothing when it is closed already."""
        if self._connection.fileno() >= 0:
            self._loop.unwatch(self._connection.fileno())
            self._connection.close()
            self._on_close(self)

    def _ready(self) -> None:
        self._flush()
        if self._connection.fileno() < 0:
            return
        try:
            data = self._connection.recv(_LINE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        *lines, self._received = (self._received + data).split(b"\n")
        for line in lines:
            self._on_line(self, line.decode(errors="backslashreplace"))
        if not data or len(self._received) > _LINE_BYTES:
            self.close()

    def _flush(self) -> None:
        if self._connection.fileno() < 0:
            return
        try:
            while self._waiting:
                del self._waiting[: self._connection.send(self._waiting)]
        except BlockingIOError:
            pass
        except OSError:
            self.close()
            return
        self._loop.watch(self._connection.fileno(), self._ready, EVENT_READ | (EVENT_WRITE if self._waiting else 0))
