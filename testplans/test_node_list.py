"""App node_list: the AP sends the addresses of all clients to all of them, and forgets clients that have left."""

from collections.abc import Callable, Mapping
from itertools import pairwise

import pytest

from hil import Board, Clock, Condition, Mark, Measure, Probe

pytestmark = [pytest.mark.firmware("node_list"), pytest.mark.needs(clients=3)]

AP = ("192.168.4.1", 5000)
JOINED_WITHIN_S = 60.0
RADIO_S = 0.5
"""Slack for radio and console, in addition to the app's timing."""
SEEN_WITHIN_S = 15.0
"""Timeout, not a limit under test."""

Timing = Mapping[str, float]
Joined = Callable[[], list[str]]


@pytest.fixture
def seen_limit_s(timing: Timing, condition: Condition) -> float:
    """Time until the next list arrives: a period, and two more if the radio loses many packets."""
    period_s = timing["nodes_period_s"]
    return condition.limit(period_s + RADIO_S, disturbed=3 * period_s + RADIO_S)


def all_see(clients: list[Board], addresses: list[str], within: float) -> None:
    """Wait until each of the clients has received exactly these addresses, from now on."""
    marks = {client: client.console.mark() for client in clients}
    for client, mark in marks.items():
        client.console.expect("nodes", within=within, since=mark, list=",".join(addresses))


def who(probe: Probe) -> list[str]:
    """The addresses in the AP's answer to WHO."""
    word, _, listed = probe.request(b"WHO", to=AP).data.decode().partition(" ")
    assert word == "NODES:"
    return listed.split(", ") if listed else []


def gaps(client: Board, since: Mark) -> list[float]:
    """Times between the lists that a client received, in seconds."""
    times = [event.time_s for event in client.console.events("nodes", since=since)]
    return [later - earlier for earlier, later in pairwise(times)]


def test_every_client_sees_all_others(
    clients: list[Board], joined: Joined, measure: Measure, seen_limit_s: float
) -> None:
    addresses = joined()
    with measure(
        "all seen by all",
        limit=seen_limit_s,
        unit="s",
    ):
        all_see(clients, addresses, within=SEEN_WITHIN_S)


def test_clients_that_boot_together_see_each_other(clients: list[Board], joined_together: Joined, clock: Clock) -> None:
    addresses = set(joined_together())

    def lists() -> set[str]:
        return {client.events("nodes")[-1].fields["list"] if client.events("nodes") else "" for client in clients}

    clock.wait(lambda: len(lists()) == 1 and set(lists().pop().split(",")) == addresses, SEEN_WITHIN_S)
    assert len(lists()) == 1
    assert set(lists().pop().split(",")) == addresses


def test_list_comes_to_every_client_every_period(
    clients: list[Board], joined: Joined, clock: Clock, measure: Measure, seen_limit_s: float
) -> None:
    addresses = joined()
    all_see(clients, addresses, within=SEEN_WITHIN_S)
    marks = [client.console.mark() for client in clients]
    clock.sleep(30)
    longest = [max(gaps(client, mark)) for client, mark in zip(clients, marks, strict=True)]
    measure(
        "longest gap between two lists",
        value=max(longest),
        limit=seen_limit_s,
        unit="s",
    )


@pytest.mark.needs(probe=True)
def test_list_is_sent_to_where_clients_listen(joined: Joined, probe: Probe, clock: Clock, timing: Timing) -> None:
    addresses = joined()
    with probe.listen(AP[1]) as listener:
        probe.send(b"HELLO", to=AP)
        probe.send(b"HELLO", to=AP)
        clock.sleep(4 * timing["nodes_period_s"])
        heard = [datagram for datagram in listener.received if datagram.sender == AP]
    assert 3 <= len(heard) <= 5
    assert {datagram.data.decode() for datagram in heard} == {f"NODES: {', '.join([*addresses, probe.address])}"}


def test_order_is_that_of_first_hello(clients: list[Board], joined: Joined) -> None:
    first, *others = clients
    addresses = joined()
    all_see(clients, addresses, within=SEEN_WITHIN_S)
    with first.repl():
        pass
    all_see(others, addresses[1:], within=SEEN_WITHIN_S)
    first.power.cycle()
    mark = first.console.mark()
    first.console.expect("joined", within=JOINED_WITHIN_S, since=mark, ip=addresses[0])
    all_see(clients, [*addresses[1:], addresses[0]], within=SEEN_WITHIN_S)


def test_client_that_stops_disappears_from_the_next_list(
    ap: Board, clients: list[Board], joined: Joined, measure: Measure, seen_limit_s: float
) -> None:
    first, second, third = clients
    addresses = joined()
    all_see(clients, addresses, within=SEEN_WITHIN_S)
    with measure(
        "disappears after BYE",
        limit=seen_limit_s,
        unit="s",
    ):
        with second.repl():
            pass
        all_see([first, third], [addresses[0], addresses[2]], within=SEEN_WITHIN_S)
    ap.console.expect("dropped", within=2)
    assert ap.events("dropped")[-1].fields == {"id": second.serial, "reason": "bye"}


