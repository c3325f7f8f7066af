"""App tcp: the AP greets one client after the other, and no client can block the next one."""

import re
from collections.abc import Callable, Mapping

import pytest

from hil import Board, Clock, Condition, Measure, Probe

pytestmark = [pytest.mark.firmware("tcp"), pytest.mark.needs(clients=1)]

AP = ("192.168.4.1", 1234)
AP_UP_WITHIN_S = 15.0
JOINED_WITHIN_S = 60.0
SERVED_WITHIN_S = 30.0
RADIO_S = 0.5
"""Slack for radio and console, in addition to the app's timing."""

Timing = Mapping[str, float]
Joined = Callable[[], list[str]]


def greeting(ip: str) -> str:
    return f"Hello {ip}, this is the AP @ {AP[0]}"


def expect_served(client: Board, within: float = SERVED_WITHIN_S) -> None:
    client.console.expect("reply", within=within, since=client.console.mark())


def test_both_texts_are_on_both_consoles(
    ap: Board, clients: list[Board], joined: Joined, measure: Measure, condition: Condition
) -> None:
    (client,) = clients
    (ip,) = joined()
    with measure("reply after joining", limit=condition.limit(3, disturbed=20), unit="s"):
        client.console.expect("reply", within=SERVED_WITHIN_S, text=greeting(ip), peer=AP[0])
    client.console.expect("sent", within=1, text=f"Hello from {ip}", peer=AP[0])
    ap.console.expect("heard", within=1, text=f"Hello from {ip}", peer=ip)
    ap.console.expect("replied", within=1, text=greeting(ip), peer=ip)


def test_client_comes_again(clients: list[Board], joined: Joined, clock: Clock, condition: Condition) -> None:
    (client,) = clients
    joined()
    expect_served(client)
    mark = client.console.mark()
    clock.sleep(30)
    assert condition.limit(5, disturbed=2) <= len(client.console.events("reply", since=mark)) <= 6
    assert len(client.console.events("no-reply", since=mark)) <= condition.limit(0, disturbed=3)


@pytest.mark.needs(clients=3)
def test_second_client_is_served_after_the_first(
    ap: Board, clients: list[Board], joined: Joined, condition: Condition
) -> None:
    addresses = joined()
    for client, ip in zip(clients, addresses, strict=True):
        client.console.expect("reply", within=SERVED_WITHIN_S, text=greeting(ip))
        ap.console.expect("replied", within=1, peer=ip)
    first_served = list(dict.fromkeys(event.fields["peer"] for event in ap.events("replied")))
    assert set(first_served) == set(addresses)
    if condition.is_clear:
        assert first_served == addresses


@pytest.mark.needs(clients=3)
def test_clients_that_come_together_are_all_served(
    ap: Board, clients: list[Board], measure: Measure, condition: Condition, timing: Timing
) -> None:
    ap.power.on()
    ap.console.expect("ap-up", within=AP_UP_WITHIN_S)
    for client in clients:
        client.power.on()
    for client in clients:
        joined = client.console.expect("joined", within=JOINED_WITHIN_S)
        reply = client.console.expect("reply", within=SERVED_WITHIN_S)
        measure(
            "reply among three",
            value=reply.time_s - joined.time_s,
            limit=condition.limit(2 * timing["visit_period_s"], disturbed=SERVED_WITHIN_S),
            unit="s",
        )
        assert reply.fields["text"] == greeting(joined.fields["ip"])


def test_client_without_ap_says_so_and_recovers_when_it_appears(
    ap: Board, clients: list[Board], measure: Measure, condition: Condition, timing: Timing
) -> None:
    (client,) = clients
    client.power.on()
    client.console.expect("no-reply", within=20, tries="1", reason="no-wifi")
    client.console.expect("no-reply", within=2 * timing["visit_retry_s"] + RADIO_S, tries="2")
    ap.power.on()
    ap.console.expect("ap-up", within=AP_UP_WITHIN_S)
    with measure("recovery when the AP appears", limit=condition.limit(20, disturbed=60), unit="s"):
        expect_served(client, within=60)


def test_client_recovers_when_the_ap_comes_back(
    ap: Board, clients: list[Board], joined: Joined, measure: Measure, condition: Condition, timing: Timing
) -> None:
    (client,) = clients
    joined()
    expect_served(client)
    mark = client.console.mark()
    ap.power.off()
    client.console.expect("no-reply", within=timing["visit_period_s"] + timing["visit_limit_s"] + RADIO_S, since=mark)
    ap.power.on()
    ap.console.expect("ap-up", within=AP_UP_WITHIN_S)
    with measure("recovery when the AP comes back", limit=condition.limit(20, disturbed=60), unit="s"):
        expect_served(client, within=60)


