"""App tcp: the AP greets one client after the other, and no client can keep it from the next."""

from collections.abc import Callable

import pytest

from hil.board import Board
from hil.clock import Clock
from hil.fixtures.measure import Measure
from hil.probes import Probe

pytestmark = [pytest.mark.firmware("tcp"), pytest.mark.needs(clients=1)]

AP = ("192.168.4.1", 1234)
VISIT_PERIOD_S = 5.0
VISIT_RETRY_S = 2.0
VISIT_LIMIT_S = 3.0
GUEST_LIMIT_S = 2.0
AP_UP_WITHIN_S = 15.0
JOINED_WITHIN_S = 30.0
RADIO_S = 0.5
"""Slack for what is not timing: radio, console."""

Joined = Callable[[], list[str]]


def greeting(ip: str) -> str:
    return f"Hello {ip}, this is the AP @ {AP[0]}"


def expect_served(client: Board, within: float = 2 * VISIT_PERIOD_S) -> None:
    client.console.expect("reply", within=within, since=client.console.mark())


def test_both_texts_are_on_both_consoles(ap: Board, clients: list[Board], joined: Joined, measure: Measure) -> None:
    (client,) = clients
    (ip,) = joined()
    with measure("reply after joining", limit=3, unit="s"):
        client.console.expect("reply", within=2 * VISIT_PERIOD_S, text=greeting(ip), peer=AP[0])
    client.console.expect("sent", within=1, text=f"Hello from {ip}", peer=AP[0])
    ap.console.expect("heard", within=1, text=f"Hello from {ip}", peer=ip)
    ap.console.expect("replied", within=1, text=greeting(ip), peer=ip)


def test_client_comes_again(clients: list[Board], joined: Joined, clock: Clock) -> None:
    (client,) = clients
    joined()
    expect_served(client)
    mark = client.console.mark()
    clock.sleep(30)
    assert 5 <= len(client.console.events("reply", since=mark)) <= 6
    assert client.console.events("no-reply", since=mark) == []


@pytest.mark.needs(clients=3)
def test_second_client_is_served_after_the_first(ap: Board, clients: list[Board], joined: Joined) -> None:
    addresses = joined()
    for client, ip in zip(clients, addresses, strict=True):
        client.console.expect("reply", within=VISIT_PERIOD_S, text=greeting(ip))
    first_served = list(dict.fromkeys(event.fields["peer"] for event in ap.events("replied")))
    assert first_served == addresses


@pytest.mark.needs(clients=3)
def test_clients_that_come_together_are_all_served(ap: Board, clients: list[Board], measure: Measure) -> None:
    ap.power.on()
    ap.console.expect("ap-up", within=AP_UP_WITHIN_S)
    for client in clients:
        client.power.on()
    for client in clients:
        joined = client.console.expect("joined", within=JOINED_WITHIN_S)
        reply = client.console.expect("reply", within=3 * VISIT_PERIOD_S)
        measure("reply among three", value=reply.time_s - joined.time_s, limit=2 * VISIT_PERIOD_S, unit="s")
        assert reply.fields["text"] == greeting(joined.fields["ip"])


def test_client_without_ap_says_so_and_recovers_when_it_appears(
    ap: Board, clients: list[Board], measure: Measure
) -> None:
    (client,) = clients
    client.power.on()
    client.console.expect("no-reply", within=20, tries="1", reason="no-wifi")
    client.console.expect("no-reply", within=2 * VISIT_RETRY_S + RADIO_S, tries="2")
    ap.power.on()
    ap.console.expect("ap-up", within=AP_UP_WITHIN_S)
    with measure("recovery when the AP appears", limit=20, unit="s"):
        expect_served(client, within=30)


def test_client_recovers_when_the_ap_comes_back(
    ap: Board, clients: list[Board], joined: Joined, measure: Measure
) -> None:
    (client,) = clients
    joined()
    expect_served(client)
    mark = client.console.mark()
    ap.power.off()
    client.console.expect("no-reply", within=VISIT_PERIOD_S + VISIT_LIMIT_S + RADIO_S, since=mark)
    ap.power.on()
    ap.console.expect("ap-up", within=AP_UP_WITHIN_S)
    with measure("recovery when the AP comes back", limit=20, unit="s"):
        expect_served(client, within=30)


