"""App mesh: clients join and leave at any time, and all others soon know."""

from collections.abc import Callable, Iterable, Mapping

import pytest

from hil import Board, Clock, Condition, Measure, Probe

pytestmark = [pytest.mark.firmware("mesh"), pytest.mark.needs(clients=3)]

AP = ("192.168.4.1", 5000)
PEER_PORT = 5001
JOINED_WITHIN_S = 60.0
RADIO_S = 0.5
"""Slack for radio and console, in addition to the app's timing."""
KNOWN_WITHIN_S = 15.0
"""Timeout, not a limit under test."""

Timing = Mapping[str, float]
Joined = Callable[[], list[str]]
Known = Callable[[Iterable[Board], float], None]


def address(client: Board) -> str:
    return client.events("joined")[-1].fields["ip"]


def members(client: Board) -> set[str]:
    """The other members, as a client last printed them since it was switched on."""
    on = client.events("power-on")[-1].time_s
    said = [event for event in client.events("members") if event.time_s >= on]
    return set(filter(None, said[-1].fields["list"].split(","))) if said else set()


@pytest.fixture
def known_limit_s(timing: Timing, condition: Condition) -> float:
    """Time until all clients know all others: a period, and one more if the radio loses every tenth packet."""
    return condition.limit(timing["hello_period_s"], disturbed=2 * timing["hello_period_s"])


@pytest.fixture
def known(clock: Clock) -> Known:
    """Call it to wait until each of the given clients knows exactly all others of them."""

    def wait(present: Iterable[Board], within: float) -> None:
        expected = {client: {address(other) for other in present if other is not client} for client in present}
        clock.wait(lambda: all(members(client) == expected[client] for client in present), within)
        assert {client: members(client) for client in present} == expected

    return wait


def test_all_know_all(
    clients: list[Board], joined: Joined, known: Known, measure: Measure, known_limit_s: float
) -> None:
    joined()
    with measure("all know all", limit=known_limit_s, unit="s"):
        known(clients, KNOWN_WITHIN_S)


def test_clients_that_boot_together_know_each_other(
    clients: list[Board], joined_together: Joined, known: Known, measure: Measure, known_limit_s: float
) -> None:
    joined_together()
    with measure("all know all", limit=known_limit_s, unit="s"):
        known(clients, KNOWN_WITHIN_S)


def test_late_joiner_is_known_to_all_within_one_period(
    ap: Board, clients: list[Board], known: Known, clock: Clock, measure: Measure, timing: Timing, known_limit_s: float
) -> None:
    *early, late = clients
    for board in (ap, *early):
        board.power.on()
    for client in early:
        client.console.expect("joined", within=2 * JOINED_WITHIN_S)
    known(early, KNOWN_WITHIN_S)
    clock.sleep(2 * timing["hello_period_s"])
    late.power.on()
    late.console.expect("joined", within=JOINED_WITHIN_S)
    with measure("late joiner known to all", limit=known_limit_s, unit="s"):
        known(clients, KNOWN_WITHIN_S)


@pytest.mark.parametrize("cut", [0, 1, 2], ids=["first", "second", "third"])
def test_cut_client_is_gone_from_all_within_the_expiry(
    ap: Board, clients: list[Board], joined: Joined, known: Known, measure: Measure, cut: int, timing: Timing
) -> None:
    joined()
    known(clients, KNOWN_WITHIN_S)
    gone = clients[cut]
    with measure("cut client gone from all", limit=timing["node_silent_s"] + RADIO_S, unit="s"):
        gone.power.off()
        known([client for client in clients if client is not gone], 2 * timing["node_silent_s"])
        ap.console.expect("dropped", within=timing["node_silent_s"], id=gone.serial, reason="silent")


def test_client_that_stops_is_gone_at_once(
    clients: list[Board], joined: Joined, known: Known, measure: Measure, condition: Condition, timing: Timing
) -> None:
    first, *others = clients
    joined()
    known(clients, KNOWN_WITHIN_S)
    with measure("gone after BYE", limit=condition.limit(1, disturbed=timing["node_silent_s"] + RADIO_S), unit="s"):
        with first.repl():
            pass
        known(others, 2 * timing["node_silent_s"])


def test_clients_that_stay_know_each_other_whoever_comes_and_goes(
    clients: list[Board], joined: Joined, known: Known, measure: Measure, timing: Timing, known_limit_s: float
) -> None:
    joined()
    known(clients, KNOWN_WITHIN_S)
    # The next one leaves when the previous one is back: in the end no client has been present all the time.
    for gone in clients:
        gone.power.off()
        known([client for client in clients if client is not gone], timing["node_silent_s"] + RADIO_S)
        gone.power.on()
        gone.console.expect("joined", within=JOINED_WITHIN_S)
        with measure(
            "known again after its return",
            limit=known_limit_s,
            unit="s",
        ):
            known(clients, KNOWN_WITHIN_S)


