"""The host probe's sockets over a cable into a network namespace, which this test lays itself.

The cable's near end plays the Wi-Fi card. NetworkManager is played by an executable: what it was told is checked in
``test_network_manager.py``.
"""

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from hil.clock import MonotonicClock
from hil.errors import ProbeError, WaitTimeout
from hil.probes import Probe
from hil.probes.host import HostProbe
from hil.testing import ProbeContract
from tests.probes.namespace_peer import SILENT_PORT, TCP_PORT, UDP_PORT

# Of its own in each process, for two of them may run these tests at once.
_NUMBER = os.getpid() % 250
INTERFACE, NAMESPACE = f"hilprobe{_NUMBER}", f"hilprobe{_NUMBER}"
NETWORK = f"198.18.{_NUMBER}"
"""Reserved for such tests. RFC 2544."""
PATIENCE_S = 20.0
"""For what comes at once, unless this machine has much else to do."""
OWN, PEER, NOBODY, BROADCAST = f"{NETWORK}.2", f"{NETWORK}.1", f"{NETWORK}.99", f"{NETWORK}.255"


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True, text=True)


def missing() -> str:
    """What this machine lacks to make a network namespace; empty when it lacks nothing."""
    if shutil.which("ip") is None:
        return "needs `ip`: apt-get install iproute2"
    try:
        ip("netns", "add", NAMESPACE)
    except subprocess.CalledProcessError as error:
        return (
            f"cannot make a network namespace ({error.stderr.strip()}): run as root, in a container with --privileged"
        )
    return ""


@pytest.fixture(scope="module")
def cable() -> Iterator[None]:
    """A veth pair: one end here, with an address; the other in a namespace."""
    if reason := missing():
        if os.environ.get("CI") or os.environ.get("HIL_REQUIRE_NETNS"):
            pytest.fail(reason)
        pytest.skip(reason)
    try:
        ip("link", "add", INTERFACE, "type", "veth", "peer", "name", "peer0", "netns", NAMESPACE)
        ip("address", "add", f"{OWN}/24", "broadcast", BROADCAST, "dev", INTERFACE)
        ip("link", "set", INTERFACE, "up")
        inside = ("-netns", NAMESPACE)
        ip(*inside, "address", "add", f"{PEER}/24", "broadcast", BROADCAST, "dev", "peer0")
        ip(*inside, "link", "set", "peer0", "up")
        yield
    finally:
        # The pair goes with either of its ends.
        ip("netns", "delete", NAMESPACE)


