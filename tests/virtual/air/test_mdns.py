"""mDNS names: announced, queried, and given up when another board has them."""

from hil.faults.packets import Copy
from hil.probes.dns_message import MDNS, Message, question, read
from hil.virtual.air.addressing import Addressing
from hil.virtual.air.medium import Hop
from hil.virtual.air.packets import UdpDatagram
from hil.virtual.air.radio import Radio
from tests.virtual.air.conftest import RadioWorld, address, all_received, errno_of, udp_on

AP = "192.168.4.1"


def named_client(net: RadioWorld, hostname: str) -> Radio:
    radio = net.radio()
    radio.set_hostname(hostname)
    net.start_joining(radio)
    net.wait_joined(radio)
    return radio


def resolve(net: RadioWorld, radio: Radio, name: str) -> str | None:
    """The address that ``radio`` finds for ``name``; None if it gives up."""
    lookup = radio.look_up(name)
    assert net.clock.wait(lambda: lookup.is_over or bool(lookup.address), 8)
    return lookup.address or None


def overheard(net: RadioWorld, sender: Radio) -> list[Message]:
    """The mDNS messages that ``sender`` sends from now on, each once."""
    messages: list[Message] = []

    def listen(hop: Hop) -> tuple[Copy]:
        packet = hop.packet
        if isinstance(packet, UdpDatagram) and hop.sender_mac == sender.mac and packet.source[1] == MDNS[1]:
            message = read(packet.data)
            assert message is not None
            messages.append(message)
        return (Copy(),)

    net.air.disturbance = listen
    return messages


def test_all_boards_find_each_other_by_name(net: RadioWorld) -> None:
    ap = net.radio()
    ap.set_hostname("pico-ap")
    net.open_access_point(ap)
    one, two = named_client(net, "one"), named_client(net, "two")
    net.run(2)
    assert resolve(net, one, "pico-ap.local") == AP
    assert resolve(net, one, "two.local") == address(two)
    assert resolve(net, two, "ONE.local") == address(one)
    assert resolve(net, ap, "two.local") == address(two)


def test_a_name_is_probed_three_times_and_announced_twice(net: RadioWorld) -> None:
    net.access_point()
    radio = net.radio()
    radio.set_hostname("one")
    heard = overheard(net, radio)
    net.start_joining(radio)
    net.wait_joined(radio)
    net.run(2.3)
    assert [[record.name for record in message.claims] for message in heard[:3]] == [["one.local"]] * 3
    announced = [message.answers for message in heard[3:]]
    assert [[(each.name, each.address, each.ttl_s) for each in answers] for answers in announced] == [
        [("one.local", address(radio), 120)]
    ] * 2
    net.run(60)
    assert len(heard) == 5


def test_a_name_is_not_answered_for_before_it_is_known_to_be_free(net: RadioWorld) -> None:
    asker = net.access_point()
    udp = udp_on(asker, 6000)
    client = named_client(net, "one")
    udp.send_to(question("one.local", 1), MDNS)
    net.run(0.1)
    assert all_received(udp) == []
    net.run(1.5)
    udp.send_to(question("one.local", 2), MDNS)
    net.run(0.1)
    ((data, sender),) = all_received(udp)
    message = read(data)
    assert message is not None
    record = message.address_of("one.local")
    assert record is not None
    assert (message.identity, record.address, record.ttl_s, sender) == (2, address(client), 10, (address(client), 5353))


def test_of_two_boards_of_one_name_the_first_keeps_it_and_the_second_is_not_found(net: RadioWorld) -> None:
    net.access_point()
    first, second = net.client(), named_client(net, "other")
    net.run(2)
    third = net.client()  # PicoW, as the access point and the first client are
    net.run(3)
    assert resolve(net, second, "PicoW.local") == AP
    for silenced in (first, third):
        udp = udp_on(second, 6000)
        udp.send_to(question("PicoW.local", 1), (address(silenced), 5353))
        net.run(0.5)
        assert all_received(udp) == []
        udp.close()


