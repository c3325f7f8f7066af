"""Role order: the order of first HELLO is the order of roles, and all boards agree on it."""

from collections.abc import Callable

import pytest

from hil import Board, Clock, Cluster, Condition, Faults, Measure, Probe

pytestmark = pytest.mark.firmware("roles")

AP = ("192.168.4.1", 5000)
BOOT_WITHIN_S = 60.0
"""Timeout, not a limit under test: a few tries to join, in case the radio loses many packets."""

Settled = Callable[[], tuple[Board, ...]]
Agreement = Callable[[], None]


def addresses(clients: list[Board]) -> str:
    return ",".join(client.events("joined")[-1].fields["ip"] for client in clients)


@pytest.mark.needs(clients=3)
def test_order_of_boot_is_order_of_roles(cluster: Cluster) -> None:
    first, second, third = cluster.boot_in_order()
    roles = {first: "MASTER", second: "WORKER1", third: "WORKER2"}
    cluster.wait(roles=roles, order=[first, second, third], within=5)


@pytest.mark.needs(clients=3)
def test_it_is_the_boot_that_decides_not_the_board(ap: Board, clients: list[Board], cluster: Cluster) -> None:
    ap.power.on()
    ap.console.expect("ap-up", within=BOOT_WITHIN_S)
    backwards = list(reversed(clients))
    for client in backwards:
        client.power.on()
        client.console.expect("registered", within=BOOT_WITHIN_S)
    cluster.wait(order=backwards, within=5)
    first, second, third = backwards
    cluster.wait(roles={first: "MASTER", second: "WORKER1", third: "WORKER2"}, within=5)


@pytest.mark.needs(clients=3)
def test_all_clients_agree_with_the_ap(cluster: Cluster, agreement: Agreement, measure: Measure) -> None:
    cluster.boot_in_order()
    with measure("agreement", limit=3, unit="s"):
        agreement()


@pytest.mark.needs(clients=3)
def test_each_client_prints_the_role_of_its_place(cluster: Cluster) -> None:
    clients = cluster.boot_in_order()
    roles = {client: f"WORKER{place}" if place else "MASTER" for place, client in enumerate(clients)}
    cluster.wait(order=clients, roles=roles, within=5)
    for place, client in enumerate(clients):
        assert client.events("registered")[-1].fields["rank"] == str(place)


@pytest.mark.needs(clients=3, probe=True)
def test_a_probe_is_told_the_same_order(cluster: Cluster, probe: Probe) -> None:
    clients = cluster.boot_in_order()
    cluster.wait(order=clients, within=5)
    answer = probe.request(b"WHO", to=AP).data.decode()
    assert answer == f"ROLES {cluster.epoch} {addresses(list(clients))}"


@pytest.mark.needs(clients=2, probe=True)
def test_all_are_told_of_every_change_at_once(
    settled: Settled, probe: Probe, clock: Clock, measure: Measure, condition: Condition
) -> None:
    clients = settled()
    probe.join()
    for words in [b"HELLO id=guest", b"BYE id=guest"] * 3:
        clock.sleep(1.3)
        marks = {client: client.console.mark() for client in clients}
        with measure("change told to all", limit=condition.limit(1, disturbed=5), unit="s"):
            probe.send(words, to=AP)
            for client, mark in marks.items():
                client.console.expect("roles", within=6, since=mark)


@pytest.mark.needs(clients=3)
def test_clients_that_boot_together_get_one_order(
    ap: Board, cluster: Cluster, clock: Clock, agreement: Agreement, measure: Measure, condition: Condition
) -> None:
    ap.power.on()
    ap.console.expect("ap-up", within=BOOT_WITHIN_S)
    with measure("cluster of three from power-on", limit=condition.limit(30, disturbed=60), unit="s"):
        for client in cluster.clients:
            client.power.on()
        for client in cluster.clients:
            client.console.expect("registered", within=BOOT_WITHIN_S)
    clock.wait(lambda: set(cluster.order) == set(cluster.clients), 2)
    order = cluster.order
    assert set(order) == set(cluster.clients)
    cluster.wait(roles={order[0]: "MASTER", order[1]: "WORKER1", order[2]: "WORKER2"}, within=5)
    agreement()


@pytest.mark.needs(clients=3)
def test_a_late_joiner_is_the_last_and_disturbs_nobody(ap: Board, clients: list[Board], cluster: Cluster) -> None:
    first, second, third = clients
    ap.power.on()
    ap.console.expect("ap-up", within=BOOT_WITHIN_S)
    for client in (first, second):
        client.power.on()
        client.console.expect("registered", within=BOOT_WITHIN_S)
    cluster.wait(roles={first: "MASTER", second: "WORKER1"}, within=5)
    marks = {client: client.console.mark() for client in (first, second)}
    third.power.on()
    cluster.wait(roles={first: "MASTER", second: "WORKER1", third: "WORKER2"}, within=BOOT_WITHIN_S)
    for client, mark in marks.items():
        assert client.console.events("role", since=mark) == []


@pytest.mark.needs(clients=2)
def test_roles_stay_as_they_are_while_nothing_happens(cluster: Cluster, settled: Settled, clock: Clock) -> None:
    first, second = settled()
    marks = {board: board.console.mark() for board in (cluster.ap, first, second)}
    clock.sleep(60)
    for board, mark in marks.items():
        assert board.console.events(since=mark) == []


@pytest.mark.needs(clients=2, faults=("partition",))
def test_client_whose_address_was_given_away_takes_another(
    ap: Board, clients: list[Board], cluster: Cluster, agreement: Agreement, faults: Faults, condition: Condition
) -> None:
    first, second = clients
    ap.power.on()
    ap.console.expect("ap-up", within=BOOT_WITHIN_S)
    first.power.on()
    first.console.expect("registered", within=BOOT_WITHIN_S)
    # The AP restarts and has forgotten its DHCP leases; a client out of reach has not forgotten its own.
    with faults.partition([first], [ap, second]):
        ap.power.cycle()
        second.power.on()
        second.console.expect("registered", within=BOOT_WITHIN_S)
        assert addresses([second]) == addresses([first])
    mark = first.console.mark()
    limit_s = condition.limit(BOOT_WITHIN_S, disturbed=3 * BOOT_WITHIN_S)
    first.console.expect("joined", within=limit_s, since=mark, ip="192.168.4.17")
    cluster.wait(roles={second: "MASTER", first: "WORKER1"}, within=5)
    assert addresses([second]) != addresses([first])
    agreement()
