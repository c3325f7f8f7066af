"""How a station joins, is refused, loses its access point and finds it again."""

import pytest

from hil.virtual.air.interface import LinkStatus
from tests.virtual.air.conftest import KEY, SSID, RadioWorld, address, all_received, errno_of, udp_on


def test_join_takes_one_to_four_seconds_and_passes_through_the_statuses(net: RadioWorld) -> None:
    net.access_point()
    client = net.radio()
    seen = [client.station.status]
    started_s = net.now_s
    net.start_joining(client)

    def note_status() -> bool:
        if client.station.status is not seen[-1]:
            seen.append(client.station.status)
        return client.station.is_connected

    note_status()
    assert net.clock.wait(note_status, 5)
    assert seen == [LinkStatus.IDLE, LinkStatus.JOINING, LinkStatus.NO_IP, LinkStatus.UP]
    assert 0.9 < net.now_s - started_s < 4.2
    assert client.station.addressing.address == "192.168.4.16"
    assert client.station.addressing.gateway == "192.168.4.1"


def test_no_access_point_is_minus_two_and_stays_so_when_one_appears(net: RadioWorld) -> None:
    client = net.radio()
    net.start_joining(client)
    net.run(5)
    assert client.station.status == LinkStatus.NO_AP
    net.access_point()
    net.run(20)
    assert client.station.status == LinkStatus.NO_AP
    net.start_joining(client)
    net.wait_joined(client)


def test_wrong_key_ends_at_minus_three_sometimes_by_way_of_minus_one() -> None:
    first_failures = set()
    for seed in range(20):
        net = RadioWorld(seed)
        net.access_point()
        client = net.radio()
        net.start_joining(client, "not the key")
        assert net.clock.wait(lambda client=client: client.station.status < 0, 5)  # type: ignore[misc]
        first_failures.add(client.station.status)
        net.run(2)
        assert client.station.status == LinkStatus.BAD_AUTH
    assert first_failures == {LinkStatus.BAD_AUTH, LinkStatus.FAIL}


@pytest.mark.parametrize("offered", ["", "pico123"])
def test_missing_or_short_key_is_refused(net: RadioWorld, offered: str) -> None:
    net.access_point(key="pico123")
    client = net.radio()
    net.start_joining(client, offered)
    net.run(7)
    assert client.station.status == LinkStatus.BAD_AUTH


def test_connect_and_scan_before_active_are_not_permitted(net: RadioWorld) -> None:
    station = net.radio().station
    for forbidden in (lambda: station.connect(SSID, KEY), station.start_scan):
        assert errno_of(forbidden) == 1


def test_fifth_station_is_refused_until_one_leaves(net: RadioWorld) -> None:
    access_point = net.access_point()
    clients = [net.client() for _ in range(4)]
    fifth = net.radio()
    net.start_joining(fifth)
    net.run(5)
    assert fifth.station.status == LinkStatus.FAIL
    assert access_point.access_point.station_macs == [client.mac for client in clients]
    clients[1].station.disconnect()
    net.start_joining(fifth)
    net.wait_joined(fifth)


def test_silent_loss_of_the_access_point_is_noticed_after_five_seconds_and_the_station_rejoins(net: RadioWorld) -> None:
    access_point = net.access_point()
    client = net.client()
    access_point.power_off()
    net.run(4)
    assert client.station.is_connected
    net.run(2)
    assert client.station.status == LinkStatus.JOINING
    net.run(60)
    net.power_up(access_point)
    net.open_access_point(access_point)
    net.wait_joined(client)
    assert address(client) == "192.168.4.16"


def test_access_point_back_before_the_loss_was_noticed_does_not_know_its_stations(net: RadioWorld) -> None:
    access_point = net.access_point()
    client = net.client()
    access_point.power_off()
    net.power_up(access_point)
    net.open_access_point(access_point)
    assert client.station.status == LinkStatus.UP
    assert access_point.access_point.station_macs == []
    net.run(12)
    assert access_point.access_point.station_macs == [client.mac]
    assert client.station.is_connected