def test_client_is_refused_while_the_program_of_the_ap_is_silent(
    ap: Board, clients: list[Board], joined: Joined, measure: Measure
) -> None:
    (client,) = clients
    joined()
    expect_served(client)
    mark = client.console.mark()
    with ap.repl():
        pass
    refused = client.console.expect("no-reply", within=VISIT_PERIOD_S + RADIO_S, since=mark)
    assert "104" in refused.fields["reason"], "errno 104 is what a refused connection gives on a Pico W"
    ap.reset()
    with measure("recovery after a reset of the AP", limit=40, unit="s"):
        expect_served(client, within=60)


def test_client_gives_up_an_ap_that_accepts_and_never_answers(ap: Board, clients: list[Board], joined: Joined) -> None:
    (client,) = clients
    joined()
    expect_served(client)
    with ap.repl() as repl:
        mark = client.console.mark()
        # Nobody accepts, but the stack takes connections and data all the same.
        repl.exec(
            "import socket\n"
            "s = socket.socket()\n"
            "s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
            f"s.bind(('0.0.0.0', {AP[1]}))\n"
            "s.listen(2)\n"
        )
        for _ in range(2):
            client.console.expect("sent", within=VISIT_PERIOD_S + RADIO_S, since=mark)
            given_up = client.console.expect("no-reply", within=VISIT_LIMIT_S + RADIO_S, since=mark)
            assert "110" in given_up.fields["reason"], "errno 110 is what a time-out gives"
            mark = client.console.mark()


@pytest.mark.needs(probe=True)
def test_peer_that_says_nothing_does_not_block_the_ap(
    ap: Board, clients: list[Board], joined: Joined, probe: Probe, measure: Measure
) -> None:
    (client,) = clients
    joined()
    expect_served(client)
    with probe.connect(AP) as connection, measure("silent peer dropped", limit=GUEST_LIMIT_S + RADIO_S, unit="s"):
        assert connection.receive(1, within_s=2 * VISIT_PERIOD_S) == b""
    ap.console.expect("dropped", within=1, reason="too-slow", peer=probe.address)
    expect_served(client, within=VISIT_PERIOD_S + VISIT_LIMIT_S)


@pytest.mark.needs(probe=True)
def test_peer_that_never_comes_to_an_end_does_not_block_the_ap(
    ap: Board, joined: Joined, probe: Probe, clock: Clock
) -> None:
    joined()
    with probe.connect(AP) as connection:
        for _ in range(5):
            connection.send(b"H")
            clock.sleep(GUEST_LIMIT_S / 4)
        ap.console.expect("dropped", within=RADIO_S, reason="too-slow", peer=probe.address)


@pytest.mark.needs(probe=True)
def test_peer_that_vanishes_does_not_block_the_ap(
    ap: Board, clients: list[Board], joined: Joined, probe: Probe, clock: Clock
) -> None:
    (client,) = clients
    joined()
    expect_served(client)
    with probe.connect(AP) as connection:
        connection.send(b"Hello from")
        clock.sleep(RADIO_S)
        gone = probe.address
        probe.leave()
    ap.console.expect("dropped", within=GUEST_LIMIT_S + RADIO_S, peer=gone)
    expect_served(client, within=VISIT_PERIOD_S + VISIT_LIMIT_S)


@pytest.mark.needs(probe=True)
def test_text_that_comes_in_pieces_is_one_text(ap: Board, joined: Joined, probe: Probe, clock: Clock) -> None:
    joined()
    with probe.connect(AP) as connection:
        for piece in (b"Hello ", b"from", b" afar\n"):
            connection.send(piece)
            clock.sleep(0.3)
        answer = connection.receive(600, within_s=2)
    assert answer.decode() == greeting(probe.address) + "\n"
    ap.console.expect("heard", within=1, text="Hello from afar", peer=probe.address)


@pytest.mark.needs(probe=True)
@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"\xff\xfe\n", "not-utf8"), (b"x" * 600, "too-long"), (b"x" * 513 + b"\n", "too-long")],
    ids=["not-utf8", "without-end", "too-long"],
)
def test_malformed_text_does_not_stop_the_ap(
    ap: Board, clients: list[Board], joined: Joined, probe: Probe, data: bytes, reason: str
) -> None:
    (client,) = clients
    joined()
    with probe.connect(AP) as connection:
        connection.send(data)
        ap.console.expect("dropped", within=2, reason=reason, peer=probe.address)
    expect_served(client)
