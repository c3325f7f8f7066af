"""The contract of probes."""

from collections.abc import Callable

import pytest

from hil.errors import ProbeError, WaitTimeout
from hil.probes import Probe
from hil.testing.contract import WAIT_S, missing_fixture


class ProbeContract:
    """What every :class:`hil.abc.Probe` has to do, in a Wi-Fi in which a peer answers."""

    @pytest.fixture
    def probe(self) -> Probe:
        """The probe under test, which has not joined."""
        raise missing_fixture(self, "probe", "returns a probe that has not joined")

    @pytest.fixture
    def udp_echo(self) -> tuple[str, int]:
        """Address and port in the Wi-Fi that send every datagram back to where it came from."""
        raise missing_fixture(self, "udp_echo", "returns (address, port) of a UDP echo service in the Wi-Fi")

    @pytest.fixture
    def tcp_echo(self) -> tuple[str, int]:
        """Address and port in the Wi-Fi that send back what they receive over TCP."""
        raise missing_fixture(self, "tcp_echo", "returns (address, port) of a TCP echo service in the Wi-Fi")

    @pytest.fixture
    def closed(self) -> tuple[str, int]:
        """Address of a peer and a port of it on which nothing listens, neither UDP nor TCP."""
        raise missing_fixture(self, "closed", "returns (address, port) of a peer that has nothing there")

    @pytest.fixture
    def peer_sends(self) -> Callable[[bytes, tuple[str, int]], None]:
        """Makes a peer in the Wi-Fi send one datagram to an address and port."""
        raise missing_fixture(self, "peer_sends", "returns a function (data, to) that makes a peer send a datagram")

    def test_joins_and_leaves(self, probe: Probe) -> None:
        """It has an address exactly while it has joined; joining twice changes nothing."""
        assert probe.address == ""
        probe.join()
        address = probe.address
        assert address.count(".") == 3
        probe.join()
        assert probe.address == address
        probe.leave()
        assert probe.address == ""

    def test_can_be_used_again_after_close(self, probe: Probe, udp_echo: tuple[str, int]) -> None:
        """``close()`` gives everything back; the next use starts again."""
        probe.join()
        probe.close()
        assert probe.address == ""
        assert probe.request(b"AGAIN", udp_echo).data == b"AGAIN"

    def test_request_joins_and_returns_the_answer(self, probe: Probe, udp_echo: tuple[str, int]) -> None:
        """The answer has its sender; the probe joins by itself."""
        answer = probe.request(b"WHO", udp_echo)
        assert (answer.data, answer.sender) == (b"WHO", udp_echo)

    def test_no_answer_is_a_timeout(self, probe: Probe, closed: tuple[str, int]) -> None:
        """Not a bench error: the firmware did not answer."""
        with pytest.raises(WaitTimeout):
            probe.request(b"WHO", closed, within_s=0.2, tries=2)

    def test_a_listener_keeps_what_arrives(
        self, probe: Probe, peer_sends: Callable[[bytes, tuple[str, int]], None]
    ) -> None:
        """In order, with non-decreasing times; the port is free again afterwards."""
        probe.join()
        for _ in range(2):
            with probe.listen(5001) as listener:
                for payload in (b"ONE", b"TWO"):
                    peer_sends(payload, (probe.address, 5001))
                    assert listener.receive(WAIT_S).data == payload
                with pytest.raises(WaitTimeout):
                    listener.receive(0.1)
                times_s = [datagram.time_s for datagram in listener.received]
                assert len(times_s) == 2
                assert times_s == sorted(times_s)

    def test_tcp_carries_bytes_both_ways(self, probe: Probe, tcp_echo: tuple[str, int]) -> None:
        """``receive`` returns what there is, up to the size asked for."""
        with probe.connect(tcp_echo) as connection:
            connection.send(b"HELLO")
            received = b""
            while len(received) < 5 and (data := connection.receive(5 - len(received), WAIT_S)):
                received += data
            assert received == b"HELLO"

    def test_a_refused_connection_is_a_probe_error(self, probe: Probe, closed: tuple[str, int]) -> None:
        """With a text that says where."""
        with pytest.raises(ProbeError, match=closed[0]), probe.connect(closed):
            pass
