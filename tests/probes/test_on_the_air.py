"""What every probe does, against radios that play the boards: the virtual probe and a board probe alike."""

import pytest

from hil.errors import ProbeError, WaitTimeout
from hil.virtual.air.udp import UdpSocket
from tests.probes.conftest import MakeProbe
from tests.virtual.air.conftest import KEY, SSID, RadioWorld, address, udp_on

AP = "192.168.4.1"


def answer_all(net: RadioWorld, udp: UdpSocket, ignored: int = 0) -> None:
    """Answer every datagram with its text in capitals, but not the first ``ignored``."""
    left = [ignored]

    def look() -> None:
        received = udp.receive(1000)
        if received is not None and left[0] > 0:
            left[0] -= 1
        elif received is not None:
            udp.send_to(received[0].upper(), received[1])
        net.world.after(1000, look)

    look()


def test_joins_when_first_used_and_leaves(net: RadioWorld, make_probe: MakeProbe) -> None:
    access_point = net.access_point()
    probe = make_probe()
    assert probe.address == ""
    probe.send(b"x", (AP, 5000))
    assert probe.address == "192.168.4.16"
    assert len(access_point.access_point.station_macs) == 1
    probe.leave()
    assert probe.address == ""
    assert access_point.access_point.station_macs == []


def test_join_waits_for_an_access_point_that_comes_late(net: RadioWorld, make_probe: MakeProbe) -> None:
    radio = net.radio()
    settings = radio.access_point.settings
    radio.access_point.configure(type(settings)(ssid=SSID, key=KEY))
    net.world.after(6_000_000, lambda: radio.activate(radio.access_point))
    probe = make_probe()
    probe.join()
    assert probe.address


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        ("nothing", "no access point of that name is on the air"),
        ("wrong key", "compare the rig's wifi password"),
        ("full", "all the stations it can take"),
    ],
)
def test_join_that_fails_says_why(net: RadioWorld, make_probe: MakeProbe, prepare: str, reason: str) -> None:
    if prepare != "nothing":
        net.access_point(key="another1" if prepare == "wrong key" else KEY)
    if prepare == "full":
        for _ in range(4):
            net.client()
    with pytest.raises(ProbeError, match=reason):
        make_probe().join()


def test_request_repeats_until_answered(net: RadioWorld, make_probe: MakeProbe) -> None:
    answer_all(net, udp_on(net.access_point(), 5000), ignored=2)
    probe = make_probe()
    probe.join()
    started_s = net.now_s
    answer = probe.request(b"who", (AP, 5000))
    assert (answer.data, answer.sender) == (b"WHO", (AP, 5000))
    assert answer.time_s == pytest.approx(net.now_s, abs=0.02)
    assert net.now_s - started_s == pytest.approx(4, abs=0.1)


def test_request_finds_an_access_point_that_has_restarted(net: RadioWorld, make_probe: MakeProbe) -> None:
    access_point = net.access_point()
    probe = make_probe()
    probe.join()
    access_point.power_off()
    net.power_up(access_point)
    net.open_access_point(access_point)
    answer_all(net, udp_on(access_point, 5000))
    assert probe.request(b"who", (AP, 5000)).data == b"WHO"


def test_leaves_and_joins_again(net: RadioWorld, make_probe: MakeProbe) -> None:
    net.access_point()
    probe = make_probe()
    for _ in range(3):
        probe.join()
        assert probe.address == "192.168.4.16"
        probe.leave()


def test_request_without_answer_says_what_was_asked(net: RadioWorld, make_probe: MakeProbe) -> None:
    net.access_point()
    with pytest.raises(WaitTimeout, match=r"no answer to b'who' from 192.168.4.1:5000, asked 3 times"):
        make_probe().request(b"who", (AP, 5000))