def test_two_that_probe_for_one_name_at_once_end_with_one(net: RadioWorld) -> None:
    net.access_point()
    asker = named_client(net, "asker")
    radios = [net.radio(), net.radio()]
    for number, radio in enumerate(radios):
        radio.set_hostname("twin")
        own = Addressing(f"192.168.4.{100 + number}", "255.255.255.0", AP, AP)
        radio.activate(radio.station)
        radio.station.set_addressing(own)
        net.start_joining(radio)
    for radio in radios:
        net.wait_joined(radio)
    net.run(5)
    udp = udp_on(asker, 6000)
    udp.send_to(question("twin.local", 1), MDNS)
    net.run(0.5)
    assert len(all_received(udp)) == 1


def test_a_hostname_counts_from_the_next_activation(net: RadioWorld) -> None:
    ap = net.access_point()
    client = named_client(net, "before")
    client.set_hostname("after")
    net.run(2)
    assert resolve(net, ap, "after.local") is None
    assert resolve(net, ap, "before.local") == address(client)
    client.deactivate(client.station)
    net.start_joining(client)
    net.wait_joined(client)
    net.run(2)
    assert resolve(net, ap, "after.local") == address(client)


def test_an_answer_is_remembered_for_ten_seconds(net: RadioWorld) -> None:
    ap = net.access_point()
    client = named_client(net, "one")
    net.run(2)
    own = address(client)
    assert resolve(net, ap, "one.local") == own
    client.power_off()
    net.run(9)
    assert resolve(net, ap, "one.local") == own
    net.run(2)
    started_s = net.now_s
    assert resolve(net, ap, "one.local") is None
    assert 6 <= net.now_s - started_s <= 7


def test_only_four_names_are_remembered(net: RadioWorld) -> None:
    ap = net.access_point()
    clients = [named_client(net, f"node{number}") for number in range(4)]
    net.run(2)
    assert resolve(net, clients[0], "PicoW.local") == AP
    for number in (1, 2, 3):
        assert resolve(net, clients[0], f"node{number}.local")
    clients[0].look_up("192.168.4.9")
    ap.power_off()
    assert clients[0].look_up("PicoW.local").address == AP


def test_a_lost_question_is_asked_again(net: RadioWorld) -> None:
    ap = net.access_point()
    client = named_client(net, "one")
    net.run(2)
    lost: list[object] = []

    def lose_first(hop: Hop) -> tuple[Copy, ...]:
        if not lost and hop.sender_mac == ap.mac:
            lost.append(hop)
            return ()
        return (Copy(),)

    net.air.disturbance = lose_first
    started_s = net.now_s
    assert resolve(net, ap, "one.local") == address(client)
    assert lost
    assert net.now_s - started_s < 1.1


def test_asking_takes_a_socket(net: RadioWorld) -> None:
    net.access_point()
    client = net.client()
    sockets = [client.udp_socket() for _ in range(3)]
    assert errno_of(lambda: client.look_up("one.local")) == -1
    sockets.pop().close()
    client.look_up("one.local")
    assert errno_of(client.udp_socket) == 12


def test_the_mdns_port_is_taken_and_other_groups_are_not_heard(net: RadioWorld) -> None:
    net.access_point()
    sender, hearer = net.client(), net.client()
    assert errno_of(lambda: udp_on(hearer, 5353)) == 98
    udp = udp_on(hearer, 6000)
    sender.udp_socket().send_to(b"x", ("239.1.2.3", 6000))
    net.run(0.2)
    assert all_received(udp) == []


def test_a_radio_that_does_not_announce_sends_nothing(net: RadioWorld) -> None:
    net.access_point()
    silent = Radio(net.world, net.air, bytes(6), net.world.notify, net.printed.append, announces=False)
    net.power_up(silent)
    heard = overheard(net, silent)
    net.start_joining(silent)
    net.wait_joined(silent)
    net.run(5)
    assert heard == []


def test_an_invalid_hostname_is_not_announced(net: RadioWorld) -> None:
    net.access_point()
    client = named_client(net, "")
    heard = overheard(net, client)
    net.run(5)
    assert heard == []