def test_client_is_refused_while_the_program_of_the_ap_is_silent(
    ap: Board, clients: list[Board], joined: Joined, measure: Measure, condition: Condition
) -> None:
    (client,) = clients
    joined()
    expect_served(client)
    mark = client.console.mark()
    with ap.repl():
        pass
    # Errno 104 is what a refused connection gives on a Pico W.
    client.console.expect(re.compile(r"^no-reply .*\b104\b"), within=SERVED_WITHIN_S, since=mark)
    ap.reset()
    with measure("recovery after a reset of the AP", limit=condition.limit(40, disturbed=80), unit="s"):
        expect_served(client, within=60)


def test_client_gives_up_an_ap_that_accepts_and_never_answers(
    ap: Board, clients: list[Board], joined: Joined, timing: Timing
) -> None:
    (client,) = clients
    joined()
    expect_served(client)
    with ap.repl() as repl:
        mark = client.console.mark()
        # No program accepts, but the stack takes connections and data nevertheless.
        repl.exec(
            "import socket\n"
            "s = socket.socket()\n"
            "s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
            f"s.bind(('0.0.0.0', {AP[1]}))\n"
            "s.listen(2)\n"
        )
        for _ in range(2):
            client.console.expect("sent", within=SERVED_WITHIN_S, since=mark)
            mark = client.console.mark()
            given_up = client.console.expect("no-reply", within=timing["visit_limit_s"] + RADIO_S, since=mark)
            assert "110" in given_up.fields["reason"], "errno 110 is a timeout"
            mark = client.console.mark()


@pytest.mark.needs(probe=True)
def test_peer_that_says_nothing_does_not_block_the_ap(
    ap: Board, clients: list[Board], joined: Joined, probe: Probe, measure: Measure, timing: Timing
) -> None:
    (client,) = clients
    joined()
    expect_served(client)
    with (
        probe.connect(AP) as connection,
        measure("silent peer dropped", limit=2 * timing["guest_limit_s"] + RADIO_S, unit="s"),
    ):
        assert connection.receive(1, within_s=2 * timing["visit_period_s"]) == b""
    ap.console.expect("dropped", within=1, reason="too-slow", peer=probe.address)
    expect_served(client, within=SERVED_WITHIN_S)


@pytest.mark.needs(probe=True)
def test_peer_that_never_comes_to_an_end_does_not_block_the_ap(
    ap: Board, joined: Joined, probe: Probe, clock: Clock, timing: Timing
) -> None:
    joined()
    with probe.connect(AP) as connection:
        # It may have to wait for its turn, up to the time that one guest may take.
        for _ in range(9):
            if not ap.events("dropped"):
                connection.send(b"H")
                clock.sleep(timing["guest_limit_s"] / 4)
    assert [event.fields["reason"] for event in ap.events("dropped")] == ["too-slow"]


@pytest.mark.needs(probe=True)
def test_peer_that_vanishes_does_not_block_the_ap(
    ap: Board, clients: list[Board], joined: Joined, probe: Probe, clock: Clock, timing: Timing
) -> None:
    (client,) = clients
    joined()
    expect_served(client)
    with probe.connect(AP) as connection:
        connection.send(b"Hello from")
        clock.sleep(RADIO_S)
        gone = probe.address
        probe.leave()
    ap.console.expect("dropped", within=2 * timing["guest_limit_s"] + RADIO_S, peer=gone)
    expect_served(client, within=SERVED_WITHIN_S)


@pytest.mark.needs(probe=True)
def test_text_that_comes_in_pieces_is_one_text(
    ap: Board, joined: Joined, probe: Probe, clock: Clock, timing: Timing
) -> None:
    joined()
    with probe.connect(AP) as connection:
        for piece in (b"Hello ", b"from", b" afar\n"):
            connection.send(piece)
            clock.sleep(0.3)
        answer = connection.receive(600, within_s=2 * timing["guest_limit_s"])
    assert answer.decode() == greeting(probe.address) + "\n"
    ap.console.expect("heard", within=1, text="Hello from afar", peer=probe.address)


@pytest.mark.needs(probe=True)
@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"\xff\xfe\n", "not-utf8"), (b"x" * 600, "too-long"), (b"x" * 513 + b"\n", "too-long")],
    ids=["not-utf8", "without-end", "too-long"],
)
def test_malformed_text_does_not_stop_the_ap(
    ap: Board, clients: list[Board], joined: Joined, probe: Probe, data: bytes, reason: str, timing: Timing
) -> None:
    (client,) = clients
    joined()
    with probe.connect(AP) as connection:
        connection.send(data)
        ap.console.expect("dropped", within=timing["guest_limit_s"] + RADIO_S, reason=reason, peer=probe.address)
    expect_served(client)
