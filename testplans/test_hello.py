"""App hello: a client that sends HELLO is welcomed; a client without an answer reports that, and recovers."""

import pytest

from hil import Board, Clock, Condition, Measure, Probe

pytestmark = [pytest.mark.firmware("hello"), pytest.mark.needs(clients=1)]

AP = ("192.168.4.1", 5000)
AP_UP_WITHIN_S = 15.0
JOIN_LIMIT_S = 15.0
WELCOME = "WELCOME from AP @ 192.168.4.1"


def boot(ap: Board, client: Board) -> None:
    ap.power.on()
    ap.console.expect("ap-up", within=AP_UP_WITHIN_S)
    client.power.on()
    client.console.expect("hello-reply", within=60)


def test_client_is_welcomed(ap: Board, clients: list[Board], measure: Measure, condition: Condition) -> None:
    (client,) = clients
    boot(ap, client)
    joined, reply = client.events("joined")[0], client.events("hello-reply")[0]
    measure(
        "join",
        value=int(joined.fields["ms"]) / 1000,
        limit=condition.limit(JOIN_LIMIT_S, disturbed=3 * JOIN_LIMIT_S),
        unit="s",
    )
    # An occasional try that times out is not a defect of the firmware; a growing number is one of the radio.
    tries = int(joined.fields["tries"])
    measure("join tries", value=tries, limit=condition.limit(3, disturbed=10), unit="tries")
    measure("hello reply", value=reply.time_s - joined.time_s, limit=condition.limit(3, disturbed=8), unit="s")
    assert reply.fields["text"] == WELCOME
    assert reply.fields["from"] == AP[0]
    assert ap.console.expect("hello", within=1).fields["from"] == joined.fields["ip"]


def test_client_goes_on_saying_hello(ap: Board, clients: list[Board], clock: Clock, condition: Condition) -> None:
    (client,) = clients
    boot(ap, client)
    mark = client.console.mark()
    clock.sleep(26)
    assert condition.limit(4, disturbed=2) <= len(client.console.events("hello-reply", since=mark)) <= 6
    assert client.console.events("no-reply", since=mark) == []


def test_client_without_ap_says_so_and_recovers_when_it_appears(
    ap: Board, clients: list[Board], measure: Measure, condition: Condition
) -> None:
    (client,) = clients
    client.power.on()
    client.console.expect("no-reply", within=20)
    ap.power.on()
    ap.console.expect("ap-up", within=AP_UP_WITHIN_S)
    with measure("recovery when the AP appears", limit=condition.limit(20, disturbed=50), unit="s"):
        reply = client.console.expect("hello-reply", within=60)
    assert reply.fields["text"] == WELCOME


def test_client_recovers_when_the_ap_comes_back(
    ap: Board, clients: list[Board], measure: Measure, condition: Condition
) -> None:
    (client,) = clients
    boot(ap, client)
    mark = client.console.mark()
    ap.power.off()
    client.console.expect("no-reply", within=30, since=mark)
    mark = client.console.mark()
    ap.power.on()
    ap.console.expect("ap-up", within=AP_UP_WITHIN_S)
    with measure("recovery when the AP comes back", limit=condition.limit(20, disturbed=50), unit="s"):
        client.console.expect("hello-reply", within=60, since=mark)


@pytest.mark.needs(probe=True)
def test_anybody_is_welcomed(ap: Board, probe: Probe) -> None:
    ap.power.on()
    ap.console.expect("ap-up", within=AP_UP_WITHIN_S)
    assert probe.request(b"HELLO from a probe", to=AP).data.decode() == WELCOME


@pytest.mark.needs(probe=True)
@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "unknown"), (b"GOOD DAY", "unknown"), (b"\xff\xfe\xfd", "not-utf8"), (b"HELLO".ljust(513), "too-long")],
    ids=["empty", "unknown-word", "not-utf8", "too-long"],
)
def test_malformed_datagram_does_not_stop_the_ap(ap: Board, probe: Probe, data: bytes, reason: str) -> None:
    ap.power.on()
    ap.console.expect("ap-up", within=AP_UP_WITHIN_S)
    probe.send(data, to=AP)
    ap.console.expect("ignored", within=2, reason=reason)
    assert probe.request(b"HELLO", to=AP).data.decode() == WELCOME
