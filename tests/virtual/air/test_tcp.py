"""TCP between boards: streams, windows, refusals, silence, and lossy air."""

from collections.abc import Sequence

import pytest

from hil.faults.packets import Copy
from hil.virtual.air.medium import Hop
from hil.virtual.air.packets import TcpSegment
from hil.virtual.air.radio import Radio
from hil.virtual.air.tcp_socket import TcpSocket
from tests.virtual.air.conftest import RadioWorld, address, errno_of

AP = "192.168.4.1"
SERVER = (AP, 1234)


def listen(radio: Radio, backlog: int = 2) -> TcpSocket:
    listener = radio.tcp_socket()
    listener.bind(("0.0.0.0", SERVER[1]))
    listener.listen(backlog)
    return listener


def connect(net: RadioWorld, radio: Radio) -> TcpSocket:
    tcp = radio.tcp_socket()
    tcp.connect(SERVER)
    assert net.clock.wait(tcp.finish_connect, 5)
    return tcp


def pair(net: RadioWorld) -> tuple[Radio, TcpSocket, Radio, TcpSocket]:
    """An access point and a client with an open connection: (radio, its end) of each."""
    access_point, client = net.access_point(), net.client()
    listener = listen(access_point)
    far = connect(net, client)
    net.run(0.1)
    accepted = listener.accept()
    assert accepted is not None
    assert accepted[1][0] == address(client)
    return access_point, accepted[0], client, far


def read_all(net: RadioWorld, tcp: TcpSocket, size: int, within_s: float = 5) -> bytes:
    data = bytearray()

    def read_more() -> bool:
        while (part := tcp.receive(300)) is not None:
            data.extend(part)
            if not part:
                return True
        return len(data) >= size

    net.clock.wait(read_more, within_s)
    return bytes(data)


def test_both_ends_talk_and_close(net: RadioWorld) -> None:
    _, near, _, far = pair(net)
    near.send(b"hello client")
    far.send(b"hello server")
    net.run(0.1)
    assert far.receive(5) == b"hello"
    assert far.receive(100) == b" client"
    assert far.receive(100) is None
    assert near.receive(100) == b"hello server"
    near.send(b"bye")
    near.close()
    net.run(0.1)
    assert far.receive(100) == b"bye"
    assert far.receive(100) == b""
    far.close()
    net.run(0.1)
    assert errno_of(lambda: far.receive(1)) == 9


def test_second_client_is_served_after_the_first(net: RadioWorld) -> None:
    access_point, clients = net.access_point(), [net.client(), net.client()]
    listener = listen(access_point)
    ends = []
    for client in clients:
        ends.append(connect(net, client))
        net.run(0.1)
    for client, end in zip(clients, ends, strict=True):
        accepted = listener.accept()
        assert accepted is not None
        assert accepted[1][0] == address(client)
        accepted[0].send(b"hi")
        assert read_all(net, end, 2) == b"hi"


def test_a_long_transfer_arrives_complete_through_small_windows(net: RadioWorld) -> None:
    _, near, _, far = pair(net)
    data = bytes(index % 251 for index in range(100_000))
    rest = data
    received = bytearray()

    def pump() -> bool:
        nonlocal rest
        rest = rest[near.send(rest) or 0 :]
        received.extend(far.receive(1000) or b"")
        return len(received) == len(data)

    assert net.clock.wait(pump, 60)
    assert bytes(received) == data


def test_reader_that_does_not_read_stops_the_sender_and_starts_it_again(net: RadioWorld) -> None:
    _, near, _, far = pair(net)
    sent = 0
    while True:
        taken = near.send(bytes(1000))
        if taken is None:
            break
        sent += taken
        net.run(0.1)
    assert sent == 2 * 6400
    net.run(600)
    assert near.send(b"x") is None
    assert len(read_all(net, far, sent)) == sent
    assert near.send(b"x") == 1


def test_refused_connection_is_a_reset(net: RadioWorld) -> None:
    net.access_point()
    tcp = net.client().tcp_socket()
    tcp.connect(SERVER)
    assert not tcp.finish_connect()
    net.run(0.1)
    assert errno_of(tcp.finish_connect) == 104
    assert errno_of(lambda: tcp.send(b"x")) == 9


def test_unanswered_connection_gives_up_after_some_twenty_seconds(net: RadioWorld) -> None:
    net.access_point()
    tcp = net.client().tcp_socket()
    tcp.connect(("192.168.4.99", 1234))
    started_s = net.now_s
    assert errno_of(lambda: net.clock.wait(tcp.finish_connect, 60)) == 103
    assert net.now_s - started_s == pytest.approx(21, abs=0.1)


def test_connect_needs_a_route_and_only_once(net: RadioWorld) -> None:
    lonely = net.radio()
    assert errno_of(lambda: lonely.tcp_socket().connect(SERVER)) == 113
    net.access_point()
    tcp = net.client().tcp_socket()
    tcp.connect(SERVER)
    assert errno_of(lambda: tcp.connect(SERVER)) == 114


def test_same_endpoints_are_connected_once(net: RadioWorld) -> None:
    net.access_point()
    client = net.client()
    one, two = client.tcp_socket(), client.tcp_socket()
    for tcp in (one, two):
        tcp.may_share_port = True
        tcp.bind(("0.0.0.0", 1000))
    one.connect(SERVER)
    assert errno_of(lambda: two.connect(SERVER)) == 98


