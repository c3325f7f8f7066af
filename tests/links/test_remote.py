"""Links to serial servers: plain TCP, and RFC 2217 against pyserial's own server side. Everything is on loopback."""

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import pytest
import serial
from serial.rfc2217 import PortManager

from hil.clock import MonotonicClock
from hil.errors import LinkError
from hil.links.reader import PortLink
from hil.links.remote import RemoteAddress
from tests.links.conftest import PATIENCE_S, Ear, PtyDevice


class Server:
    """A serial server with one port and at most one client: what comes in is kept, what goes out the test says."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(PATIENCE_S)
        self.number: int = self._listening.getsockname()[1]
        self.client: socket.socket | None = None

    def accept(self) -> socket.socket:
        self.client, _ = self._listening.accept()
        self.client.settimeout(PATIENCE_S)
        return self.client

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._listening.close()
        if self.client is not None:
            self.client.close()


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture
def link(server: Server, clock: MonotonicClock) -> Iterator[PortLink]:
    link = PortLink("C", RemoteAddress(f"socket://127.0.0.1:{server.number}"), clock)
    yield link
    link.stop()


def test_a_plain_connection_carries_bytes_both_ways(link: PortLink, server: Server, ear: Ear) -> None:
    link.start(ear)
    client = server.accept()
    client.sendall(b"hello\n")
    ear.wait_for(b"hello\n")
    link.write(b"\x03")
    assert client.recv(1) == b"\x03"
    # A board may have said much before anybody connected, and nobody can tell.
    assert ear.connections == ["its port was there already"]


def test_a_lost_connection_is_made_again(link: PortLink, server: Server, ear: Ear) -> None:
    link.start(ear)
    server.accept().close()
    ear.wait(lambda: ear.disconnections == 1)
    server.accept().sendall(b"again\n")
    ear.wait_for(b"again\n")
    assert ear.connections == ["its port was there already", "the serial device was away"]


def test_a_server_that_starts_late_is_found(clock: MonotonicClock, ear: Ear) -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        number = nobody.getsockname()[1]
    link = PortLink("C", RemoteAddress(f"socket://127.0.0.1:{number}"), clock)
    link.start(ear)
    try:
        ear.wait(lambda: "cannot be opened" in link.obstacle)
        assert "check that the serial server runs there" in link.obstacle
        with pytest.raises(LinkError, match=f"board C: .*socket://127.0.0.1:{number} cannot be opened"):
            link.write(b"x")
        with socket.create_server(("127.0.0.1", number)):
            ear.wait(lambda: link.is_connected)
            assert ear.connections == ["its port was there already"]
            link.stop()
    finally:
        link.stop()


def test_the_raw_repl_borrows_it(link: PortLink, server: Server, ear: Ear) -> None:
    link.start(ear)
    client = server.accept()
    ear.wait(lambda: link.is_connected)
    with link.borrow() as port:
        port.timeout = PATIENCE_S
        port.write(b"\x01")
        assert client.recv(1) == b"\x01"
        client.sendall(b"raw REPL")
        assert port.read(8) == b"raw REPL"
    assert ear.heard == b""


def test_stop_does_not_wait_for_the_board_to_say_something(
    link: PortLink, server: Server, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hil.links.remote.READ_TIMEOUT_S", 1000.0)
    link.start(ear)
    server.accept()
    ear.wait(lambda: link.is_connected)
    link.stop()
    assert ear.disconnections == 1


def test_a_dead_machine_is_found_out(server: Server) -> None:
    port = RemoteAddress("").open(f"socket://127.0.0.1:{server.number}")
    connection: socket.socket = port._socket  # type: ignore[attr-defined]
    assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 5
    port.close()


# ---- RFC 2217


class PtyPort(serial.Serial):
    """A pseudo-terminal has no modem lines, which the server side asks for."""

    cts = dsr = ri = cd = False

    def _update_dtr_state(self) -> None:
        pass

    def _update_rts_state(self) -> None:
        pass


class Rfc2217Server(Server):
    """pyserial's server side of RFC 2217 in front of a device, for one client after the other."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._port = PtyPort(str(path), timeout=0.02)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while not self._done.is_set():
            try:
                client = self.accept()
            except OSError:
                return
            if self._done.is_set():
                return
            port: Any = self._port  # the stubs know the client's class only
            connection: Any = self
            self.manager = PortManager(port, connection)
            client.settimeout(0.02)
            with client:
                self._pass_on(client)

    def _pass_on(self, client: socket.socket) -> None:
        while not self._done.is_set():
            try:
                client.sendall(b"".join(self.manager.escape(self._port.read(max(1, self._port.in_waiting)))))
                received = client.recv(1024)
                if not received:
                    return
                self._port.write(b"".join(self.manager.filter(received)))
            except TimeoutError:
                continue
            except OSError:
                return

    def write(self, data: bytes) -> None:
        """What the manager has to say to the client."""
        if self.client is not None:
            self.client.sendall(data)

    def drop_client(self) -> None:
        assert self.client is not None
        self.client.shutdown(socket.SHUT_RDWR)

    def __exit__(self, *error: object) -> None:
        self._done.set()
        socket.create_connection(("127.0.0.1", self.number)).close()
        self._thread.join()
        super().__exit__(*error)
        self._port.close()


@pytest.fixture
def rfc2217(device: PtyDevice) -> Iterator[Rfc2217Server]:
    device.plug_in()
    with Rfc2217Server(device.path) as server:
        yield server


def test_a_connection_by_rfc_2217_carries_every_byte_and_is_made_again(
    rfc2217: Rfc2217Server, device: PtyDevice, clock: MonotonicClock, ear: Ear
) -> None:
    link = PortLink("C", RemoteAddress(f"rfc2217://127.0.0.1:{rfc2217.number}"), clock)
    link.start(ear)
    try:
        ear.wait(lambda: link.is_connected)
        every = bytes(range(256))
        device.say(every)
        ear.wait_for(every)
        link.write(every)
        assert device.hear(256) == every
        with link.borrow() as port:
            port.timeout = PATIENCE_S
            device.say(b"raw REPL")
            assert port.read(8) == b"raw REPL"
        rfc2217.drop_client()
        ear.wait(lambda: len(ear.connections) == 2)
        device.say(b"again\n")
        ear.wait_for(b"again\n")
    finally:
        link.stop()
    assert ear.disconnections == 2
