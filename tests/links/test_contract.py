"""The contract of links: a device node, a serial server, a virtual board."""

import socketserver
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hil.clock import Clock, MonotonicClock
from hil.config.rig import RigConfig
from hil.links import SerialLink
from hil.links.device import DeviceAddress
from hil.links.reader import PortLink
from hil.links.remote import RemoteAddress
from hil.testing import LinkContract
from hil.virtual.bench.bench import VirtualBench
from tests.links.conftest import link_site

ECHO = """\
import os, sys, tty
board_end, host_end = os.openpty()
tty.setraw(host_end)
os.symlink(os.ttyname(host_end), sys.argv[1])
print("plugged in", flush=True)
while True:
    os.write(board_end, os.read(board_end, 100))
"""
"""A pseudo-terminal that echoes. It vanishes with the process, as a device does whose cable is pulled."""


class EchoDevice:
    """A serial device in a separate process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._process: subprocess.Popen[str] | None = None

    def plug_in(self) -> None:
        command = [sys.executable, "-c", ECHO, str(self.path)]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "plugged in\n"

    def unplug(self) -> None:
        if self._process is not None:
            self.path.unlink()
            with self._process as process:
                process.kill()
            self._process = None


class TestDeviceNode(LinkContract):
    @pytest.fixture
    def clock(self) -> Clock:
        return MonotonicClock()

    @pytest.fixture
    def device(self, tmp_path: Path) -> Iterator[EchoDevice]:
        device = EchoDevice(tmp_path / "ttyACM0")
        device.plug_in()
        yield device
        device.unplug()

    @pytest.fixture
    def link(self, device: EchoDevice, clock: Clock) -> Iterator[SerialLink]:
        assert isinstance(clock, MonotonicClock)
        link = PortLink("B", DeviceAddress(link_site(str(device.path), clock)), clock)
        yield link
        link.stop()

    @pytest.fixture
    def unplug(self, device: EchoDevice) -> Callable[[], None]:
        return device.unplug

    @pytest.fixture
    def plug_in(self, device: EchoDevice) -> Callable[[], None]:
        return device.plug_in


class EchoHandler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        self.server.clients.append(self.request)  # type: ignore[attr-defined]
        while data := self.request.recv(100):
            self.request.sendall(data)


class EchoServer:
    """A serial server whose port can go away: it closes its connections, and refuses new ones."""

    def __init__(self) -> None:
        self.port = 0
        self.plug_in()

    def plug_in(self) -> None:
        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self._server = Server(("127.0.0.1", self.port), EchoHandler)
        self._server.clients = []  # type: ignore[attr-defined]
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def unplug(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        for client in self._server.clients:  # type: ignore[attr-defined]
            self._server.shutdown_request(client)


class TestSerialServer(LinkContract):
    @pytest.fixture
    def clock(self) -> Clock:
        return MonotonicClock()

    @pytest.fixture
    def server(self) -> Iterator[EchoServer]:
        server = EchoServer()
        yield server
        server.unplug()

    @pytest.fixture
    def link(self, server: EchoServer, clock: Clock) -> Iterator[SerialLink]:
        assert isinstance(clock, MonotonicClock)
        link = PortLink("B", RemoteAddress(link_site(f"socket://127.0.0.1:{server.port}", clock)), clock)
        yield link
        link.stop()

    @pytest.fixture
    def unplug(self, server: EchoServer) -> Callable[[], None]:
        return server.unplug

    @pytest.fixture
    def plug_in(self, server: EchoServer) -> Callable[[], None]:
        return server.plug_in


class TestVirtualBoard(LinkContract):
    """At the prompt, which echoes what is typed."""

    @pytest.fixture
    def bench(self, three_boards: RigConfig) -> Iterator[VirtualBench]:
        bench = VirtualBench(three_boards)
        bench.power_port("A").on()
        yield bench
        bench.close()

    @pytest.fixture
    def clock(self, bench: VirtualBench) -> Clock:
        return bench.clock

    @pytest.fixture
    def link(self, bench: VirtualBench) -> SerialLink:
        return bench.link("A")

    @pytest.fixture
    def unplug(self, bench: VirtualBench) -> Callable[[], None]:
        return bench.power_port("A").off

    @pytest.fixture
    def plug_in(self, bench: VirtualBench) -> Callable[[], None]:
        return bench.power_port("A").on
