"""Discovery: clients join, send HELLO and are registered; WHO alone does not register; no datagram stops a board."""

from collections.abc import Callable, Mapping

import pytest

from hil import Board, Clock, Cluster, Condition, Measure, Probe

pytestmark = pytest.mark.firmware("roles")

AP = ("192.168.4.1", 5000)
PEER_PORT = 5001
AP_UP_WITHIN_S = 15.0
JOIN_LIMIT_S = 15.0

Timing = Mapping[str, float]
Settled = Callable[[], tuple[Board, ...]]

MALFORMED = [
    pytest.param(b"HELLO id=x " + b"x" * 502, "too-long", id="too-long"),
    pytest.param(b"HELLO id=\xff\xfe", "not-utf8", id="not-utf8"),
    pytest.param(b"\x00\x01\x02\x03", "unknown", id="binary"),
    pytest.param(b"", "unknown", id="empty"),
    pytest.param(b"GIVE ME MASTER", "unknown", id="unknown-word"),
    pytest.param(b"HELLO epoch=", "unknown", id="hello-without-number"),
    pytest.param(b"RENEW", "unknown", id="renew-without-numbers"),
    pytest.param(b"RENEW 99999999999999999999 1", "unknown", id="renew-huge-number"),
    pytest.param(b"ROLES nine 192.168.4.16", "unknown", id="roles-without-number"),
    pytest.param(b"ROLES 9 192.168.4.300", "unknown", id="roles-bad-address"),
]


def who(probe: Probe) -> list[str]:
    """The order in the AP's answer to WHO."""
    word, _, order = probe.request(b"WHO", to=AP).data.decode().split()
    assert word == "ROLES"
    return order.split(",")


def address(client: Board) -> str:
    return client.events("joined")[-1].fields["ip"]


@pytest.mark.needs(clients=1)
def test_client_joins_and_is_registered(
    ap: Board, clients: list[Board], measure: Measure, condition: Condition
) -> None:
    (client,) = clients
    ap.power.on()
    ap.console.expect("ap-up", within=AP_UP_WITHIN_S)
    client.power.on()
    joined = client.console.expect("joined", within=3 * JOIN_LIMIT_S)
    measure(
        "join",
        value=int(joined.fields["ms"]) / 1000,
        limit=condition.limit(JOIN_LIMIT_S, disturbed=3 * JOIN_LIMIT_S),
        unit="s",
    )
    registered = client.console.expect("registered", within=10)
    measure("discovery", value=registered.time_s - joined.time_s, limit=6, unit="s")
    assert registered.fields["rank"] == "0"


@pytest.mark.needs(clients=1)
def test_client_finds_an_ap_that_starts_late(
    ap: Board, clients: list[Board], measure: Measure, condition: Condition
) -> None:
    (client,) = clients
    client.power.on()
    client.console.expect("join-failed", within=30, tries="2")
    ap.power.on()
    ap.console.expect("ap-up", within=AP_UP_WITHIN_S)
    with measure("late discovery", limit=condition.limit(20, disturbed=50), unit="s"):
        client.console.expect("registered", within=60)


@pytest.mark.needs(clients=2, probe=True)
def test_who_is_answered_with_the_order_and_registers_nobody(cluster: Cluster, probe: Probe, clock: Clock) -> None:
    clients = cluster.boot_in_order()
    mark = cluster.ap.console.mark()
    expected = [address(client) for client in clients]
    assert who(probe) == expected
    clock.sleep(2)
    assert who(probe) == expected
    assert cluster.ap.console.events("order", since=mark) == []


@pytest.mark.needs(clients=2, probe=True)
def test_hello_registers_its_sender_as_the_last_and_bye_removes_it_at_once(cluster: Cluster, probe: Probe) -> None:
    expected = [address(client) for client in cluster.boot_in_order()]
    probe.send(b"HELLO id=guest", to=AP)
    cluster.ap.console.expect("order", within=2, nodes=order_with_guest(cluster, probe))
    assert who(probe) == [*expected, probe.address]
    probe.send(b"BYE id=guest", to=AP)
    cluster.ap.console.expect("dropped", within=1, id="guest", reason="bye")
    assert who(probe) == expected


