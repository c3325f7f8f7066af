"""Links to serial servers on loopback: plain TCP, and RFC 2217 with pyserial's own server side."""

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
from tests.links.conftest import PATIENCE_S, PtyDevice, RecordingListener, link_site


class Server:
    """A serial server with one port and one client at a time. The test sends and receives through ``client``."""

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


def remote_link(url: str, clock: MonotonicClock) -> PortLink:
    return PortLink("C", RemoteAddress(link_site(url, clock)), clock)


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.fixture
def link(server: Server, clock: MonotonicClock) -> Iterator[PortLink]:
    link = remote_link(f"socket://127.0.0.1:{server.number}", clock)
    yield link
    link.stop()


def test_plain_tcp_carries_bytes_both_ways(link: PortLink, server: Server, listener: RecordingListener) -> None:
    link.start(listener)
    client = server.accept()
    client.sendall(b"hello\n")
    listener.wait_for(b"hello\n")
    link.write(b"\x03")
    assert client.recv(1) == b"\x03"
    # The board may have sent output before the connection, and there is no way to know.
    assert listener.connections == ["its port was there already"]


def test_a_lost_connection_is_reestablished(link: PortLink, server: Server, listener: RecordingListener) -> None:
    link.start(listener)
    server.accept().close()
    listener.wait(lambda: listener.disconnections == 1)
    server.accept().sendall(b"again\n")
    listener.wait_for(b"again\n")
    assert listener.connections == ["its port was there already", "the serial device was away"]


def test_a_server_that_starts_late_is_found(clock: MonotonicClock, listener: RecordingListener) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        number = unused.getsockname()[1]
    link = remote_link(f"socket://127.0.0.1:{number}", clock)
    link.start(listener)
    try:
        listener.wait(lambda: "cannot be opened" in link.obstacle)
        assert "check that the serial server is running" in link.obstacle
        with pytest.raises(LinkError, match=f"board C: .*socket://127.0.0.1:{number} cannot be opened"):
            link.write(b"x")
        with socket.create_server(("127.0.0.1", number)):
            listener.wait(lambda: link.is_connected)
            assert listener.connections == ["its port was there already"]
            link.stop()
    finally:
        link.stop()


def test_the_raw_repl_can_borrow_it(link: PortLink, server: Server, listener: RecordingListener) -> None:
    link.start(listener)
    client = server.accept()
    listener.wait(lambda: link.is_connected)
    with link.borrow() as port:
        port.timeout = PATIENCE_S
        port.write(b"\x01")
        assert client.recv(1) == b"\x01"
        client.sendall(b"raw REPL")
        assert port.read(8) == b"raw REPL"
    assert listener.received_data == b""


def test_stop_does_not_wait_for_output(
    link: PortLink, server: Server, listener: RecordingListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hil.links.remote.READ_TIMEOUT_S", 1000.0)
    link.start(listener)
    server.accept()
    listener.wait(lambda: link.is_connected)
    link.stop()
    assert listener.disconnections == 1


def test_a_dead_server_is_detected_by_keepalive(server: Server, clock: MonotonicClock) -> None:
    url = f"socket://127.0.0.1:{server.number}"
    port = RemoteAddress(link_site(url, clock)).open(url)
    connection: socket.socket = port._socket  # type: ignore[attr-defined]
    assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) == 5
    port.close()


# RFC 2217.


class PtyPort(serial.Serial):
    """A pty port for the server side, which reads modem lines that a pty does not have."""

    cts = dsr = ri = cd = False

    def _update_dtr_state(self) -> None:
        pass

    def _update_rts_state(self) -> None:
        pass


class Rfc2217Server(Server):
    """pyserial's server side of RFC 2217 in front of a device, for one client at a time."""

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
            port: Any = self._port  # the stubs only have the client's class
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
        """Called by the manager to send to the client."""
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


def test_rfc_2217_carries_every_byte_and_reconnects(
    rfc2217: Rfc2217Server, device: PtyDevice, clock: MonotonicClock, listener: RecordingListener
) -> None:
    link = remote_link(f"rfc2217://127.0.0.1:{rfc2217.number}", clock)
    link.start(listener)
    try:
        listener.wait(lambda: link.is_connected)
        every = bytes(range(256))
        device.send(every)
        listener.wait_for(every)
        link.write(every)
        assert device.receive(256) == every
        with link.borrow() as port:
            port.timeout = PATIENCE_S
            device.send(b"raw REPL")
            assert port.read(8) == b"raw REPL"
        rfc2217.drop_client()
        listener.wait(lambda: len(listener.connections) == 2)
        device.send(b"again\n")
        listener.wait_for(b"again\n")
    finally:
        link.stop()
    assert listener.disconnections == 2