def test_client_that_is_cut_disappears(
    ap: Board, clients: list[Board], joined: Joined, measure: Measure, timing: Timing, seen_limit_s: float
) -> None:
    first, second, third = clients
    addresses = joined()
    all_see(clients, addresses, within=SEEN_WITHIN_S)
    with measure(
        "disappears after a power cut",
        limit=timing["node_silent_s"] + seen_limit_s,
        unit="s",
    ):
        second.power.off()
        all_see([first, third], [addresses[0], addresses[2]], within=2 * timing["node_silent_s"])
    ap.console.expect("dropped", within=2)
    assert ap.events("dropped")[-1].fields == {"id": second.serial, "reason": "silent"}


def test_list_stays_as_it_is_while_nothing_happens(
    ap: Board, clients: list[Board], joined: Joined, clock: Clock, timing: Timing
) -> None:
    addresses = joined()
    all_see(clients, addresses, within=SEEN_WITHIN_S)
    mark = ap.console.mark()
    clock.sleep(3 * timing["node_silent_s"])
    assert ap.console.events(since=mark) == []
    all_see(clients, addresses, within=SEEN_WITHIN_S)


def test_list_is_whole_again_after_the_ap_restarts(
    ap: Board, clients: list[Board], joined: Joined, measure: Measure, clock: Clock, condition: Condition
) -> None:
    addresses = joined()
    all_see(clients, addresses, within=SEEN_WITHIN_S)
    ap.power.cycle()
    mark = ap.console.mark()
    ap.console.expect("ap-up", within=JOINED_WITHIN_S, since=mark)

    def is_complete() -> bool:
        listed = ap.console.events("listed", since=mark)
        return bool(listed) and len(listed[-1].fields["nodes"].split(",")) == len(clients)

    with measure("list whole after AP restart", limit=condition.limit(20, disturbed=60), unit="s"):
        clock.wait(is_complete, 2 * JOINED_WITHIN_S)
    nodes = dict(node.split("@") for node in ap.events("listed")[-1].fields["nodes"].split(","))

    def joined_at() -> dict[str, str]:
        return {client.serial: client.events("joined")[-1].fields["ip"] for client in clients}

    clock.wait(lambda: joined_at() == nodes, 2)
    assert joined_at() == nodes
    all_see(clients, list(nodes.values()), within=SEEN_WITHIN_S)


@pytest.mark.needs(clients=2, probe=True)
def test_ap_answers_at_any_time(joined: Joined, probe: Probe, clock: Clock, measure: Measure, timing: Timing) -> None:
    joined()
    probe.join()
    slowest_s = 0.0
    for _ in range(14):
        asked_s = clock.now()
        answer = probe.request(b"WHO", to=AP, within_s=2 * timing["nodes_period_s"], tries=1)
        slowest_s = max(slowest_s, answer.time_s - asked_s)
        clock.sleep(0.27)
    measure("slowest answer", value=slowest_s, limit=RADIO_S, unit="s")


@pytest.mark.needs(clients=1, probe=True)
def test_who_is_answered_and_registers_nobody(ap: Board, joined: Joined, probe: Probe, timing: Timing) -> None:
    addresses = joined()
    ap.console.expect("listed", within=timing["hello_period_s"])
    assert who(probe) == addresses
    assert who(probe) == addresses
    assert len(ap.events("listed")) == 1


@pytest.mark.needs(clients=1, probe=True)
def test_hello_is_answered_with_the_list(joined: Joined, probe: Probe) -> None:
    addresses = joined()
    for words in (b"HELLO", b"HELLO id=guest", b"HELLO id=guest"):
        answer = probe.request(words, to=AP).data.decode()
        assert answer == f"NODES: {', '.join([*addresses, probe.address])}"


@pytest.mark.needs(clients=1, probe=True)
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "unknown"),
        (b"NODES: 192.168.4.99", "unknown"),
        (b"HELLO \xff", "not-utf8"),
        (b"HELLO".ljust(513), "too-long"),
    ],
    ids=["empty", "not-for-the-ap", "not-utf8", "too-long"],
)
def test_malformed_datagram_does_not_stop_the_ap(
    ap: Board, clients: list[Board], joined: Joined, probe: Probe, data: bytes, reason: str
) -> None:
    addresses = joined()
    probe.send(data, to=AP)
    ap.console.expect("ignored", within=2, reason=reason, count="1")
    all_see(clients, addresses, within=SEEN_WITHIN_S)


@pytest.mark.needs(clients=1, probe=True)
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"NODES: 192.168.4.99", "foreign"),
        (b"NODES: 192.168.4", "unknown"),
        (b"HELLO", "unknown"),
        (b"\xff\xfe", "not-utf8"),
    ],
    ids=["not-from-the-ap", "bad-address", "not-for-a-client", "not-utf8"],
)
def test_malformed_datagram_does_not_stop_a_client(
    clients: list[Board], joined: Joined, probe: Probe, data: bytes, reason: str
) -> None:
    (client,) = clients
    addresses = joined()
    probe.send(data, to=(addresses[0], AP[1]))
    client.console.expect("ignored", within=2, reason=reason, count="1")
    all_see(clients, addresses, within=SEEN_WITHIN_S)
    assert {event.fields["list"] for event in client.events("nodes")} == {addresses[0]}