def order_with_guest(cluster: Cluster, probe: Probe) -> str:
    nodes = [f"{client.serial}@{address(client)}" for client in cluster.clients]
    return ",".join([*nodes, f"guest@{probe.address}"])


@pytest.mark.needs(clients=1, probe=True)
def test_hello_without_id_registers_its_sender_by_address(cluster: Cluster, probe: Probe) -> None:
    expected = [address(client) for client in cluster.boot_in_order()]
    for _ in range(2):
        probe.request(b"HELLO", to=AP)
    assert who(probe) == [*expected, probe.address]


@pytest.mark.needs(clients=2, probe=True)
def test_a_node_is_its_id_wherever_it_is(cluster: Cluster, probe: Probe, condition: Condition) -> None:
    first, second = cluster.boot_in_order()
    probe.request(f"HELLO id={second.serial}".encode(), to=AP)
    assert who(probe) == [address(first), probe.address]
    # Its next HELLO moves it back to its real address; it has been one node all the time.
    cluster.ap.console.expect("order", within=condition.limit(7, disturbed=20), since=cluster.ap.console.mark())
    assert who(probe) == [address(first), address(second)]


@pytest.mark.needs(clients=1, probe=True)
def test_longest_allowed_datagram_is_accepted(cluster: Cluster, probe: Probe) -> None:
    cluster.boot_in_order()
    longest = b"WHO".ljust(512)
    assert probe.request(longest, to=AP).data.startswith(b"ROLES ")
    assert cluster.ap.events("ignored") == []


@pytest.mark.needs(clients=2, probe=True)
@pytest.mark.parametrize(("data", "reason"), MALFORMED)
def test_malformed_datagram_does_not_stop_the_ap(
    cluster: Cluster, settled: Settled, probe: Probe, clock: Clock, data: bytes, reason: str, timing: Timing
) -> None:
    first, second = settled()
    mark = first.console.mark()
    probe.send(data, to=AP)
    cluster.ap.console.expect("ignored", within=2, reason=reason, count="1")
    probe.send(data, to=AP)
    cluster.ap.console.expect("ignored", within=3, reason=reason, count="2")
    clock.sleep(2 * timing["lease_s"])
    assert first.console.events("role", since=mark) == [], "the AP does not renew the lease any more"
    assert who(probe) == [address(first), address(second)]


@pytest.mark.needs(clients=2, probe=True)
@pytest.mark.parametrize(("data", "reason"), MALFORMED)
def test_malformed_datagram_does_not_stop_a_client(
    settled: Settled, probe: Probe, clock: Clock, data: bytes, reason: str, timing: Timing
) -> None:
    first, second = settled()
    marks = {client: client.console.mark() for client in (first, second)}
    for client in (first, second):
        probe.send(data, to=(address(client), PEER_PORT))
        # A client that checks the sender before the content may give the sender as the reason.
        ignored = client.console.expect("ignored", within=2, count="1")
        assert ignored.fields["reason"] in (reason, "foreign")
    clock.sleep(2 * timing["lease_s"])
    for client, mark in marks.items():
        assert client.console.events("role", since=mark) == []
        assert client.console.events("roles", since=mark) == []


@pytest.mark.needs(clients=2, probe=True)
def test_clients_believe_only_the_ap(
    cluster: Cluster, settled: Settled, probe: Probe, clock: Clock, timing: Timing
) -> None:
    first, second = settled()
    mark = second.console.mark()
    forged = f"ROLES 99 {address(second)},{address(first)} 1".encode()
    for source_port in (0, AP[1]):
        probe.send(forged, to=(address(second), PEER_PORT), source_port=source_port)
    second.console.expect("ignored", within=3, count="2", reason="foreign")
    clock.sleep(timing["lease_s"])
    assert second.console.events("roles", since=mark) == []
    assert cluster.roles == {first: "MASTER", second: "WORKER1"}
