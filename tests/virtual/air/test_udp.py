"""UDP between boards: latency, order, queues, limits and the ways in which datagrams get lost."""

from collections.abc import Sequence

import pytest

from hil.faults.packets import Copy
from hil.virtual.air.medium import Hop
from tests.virtual.air.conftest import RadioWorld, address, all_received, errno_of, udp_on

AP = "192.168.4.1"


def test_client_and_access_point_exchange_datagrams(net: RadioWorld) -> None:
    access_point, client = net.access_point(), net.client()
    server, asker = udp_on(access_point, 5000), client.udp_socket()
    assert asker.send_to(b"HELLO", (AP, 5000)) == 5
    net.run(0.1)
    ((data, sender),) = all_received(server)
    assert (data, sender[0]) == (b"HELLO", address(client))
    assert sender[1] >= 0xC000
    server.send_to(b"WELCOME", sender)
    net.run(0.1)
    assert all_received(asker) == [(b"WELCOME", (AP, 5000))]


def test_latency_is_a_few_milliseconds_and_stations_are_two_hops_apart(net: RadioWorld) -> None:
    access_point, one, two = net.access_point(), net.client(), net.client()
    sockets = {radio.mac: udp_on(radio, 5001) for radio in (access_point, two)}
    sender = one.udp_socket()

    def mean_latency_s(to: str, mac: bytes) -> float:
        total_s = 0.0
        for _ in range(200):
            started_s = net.now_s
            sender.send_to(b"x", (to, 5001))
            assert net.clock.wait(lambda: sockets[mac].is_readable, 1)
            total_s += net.now_s - started_s
            all_received(sockets[mac])
        return total_s / 200

    one_hop_s, two_hops_s = mean_latency_s(AP, access_point.mac), mean_latency_s(address(two), two.mac)
    assert 0.001 < one_hop_s < 0.005
    assert 1.6 < two_hops_s / one_hop_s < 2.4


def test_datagrams_of_one_link_arrive_in_order_and_the_fifth_unread_is_dropped(net: RadioWorld) -> None:
    access_point, client = net.access_point(), net.client()
    server, sender = udp_on(access_point, 5000), client.udp_socket()
    for number in range(7):
        sender.send_to(b"%d" % number, (AP, 5000))
    net.run(0.5)
    assert [data for data, _ in all_received(server)] == [b"0", b"1", b"2", b"3"]


@pytest.mark.parametrize("everyone", ["255.255.255.255", "192.168.4.255"])
def test_broadcast_reaches_all_but_its_sender(net: RadioWorld, everyone: str) -> None:
    radios = [net.access_point(), net.client(), net.client()]
    sockets = [udp_on(radio, 5000) for radio in radios]
    for sender in range(3):
        sockets[sender].send_to(b"x", (everyone, 5000))
        net.run(0.2)
        assert [len(all_received(each)) for each in sockets] == [int(index != sender) for index in range(3)]


def test_broadcast_to_all_networks_leaves_by_the_interface_activated_last(net: RadioWorld) -> None:
    net.access_point()
    both, other = net.client(), net.client()
    heard = udp_on(other, 5000)
    net.open_access_point(both, "Second")
    both.udp_socket().send_to(b"x", ("255.255.255.255", 5000))
    net.run(0.2)
    assert all_received(heard) == []


def test_short_buffer_truncates_silently(net: RadioWorld) -> None:
    access_point, client = net.access_point(), net.client()
    server = udp_on(access_point, 5000)
    client.udp_socket().send_to(b"0123456789", (AP, 5000))
    net.run(0.1)
    received = server.receive(4)
    assert received is not None
    assert received[0] == b"0123"
    assert server.receive(4) is None


def test_no_loopback(net: RadioWorld) -> None:
    access_point, client = net.access_point(), net.client()
    for radio, own in ((access_point, AP), (client, address(client))):
        udp = udp_on(radio, 5000)
        for to in (own, "127.0.0.1"):
            udp.send_to(b"x", (to, 5000))
        net.run(0.2)
        assert all_received(udp) == []


def test_datagrams_to_unused_addresses_are_lost(net: RadioWorld) -> None:
    net.access_point()
    client = net.client()
    for nobody in ("192.168.4.99", "8.8.8.8"):
        assert client.udp_socket().send_to(b"x", (nobody, 5000)) == 1
    net.run(1)