def test_a_vanished_peer_is_silence_to_a_reader_and_error_103_to_a_writer_after_minutes(net: RadioWorld) -> None:
    access_point, _, _, far = pair(net)
    access_point.power_off()
    net.run(3600)
    assert far.receive(10) is None
    assert far.send(b"x") == 1
    started_s = net.now_s
    assert errno_of(lambda: net.clock.wait(lambda: far.receive(10) is not None, 7200)) == 103
    assert 120 < net.now_s - started_s < 1800


def test_peer_that_lost_power_and_came_back_resets(net: RadioWorld) -> None:
    access_point, _, client, far = pair(net)
    access_point.power_off()
    net.run(6)
    net.power_up(access_point)
    net.open_access_point(access_point)
    net.wait_joined(client)
    far.send(b"still there?")
    net.run(10)
    assert errno_of(lambda: far.receive(10)) == 104


def test_losing_the_address_aborts_connections(net: RadioWorld) -> None:
    _, _, client, far = pair(net)
    client.deactivate(client.station)
    assert errno_of(lambda: far.receive(1)) == 103


def test_closing_with_unread_data_resets_the_peer(net: RadioWorld) -> None:
    _, near, _, far = pair(net)
    far.send(b"unread")
    net.run(0.1)
    near.close()
    net.run(0.1)
    assert errno_of(lambda: far.receive(10)) == 104


def test_peer_that_never_closes_is_reset_after_ten_seconds(net: RadioWorld) -> None:
    _, near, _, far = pair(net)
    near.close()
    net.run(9)
    assert far.receive(10) == b""
    net.run(2)
    assert errno_of(lambda: far.receive(10)) == 104


def test_backlog_full_is_silence_until_one_is_accepted(net: RadioWorld) -> None:
    access_point = net.access_point()
    clients = [net.client() for _ in range(3)]
    listener = listen(access_point)
    for client in clients[:2]:
        connect(net, client)
    third = clients[2].tcp_socket()
    third.connect(SERVER)
    net.run(5)
    assert not third.finish_connect()
    assert listener.accept() is not None
    assert net.clock.wait(third.finish_connect, 4)


def test_five_connections_and_eight_listeners(net: RadioWorld) -> None:
    access_point = net.access_point()
    for port in range(8):
        listener = access_point.tcp_socket()
        listener.bind(("0.0.0.0", 2000 + port))
        listener.listen()
    ninth = access_point.tcp_socket()
    assert errno_of(ninth.listen) == 12
    for _ in range(4):
        access_point.tcp_socket()
    assert errno_of(access_point.tcp_socket) == 12


def test_port_in_use_and_in_time_wait(net: RadioWorld) -> None:
    access_point, near, _, far = pair(net)
    again = access_point.tcp_socket()
    assert errno_of(lambda: again.bind(("0.0.0.0", 1234))) == 98
    near.close()
    net.run(0.1)
    far.close()
    net.run(0.1)
    access_point.close_sockets()
    again = access_point.tcp_socket()
    assert errno_of(lambda: again.bind(("0.0.0.0", 1234))) == 98
    again.may_share_port = True
    again.bind(("0.0.0.0", 1234))


def test_soft_reset_of_one_end_resets_the_other(net: RadioWorld) -> None:
    access_point, _, _, far = pair(net)
    access_point.close_sockets()
    net.run(0.1)
    assert errno_of(lambda: far.receive(1)) == 104


def test_power_cut_closes_all_sockets(net: RadioWorld) -> None:
    access_point, near, _, _ = pair(net)
    new, listener = access_point.tcp_socket(), access_point.tcp_socket()
    listener.listen()
    access_point.power_off()
    assert errno_of(lambda: near.send(b"x")) == 9
    assert errno_of(lambda: new.connect(SERVER)) == 9
    assert errno_of(listener.accept) == 9


def test_a_listener_cannot_send_and_an_unbound_socket_cannot_accept(net: RadioWorld) -> None:
    access_point = net.access_point()
    listener = listen(access_point)
    assert listener.accept() is None
    assert errno_of(lambda: listener.send(b"x")) == 107
    assert errno_of(lambda: access_point.tcp_socket().accept()) == 22


@pytest.mark.parametrize("seed", range(10))
def test_stream_survives_loss_duplication_and_reordering(seed: int) -> None:
    net = RadioWorld(seed)
    access_point, client = net.access_point(), net.client()
    listener = listen(access_point)
    chance = net.world.rng
    plain = Copy()

    def disturb(hop: Hop) -> Sequence[Copy]:
        if not isinstance(hop.packet, TcpSegment):
            return (plain,)
        fates = [(plain,)] * 5 + [
            (),
            (plain, plain),
            (Copy(20_000, in_order=False),),
            (plain, Copy(30_000, in_order=False)),
        ]
        return chance.choice(fates)

    net.air.disturbance = disturb
    far = client.tcp_socket()
    far.connect(SERVER)
    assert net.clock.wait(far.finish_connect, 60)
    assert net.clock.wait(lambda: listener.has_waiting, 60)
    accepted = listener.accept()
    assert accepted is not None
    near = accepted[0]
    data = bytes(chance.randrange(256) for _ in range(20_000))
    rest = data
    received = bytearray()

    def pump() -> bool:
        nonlocal rest
        rest = rest[far.send(rest) or 0 :]
        received.extend(near.receive(500) or b"")
        return len(received) == len(data)

    assert net.clock.wait(pump, 600)
    assert bytes(received) == data
    far.close()
    assert net.clock.wait(lambda: near.receive(1) == b"", 60)