@pytest.fixture(scope="module")
def peer(cable: None) -> Iterator[Callable[[str, str, int], None]]:
    """Serves in the namespace; call it to have a datagram sent."""
    script = Path(__file__).with_name("namespace_peer.py")
    command = ["ip", "netns", "exec", NAMESPACE, sys.executable, str(script), PEER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        stdin = process.stdin
        assert process.stdout.readline() == "ready\n"

        def send(text: str, host: str, port: int) -> None:
            stdin.write(f"{text} {host} {port}\n")
            stdin.flush()

        yield send
        stdin.close()


@pytest.fixture
def probe(peer: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[HostProbe]:
    nmcli = tmp_path / "nmcli"
    nmcli.write_text("#!/bin/sh\nexit 0\n")
    nmcli.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    probe = HostProbe(INTERFACE, MonotonicClock(), "PicoAP", "pico1234")
    yield probe
    probe.close()


def test_it_has_the_interface_s_address_once_it_has_joined(probe: HostProbe) -> None:
    assert probe.address == ""
    probe.join()
    assert probe.address == OWN
    probe.leave()
    assert probe.address == ""


def test_request(probe: HostProbe) -> None:
    answer = probe.request(b"who", (PEER, UDP_PORT))
    assert (answer.data, answer.sender) == (b"WHO", (PEER, UDP_PORT))
    with pytest.raises(WaitTimeout, match=r"no answer to b'quiet' from [\d.]+:5000, asked 2 times"):
        probe.request(b"quiet", (PEER, UDP_PORT), within_s=0.1, tries=2)


def test_listener_hears_broadcasts_and_keeps_everything_with_its_time(
    probe: HostProbe, peer: Callable[[str, str, int], None]
) -> None:
    with probe.listen(5001) as listener:
        for number in range(50):
            peer(str(number), BROADCAST if number % 2 else OWN, 5001)
        data = [listener.receive(PATIENCE_S).data for _ in range(50)]
        assert sorted(data, key=int) == [b"%d" % number for number in range(50)]
        times = [datagram.time_s for datagram in listener.received]
        assert times == sorted(times)
        with pytest.raises(WaitTimeout, match=r"port 5001 within 0\.1 s; 50 came before"):
            listener.receive(0.1)
    with probe.listen(5001):
        pass  # the port is free again


def test_source_port_and_broadcast(probe: HostProbe) -> None:
    with probe.listen(6000) as listener:
        pass
    with probe.open_port(6000) as port:
        port.send(b"x", (BROADCAST, UDP_PORT))
        assert port.receive(PATIENCE_S).sender == (PEER, UDP_PORT)
        port.send(b"y", ("255.255.255.255", UDP_PORT))
        assert port.receive(PATIENCE_S).data == b"Y"
    assert listener.received == []


def test_only_the_card_is_heard_and_spoken_through(probe: HostProbe) -> None:
    with probe.open_port(5001) as port, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        other.sendto(b"not over the air", ("127.0.0.1", 5001))
        other.settimeout(0.2)
        port.send(b"x", other.getsockname())
        with pytest.raises(TimeoutError):
            other.recvfrom(10)
        assert port.received == []


def test_longest_datagram_is_that_of_a_board(probe: HostProbe) -> None:
    assert len(probe.request(bytes(1472), (PEER, UDP_PORT)).data) == 1472
    with pytest.raises(ProbeError, match="longer than 1472 bytes"):
        probe.send(bytes(1473), (PEER, UDP_PORT))


def test_port_in_use(probe: HostProbe) -> None:
    with probe.listen(5001), pytest.raises(ProbeError, match="listens on that port already"), probe.listen(5001):
        pass


def test_tcp(probe: HostProbe) -> None:
    with probe.connect((PEER, TCP_PORT)) as connection:
        connection.send(b"hello")
        assert connection.receive(3, PATIENCE_S) == b"HEL"
        assert connection.receive(100, PATIENCE_S) == b"LO"
        assert connection.receive(1, PATIENCE_S) == b""


def test_tcp_refused_unanswered_and_silent(probe: HostProbe) -> None:
    with pytest.raises(ProbeError, match=r"could not connect to [\d.]+:9: refused"), probe.connect((PEER, 9)):
        pass
    with (
        pytest.raises(WaitTimeout, match=r"[\d.]+:9 did not answer the probe's connect within 0\.2 s"),
        probe.connect((NOBODY, 9), within_s=0.2),
    ):
        pass
    with (
        probe.connect((PEER, SILENT_PORT)) as connection,
        pytest.raises(WaitTimeout, match=r"[\d.]+:1235 sent nothing to the probe within 0\.1 s"),
    ):
        connection.receive(1, 0.1)


def test_names_are_resolved_by_mdns_while_another_program_has_its_port(probe: HostProbe) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as avahi:
        # If this fails, a real Avahi has it.
        with suppress(OSError):
            avahi.bind(("", 5353))
        assert probe.resolve("peer.local", within_s=PATIENCE_S) == PEER


def test_names_that_cannot_be_resolved(probe: HostProbe) -> None:
    with pytest.raises(WaitTimeout, match=r"no board answered for the name nobody\.local within 1 s"):
        probe.resolve("nobody.local", within_s=1)
    with pytest.raises(ProbeError, match="is not an mDNS name"):
        probe.resolve("peer")


def test_an_interface_that_is_gone(probe: HostProbe, cable: None) -> None:
    gone = HostProbe("hilprobe9", MonotonicClock(), "PicoAP", "pico1234")
    with pytest.raises(ProbeError, match="hilprobe9, the probe, has joined Wi-Fi 'PicoAP' but has no address"):
        gone.join()


class TestContract(ProbeContract):
    """The peer answers in capitals, which is an echo of what the contract sends."""

    @pytest.fixture
    def probe(self, probe: HostProbe) -> Probe:
        return probe

    @pytest.fixture
    def udp_echo(self) -> tuple[str, int]:
        return PEER, UDP_PORT

    @pytest.fixture
    def tcp_echo(self) -> tuple[str, int]:
        return PEER, TCP_PORT

    @pytest.fixture
    def closed(self) -> tuple[str, int]:
        return PEER, 9

    @pytest.fixture
    def peer_sends(self, peer: Callable[[str, str, int], None]) -> Callable[[bytes, tuple[str, int]], None]:
        return lambda data, to: peer(data.decode(), *to)
