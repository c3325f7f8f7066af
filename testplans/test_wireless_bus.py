"""App wireless_bus: the AP introduces its clients to each other, and then they communicate without its program."""

from collections.abc import Callable, Mapping
from itertools import permutations

import pytest

from hil import Board, Clock, Condition, Mark, Measure, Probe

pytestmark = [pytest.mark.firmware("wireless_bus"), pytest.mark.needs(clients=3)]

AP = ("192.168.4.1", 5000)
PEER_PORT = 5001
JOINED_WITHIN_S = 60.0
RADIO_S = 0.5
"""Slack for radio and console, in addition to the app's timing."""
TALK_WITHIN_S = 16.0
"""Timeout, not a limit under test."""
LOST_IN_A_ROW = 4
"""Messages that may be lost on a radio that loses every tenth packet."""

Timing = Mapping[str, float]
Joined = Callable[[], list[str]]


@pytest.fixture
def pair_limit_s(timing: Timing, condition: Condition) -> float:
    """Time until every pair of clients that have joined has exchanged a message."""
    return condition.limit(2, disturbed=2 + LOST_IN_A_ROW * timing["say_period_s"])


def expect_said(listener: Board, speaker: Board, within: float, since: Mark | None = None) -> None:
    ip = speaker.events("joined")[-1].fields["ip"]
    listener.console.expect("said", within=within, since=since, id=speaker.serial, peer=ip)


def expect_all_talk(clients: list[Board], within: float) -> None:
    """Wait until every pair has exchanged a message in both directions, from now on."""
    marks = {client: client.console.mark() for client in clients}
    for listener, speaker in permutations(clients, 2):
        expect_said(listener, speaker, within, marks[listener])


def said(listener: Board, speaker: Board, since: Mark) -> list[int]:
    """The numbers of the messages from ``speaker`` that ``listener`` has received."""
    events = listener.console.events("said", since=since)
    return [int(event.fields["seq"]) for event in events if event.fields["id"] == speaker.serial]


def test_every_pair_has_exchanged_a_message(
    clients: list[Board], joined: Joined, measure: Measure, pair_limit_s: float
) -> None:
    joined()
    with measure("every pair has exchanged a message", limit=pair_limit_s, unit="s"):
        for listener, speaker in permutations(clients, 2):
            expect_said(listener, speaker, within=TALK_WITHIN_S)


def test_clients_that_boot_together_find_each_other(
    clients: list[Board], joined_together: Joined, measure: Measure, pair_limit_s: float
) -> None:
    joined_together()
    with measure("every pair has exchanged a message", limit=pair_limit_s, unit="s"):
        for listener, speaker in permutations(clients, 2):
            expect_said(listener, speaker, within=TALK_WITHIN_S)


def test_clients_go_on_talking(clients: list[Board], joined: Joined, clock: Clock, condition: Condition) -> None:
    joined()
    expect_all_talk(clients, within=TALK_WITHIN_S)
    marks = {client: client.console.mark() for client in clients}
    clock.sleep(30)
    for listener, speaker in permutations(clients, 2):
        heard = said(listener, speaker, marks[listener])
        assert len(heard) >= condition.limit(13, disturbed=5)
        assert heard == sorted(set(heard)), "a message came twice or late"


@pytest.mark.needs(probe=True)
def test_hello_is_answered_with_the_list(joined: Joined, probe: Probe) -> None:
    addresses = joined()
    answer = probe.request(b"HELLO", to=AP).data.decode()
    assert answer == f"NODES: {', '.join([*addresses, probe.address])}"


def test_peers_go_on_while_the_program_of_the_ap_is_silent(
    ap: Board, clients: list[Board], joined: Joined, clock: Clock, condition: Condition
) -> None:
    joined()
    expect_all_talk(clients, within=TALK_WITHIN_S)
    with ap.repl():
        pass
    marks = {client: client.console.mark() for client in clients}
    clock.sleep(30)
    for listener, speaker in permutations(clients, 2):
        assert len(said(listener, speaker, marks[listener])) >= condition.limit(13, disturbed=5)
    for client, mark in marks.items():
        assert client.console.events("link-lost", since=mark) == []