def test_listener_keeps_everything_with_its_time(net: RadioWorld, make_probe: MakeProbe) -> None:
    server = udp_on(net.access_point(), 5000)
    probe = make_probe()
    with probe.listen(5001) as listener:
        for number in range(10):
            server.send_to(b"%d" % number, ("192.168.4.255", 5001))
            net.run(0.02)
        assert listener.receive(1).data == b"0"
        net.run(1)
        assert listener.receive(0).data == b"1"
        assert [each.data for each in listener.received] == [b"%d" % number for number in range(10)]
        times = [each.time_s for each in listener.received]
        assert times == sorted(times)
        for _ in range(8):
            listener.receive(0)
        with pytest.raises(WaitTimeout, match="port 5001"):
            listener.receive(0.5)


def test_sends_from_the_port_it_is_told(net: RadioWorld, make_probe: MakeProbe) -> None:
    server = udp_on(net.access_point(), 5000)
    make_probe().send(b"x", (AP, 5000), source_port=5000)
    net.run(0.1)
    assert server.receive(10) == (b"x", ("192.168.4.16", 5000))


def test_too_many_listeners_say_what_to_do(net: RadioWorld, make_probe: MakeProbe) -> None:
    net.access_point()
    probe = make_probe()
    with (
        probe.listen(1000),
        probe.listen(1001),
        probe.listen(1002),
        pytest.raises(ProbeError, match="leave a `listen`"),
        probe.listen(1003),
    ):
        pass


def test_tcp_connection_sends_and_receives(net: RadioWorld, make_probe: MakeProbe) -> None:
    server = net.access_point().tcp_socket()
    server.bind(("0.0.0.0", 1234))
    server.listen()
    probe = make_probe()
    with probe.connect((AP, 1234)) as connection:
        net.run(0.1)
        accepted = server.accept()
        assert accepted is not None
        connection.send(b"hello")
        net.run(0.1)
        assert accepted[0].receive(100) == b"hello"
        accepted[0].send(b"welcome")
        assert connection.receive(3, 1) == b"wel"
        assert connection.receive(100, 1) == b"come"
        with pytest.raises(WaitTimeout, match="sent nothing"):
            connection.receive(1, 0.5)
        accepted[0].close()
        assert connection.receive(1, 1) == b""


def test_tcp_refused_and_unanswered(net: RadioWorld, make_probe: MakeProbe) -> None:
    net.access_point()
    probe = make_probe()
    with pytest.raises(ProbeError, match="refused"), probe.connect((AP, 1234)):
        pass
    with pytest.raises(WaitTimeout, match="did not answer"), probe.connect(("192.168.4.99", 1234)):
        pass


def test_resolves_a_name_over_the_air(net: RadioWorld, make_probe: MakeProbe) -> None:
    net.access_point()
    client = net.radio()
    client.set_hostname("pico-1")
    net.start_joining(client)
    net.wait_joined(client)
    probe = make_probe()
    assert probe.resolve("pico-1.local") == address(client)
    started_s = net.now_s
    with pytest.raises(WaitTimeout, match=r"no board answered for the name nobody.local within 3 s"):
        probe.resolve("nobody.local", within_s=3)
    assert net.now_s - started_s == pytest.approx(3, abs=0.2)


def test_resolves_anew_each_time(net: RadioWorld, make_probe: MakeProbe) -> None:
    net.access_point()
    probe = make_probe()
    net.run(2)
    assert probe.resolve("PicoW.local") == AP
    lost = net.client()
    lost.deactivate(lost.station)
    lost.set_hostname("pico-1")
    net.start_joining(lost)
    net.wait_joined(lost)
    assert probe.resolve("pico-1.local") == address(lost)
    lost.power_off()
    with pytest.raises(WaitTimeout, match="no board answered"):
        probe.resolve("pico-1.local", within_s=2)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("pico-1", "is not an mDNS name; give the board's hostname followed by '.local'"),
        ("a..local", "cannot be resolved: "),
    ],
)
def test_what_is_no_name_is_not_asked_for(net: RadioWorld, make_probe: MakeProbe, name: str, reason: str) -> None:
    net.access_point()
    with pytest.raises(ProbeError, match=reason):
        make_probe().resolve(name)


def test_says_nothing_unasked(net: RadioWorld, make_probe: MakeProbe) -> None:
    heard = udp_on(net.access_point(), 5000)
    probe = make_probe()
    probe.join()
    net.run(20)
    assert heard.receive(100) is None