def test_no_route_without_a_link(net: RadioWorld) -> None:
    lonely = net.radio()
    assert errno_of(lambda: lonely.udp_socket().send_to(b"x", (AP, 5000))) == 113
    access_point, client = net.access_point(), net.client()
    udp = client.udp_socket()
    access_point.power_off()
    assert udp.send_to(b"not noticed yet", (AP, 5000)) == 15
    net.run(6)
    assert errno_of(lambda: udp.send_to(b"x", (AP, 5000))) == 113
    assert errno_of(lambda: udp.send_to(b"x", ("255.255.255.255", 5000))) == 113


def test_too_long_and_aimless_datagrams_are_refused(net: RadioWorld) -> None:
    net.access_point()
    udp = net.client().udp_socket()
    assert udp.send_to(bytes(1472), (AP, 5000)) == 1472
    assert errno_of(lambda: udp.send_to(bytes(1473), (AP, 5000))) == 90
    assert errno_of(lambda: udp.send_to(b"x")) == 107


def test_bind_in_use_and_after_sending(net: RadioWorld) -> None:
    net.access_point()
    client = net.client()
    first, second = udp_on(client, 5000), client.udp_socket()
    assert errno_of(lambda: second.bind(("0.0.0.0", 5000))) == 98
    second.send_to(b"x", (AP, 5000))
    second.bind(("0.0.0.0", 5001))
    assert second.port == 5001
    first.close()
    second.bind(("0.0.0.0", 5000))


def test_shared_port_needs_the_option_on_both(net: RadioWorld) -> None:
    net.access_point()
    client = net.client()
    first, second = udp_on(client, 5000), client.udp_socket()
    second.may_share_port = True
    assert errno_of(lambda: second.bind(("0.0.0.0", 5000))) == 98
    first.may_share_port = True
    second.bind(("0.0.0.0", 5000))


def test_three_sockets_with_one_interface_two_with_both(net: RadioWorld) -> None:
    net.access_point()
    client = net.client()
    sockets = [client.udp_socket() for _ in range(3)]
    assert errno_of(client.udp_socket) == 12
    sockets.pop().close()
    client.activate(client.access_point)
    assert errno_of(client.udp_socket) == 12


def test_a_connected_socket_receives_from_its_peer_only(net: RadioWorld) -> None:
    access_point, one, two = net.access_point(), net.client(), net.client()
    udp = udp_on(one, 5000)
    udp.connect((AP, 5000))
    udp_on(access_point, 5000).send_to(b"peer", (address(one), 5000))
    udp_on(two, 5000).send_to(b"stranger", (address(one), 5000))
    net.run(0.2)
    assert [data for data, _ in all_received(udp)] == [b"peer"]


def test_soft_reset_closes_sockets_and_keeps_the_link(net: RadioWorld) -> None:
    net.access_point()
    client = net.client()
    udp_on(client, 5000)
    client.close_sockets()
    assert client.station.is_connected
    udp_on(client, 5000)


def test_static_address_is_used_at_once_and_survives_a_rejoin(net: RadioWorld) -> None:
    access_point = net.access_point()
    client = net.radio()
    client.activate(client.station)
    own = access_point.access_point.addressing
    client.station.set_addressing(type(own)("192.168.4.50", own.netmask, own.gateway, own.name_server))
    net.start_joining(client)
    net.wait_joined(client)
    server = udp_on(access_point, 5000)
    client.udp_socket().send_to(b"x", (AP, 5000))
    net.run(0.1)
    assert server.receive(10) is not None
    assert net.printed == []


def test_disturbance_loses_duplicates_and_delays(net: RadioWorld) -> None:
    access_point, client = net.access_point(), net.client()
    server, sender = udp_on(access_point, 5000), client.udp_socket()
    net.run(3)  # their names are announced
    late, plain = Copy(500_000, in_order=False), Copy()
    fates: dict[bytes, Sequence[Copy]] = {b"lost": (), b"twice": (plain, plain), b"late": (late,), b"plain": (plain,)}
    hops: list[Hop] = []

    def disturb(hop: Hop) -> Sequence[Copy]:
        hops.append(hop)
        return fates[hop.packet.data]  # type: ignore[union-attr]

    net.air.disturbance = disturb
    for data in (b"late", b"lost", b"twice", b"plain"):
        sender.send_to(data, (AP, 5000))
    net.run(1)
    assert [data for data, _ in all_received(server)] == [b"twice", b"twice", b"plain", b"late"]
    assert {(hop.sender_mac, hop.receiver_mac) for hop in hops} == {(client.mac, access_point.mac)}