def test_client_that_reboots_quickly_has_not_been_away(
    clients: list[Board], joined: Joined, known: Known, condition: Condition
) -> None:
    first, *others = clients
    joined()
    known(clients, KNOWN_WITHIN_S)
    marks = {client: client.console.mark() for client in others}
    first.power.cycle()
    first.console.expect("joined", within=JOINED_WITHIN_S)
    known(clients, KNOWN_WITHIN_S)
    for client, mark in marks.items():
        # Joining takes longer on a bad radio: each of the others may miss it, but only once.
        assert len(client.console.events("members", since=mark)) <= condition.limit(0, disturbed=2)


def test_nothing_changes_while_nobody_comes_or_goes(
    ap: Board, clients: list[Board], joined: Joined, known: Known, clock: Clock, timing: Timing
) -> None:
    joined()
    known(clients, KNOWN_WITHIN_S)
    marks = {board: board.console.mark() for board in (ap, *clients)}
    clock.sleep(3 * timing["node_silent_s"])
    for board, mark in marks.items():
        assert board.console.events(since=mark) == []


def test_members_stay_while_the_program_of_the_ap_is_silent(
    ap: Board, clients: list[Board], joined: Joined, known: Known, clock: Clock, timing: Timing
) -> None:
    joined()
    known(clients, KNOWN_WITHIN_S)
    with ap.repl():
        pass
    marks = {client: client.console.mark() for client in clients}
    clock.sleep(3 * timing["node_silent_s"])
    for client, mark in marks.items():
        assert client.console.events(since=mark) == []


def test_all_know_all_after_the_ap_restarts(
    ap: Board,
    clients: list[Board],
    joined: Joined,
    known: Known,
    measure: Measure,
    condition: Condition,
    timing: Timing,
) -> None:
    joined()
    known(clients, KNOWN_WITHIN_S)
    marks = {client: client.console.mark() for client in clients}
    ap.power.off()
    for client, mark in marks.items():
        client.console.expect("members", within=2 * timing["node_silent_s"], since=mark, list="")
    ap.power.on()
    ap.console.expect("ap-up", within=JOINED_WITHIN_S)
    with measure("all know all after AP restart", limit=condition.limit(20, disturbed=60), unit="s"):
        for client, mark in marks.items():
            client.console.expect("joined", within=JOINED_WITHIN_S, since=mark)
        known(clients, JOINED_WITHIN_S)


@pytest.mark.needs(clients=2, probe=True)
def test_who_has_registered_is_found_within_one_period(
    joined: Joined, probe: Probe, clock: Clock, measure: Measure, condition: Condition, timing: Timing
) -> None:
    addresses = joined()
    with probe.listen(PEER_PORT) as listener:
        with measure(
            "rediscovery",
            limit=condition.limit(timing["hello_period_s"] + RADIO_S, disturbed=2 * timing["hello_period_s"]),
            unit="s",
        ):
            probe.request(b"HELLO id=guest", to=AP)
            clock.wait(
                lambda: {each.sender[0] for each in listener.received} == set(addresses), 4 * timing["hello_period_s"]
            )
        assert {each.sender for each in listener.received} == {(ip, PEER_PORT) for ip in addresses}


@pytest.mark.needs(clients=2, probe=True)
def test_who_is_only_in_the_list_is_no_member(
    clients: list[Board], joined: Joined, known: Known, probe: Probe, clock: Clock, timing: Timing
) -> None:
    joined()
    known(clients, KNOWN_WITHIN_S)
    probe.request(b"HELLO id=guest", to=AP)
    clock.sleep(2 * timing["hello_period_s"])
    known(clients, 0)


@pytest.mark.needs(clients=2, probe=True)
def test_member_is_who_is_heard_until_it_says_bye(
    clients: list[Board], joined: Joined, known: Known, probe: Probe
) -> None:
    first, second = clients
    addresses = joined()
    known(clients, KNOWN_WITHIN_S)
    mark = first.console.mark()
    probe.send(b"SAY 1 id=guest", to=(addresses[0], PEER_PORT))
    first.console.expect("members", within=1, since=mark, list=f"{addresses[1]},{probe.address}")
    probe.send(b"BYE id=guest", to=(addresses[0], PEER_PORT))
    first.console.expect("members", within=1, since=first.console.mark(), list=addresses[1])
    assert members(second) == {addresses[0]}