def test_client_that_reboots_while_the_program_of_the_ap_is_silent_is_met_again(
    ap: Board, clients: list[Board], joined: Joined, measure: Measure, condition: Condition, timing: Timing
) -> None:
    first, *_ = clients
    joined()
    expect_all_talk(clients, within=TALK_WITHIN_S)
    with ap.repl():
        pass
    first.power.cycle()
    mark = first.console.mark()
    first.console.expect("joined", within=JOINED_WITHIN_S, since=mark)
    with measure(
        "met again without the AP's program",
        limit=condition.limit(timing["say_period_s"] + RADIO_S, disturbed=(1 + LOST_IN_A_ROW) * timing["say_period_s"]),
        unit="s",
    ):
        expect_all_talk(clients, within=TALK_WITHIN_S)


@pytest.mark.needs(clients=2)
def test_peers_talk_again_after_the_ap_restarts(
    ap: Board, clients: list[Board], joined: Joined, measure: Measure, condition: Condition
) -> None:
    joined()
    expect_all_talk(clients, within=TALK_WITHIN_S)
    ap.power.cycle()
    ap.console.expect("ap-up", within=JOINED_WITHIN_S, since=ap.console.mark())
    with measure("all talk after AP restart", limit=condition.limit(20, disturbed=60), unit="s"):
        expect_all_talk(clients, within=JOINED_WITHIN_S)


@pytest.mark.needs(clients=2, probe=True)
def test_clients_talk_to_who_has_said_hello_from_port_to_port(
    clients: list[Board], joined: Joined, probe: Probe, clock: Clock, timing: Timing
) -> None:
    addresses = joined()
    with probe.listen(PEER_PORT) as listener:
        probe.send(b"HELLO", to=AP)
        clock.sleep(timing["hello_period_s"] + timing["say_period_s"])
        assert {datagram.sender for datagram in listener.received} == {(ip, PEER_PORT) for ip in addresses}
        heard = {datagram.sender[0]: datagram.data.decode().split() for datagram in listener.received}
    for client, ip in zip(clients, addresses, strict=True):
        assert heard[ip][0] == "SAY"
        assert heard[ip][2] == f"id={client.serial}"


@pytest.mark.needs(clients=2, probe=True)
def test_client_answers_who_talks_to_it_whatever_the_ap_knows(
    ap: Board, clients: list[Board], joined: Joined, probe: Probe, clock: Clock, measure: Measure, timing: Timing
) -> None:
    first, _ = clients
    addresses = joined()
    with ap.repl():
        pass
    client = (addresses[0], PEER_PORT)
    with probe.listen(PEER_PORT) as listener:
        probe.send(b"SAY 7 id=guest", to=client)
        first.console.expect("said", within=RADIO_S, id="guest", seq="7", peer=probe.address)
        # When the second one arrives it has just sent to all known peers: the next is the answer to the new peer.
        for _ in range(2):
            assert listener.receive(within_s=2 * timing["say_period_s"]).sender == client
        asked_s = clock.now()
        probe.send(b"SAY 1 id=another", to=client)
        answer = listener.receive(within_s=2 * timing["say_period_s"])
        measure("answer of a peer", value=clock.now() - asked_s, limit=RADIO_S, unit="s")
    assert answer.sender == client
    assert answer.data.startswith(b"SAY ")


@pytest.mark.needs(clients=2, probe=True)
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"SAY", "unknown"),
        (b"SAY one id=guest", "unknown"),
        (b"", "unknown"),
        (b"NODES: 192.168.4.99", "foreign"),
        (b"SAY 1 id=\xff", "not-utf8"),
        (b"SAY 1".ljust(513), "too-long"),
    ],
    ids=["without-number", "bad-number", "empty", "not-from-the-ap", "not-utf8", "too-long"],
)
def test_malformed_datagram_does_not_stop_a_client(
    clients: list[Board], joined: Joined, probe: Probe, data: bytes, reason: str
) -> None:
    first, _ = clients
    addresses = joined()
    probe.send(data, to=(addresses[0], PEER_PORT))
    first.console.expect("ignored", within=2, reason=reason, count="1")
    expect_all_talk(clients, within=TALK_WITHIN_S)
    assert {event.fields["peer"] for event in first.events("said")} == {addresses[1]}