def test_restarted_access_point_deauthenticates_unknown_stations_when_they_send(net: RadioWorld) -> None:
    access_point = net.access_point()
    client = net.client()
    access_point.power_off()
    net.power_up(access_point)
    net.open_access_point(access_point)
    client.udp_socket().send_to(b"still there?", ("192.168.4.1", 5000))
    net.run(0.1)
    assert client.station.status == LinkStatus.JOINING


def test_access_point_that_is_stopped_notifies_its_stations(net: RadioWorld) -> None:
    access_point = net.access_point()
    client = net.client()
    access_point.deactivate(access_point.access_point)
    net.run(0.1)
    assert client.station.status == LinkStatus.JOINING


def test_disconnect_is_idle_and_final(net: RadioWorld) -> None:
    access_point = net.access_point()
    client = net.client()
    client.station.disconnect()
    assert client.station.status == LinkStatus.IDLE
    assert access_point.access_point.station_macs == []
    net.run(30)
    assert client.station.status == LinkStatus.IDLE


def test_cut_client_counts_as_connected_for_about_a_minute(net: RadioWorld) -> None:
    access_point = net.access_point()
    client = net.client()
    client.power_off()
    net.run(50)
    assert access_point.access_point.is_connected
    net.run(20)
    assert access_point.access_point.station_macs == []


def test_cut_client_that_comes_back_is_one_station_with_its_old_address(net: RadioWorld) -> None:
    access_point = net.access_point()
    other, client = net.client(), net.client()
    client.power_off()
    net.power_up(client)
    net.start_joining(client)
    net.wait_joined(client)
    assert address(client) == "192.168.4.17"
    net.run(120)
    assert sorted(access_point.access_point.station_macs) == [other.mac, client.mac]


def test_deactivated_station_forgets_its_address(net: RadioWorld) -> None:
    net.access_point()
    client = net.client()
    client.deactivate(client.station)
    assert address(client) == "0.0.0.0"
    assert not client.station.is_active


def test_scan_takes_time_and_hears_all_others(net: RadioWorld) -> None:
    access_point = net.access_point()
    net.access_point("Other", "12345678")
    client = net.radio()
    client.activate(client.station)
    started_s = net.now_s
    scan = client.station.start_scan()
    assert net.clock.wait(lambda: scan.results is not None, 5)
    assert net.now_s - started_s > 1
    assert scan.results is not None
    assert [found.ssid for found in scan.results] == [SSID, "Other"]
    assert (scan.results[0].bssid, scan.results[0].channel) == (access_point.mac, 3)


def test_access_point_scans_with_its_station_interface_and_keeps_serving(net: RadioWorld) -> None:
    board, other = net.access_point(), net.access_point("Other", "12345678")
    client = net.radio()
    net.start_joining(client)
    net.wait_joined(client)
    board.activate(board.station)
    scan = board.station.start_scan()
    assert net.clock.wait(lambda: scan.results is not None, 5)
    assert scan.results is not None
    assert [found.bssid for found in scan.results] == [other.mac], "it hears all but itself"
    heard = udp_on(board, 5000)
    udp_on(client, 5001).send_to(b"HELLO", ("192.168.4.1", 5000))
    net.run(0.1)
    assert [data for data, _ in all_received(heard)] == [b"HELLO"]


def test_board_does_not_join_itself(net: RadioWorld) -> None:
    board = net.access_point()
    net.start_joining(board)
    net.run(5)
    assert board.station.status == LinkStatus.NO_AP


def test_nothing_happens_for_hours_in_an_idle_world(net: RadioWorld) -> None:
    net.access_point()
    for _ in range(3):
        net.client()
    net.run(1)
    before_us = net.world.now_us
    looked_us: list[int] = []

    def look() -> bool:
        looked_us.append(net.world.now_us)
        return False

    net.clock.wait(look, 11 * 3600)
    assert looked_us == [before_us, before_us + 11 * 3600 * 1_000_000]


def test_same_seed_same_times() -> None:
    def join_times(seed: int) -> list[float]:
        net = RadioWorld(seed)
        net.access_point()
        times = []
        for _ in range(3):
            net.client()
            times.append(net.now_s)
        return times

    assert join_times(7) == join_times(7)
    assert join_times(7) != join_times(8)
