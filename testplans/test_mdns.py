"""App mdns: boards find each other as ``<hostname>.local``, and the bench finds them."""

from collections.abc import Mapping, Sequence

import pytest

from hil import Board, Clock, Condition, Measure, Probe, WaitTimeout

pytestmark = pytest.mark.firmware("mdns")

AP_NAME = "pico-ap"
AP_IP = "192.168.4.1"
AP = (AP_IP, 5000)
PEER_PORT = 5001
AP_UP_WITHIN_S = 15.0
JOIN_WITHIN_S = 60.0
KNOWN_WITHIN_S = 30.0
"""Timeout for a board to be found, even if many queries are lost."""
KNOWN_LIMIT_S = 6.0
"""From joining to being found: the name is probed for a second, and queried again if the first query was too early."""
GIVE_UP_S = 7.0
"""How long a board queries a name that no board answers for."""


Timing = Mapping[str, float]


def hostname(board: Board) -> str:
    return board.events("hostname")[-1].fields["name"]


def short(board: Board) -> str:
    return hostname(board).removesuffix(".local")


def listed(ap: Board) -> list[str]:
    """The names in the AP's order, as it last printed them."""
    return [entry.partition("@")[0] for entry in ap.events("listed")[-1].fields["nodes"].split(",")]


def address(client: Board) -> str:
    return client.events("joined")[-1].fields["ip"]


def open_ap(ap: Board) -> None:
    ap.power.on()
    ap.console.expect("ap-up", within=AP_UP_WITHIN_S)


def boot(ap: Board, clients: Sequence[Board]) -> None:
    """Boot AP and clients, and wait until the AP has found every client by its name."""
    open_ap(ap)
    for client in clients:
        client.power.on()
    for client in clients:
        client.console.expect("joined", within=JOIN_WITHIN_S)
        ap.console.expect("resolved", within=KNOWN_WITHIN_S, name=hostname(client), ip=address(client))


@pytest.mark.needs(clients=1)
def test_client_finds_the_ap_by_its_name(
    ap: Board, clients: list[Board], measure: Measure, condition: Condition
) -> None:
    (client,) = clients
    open_ap(ap)
    client.power.on()
    found = client.console.expect("resolved", within=JOIN_WITHIN_S, name=f"{AP_NAME}.local")
    assert found.fields["ip"] == AP_IP
    # One look-up sends four queries in 7 s, and the radio may lose the first three or their answers.
    measure("the AP's name", value=int(found.fields["ms"]) / 1000, limit=condition.limit(3, disturbed=7), unit="s")


@pytest.mark.needs(clients=1)
def test_ap_finds_a_client_by_its_name(ap: Board, clients: list[Board], measure: Measure, condition: Condition) -> None:
    (client,) = clients
    boot(ap, clients)
    found = ap.events("resolved")[0]
    assert found.fields["ip"] == address(client)
    limit_s = condition.limit(KNOWN_LIMIT_S, disturbed=KNOWN_WITHIN_S)
    measure("a client known by name", value=found.time_s - client.events("joined")[0].time_s, limit=limit_s, unit="s")


@pytest.mark.needs(clients=3)
def test_clients_find_each_other(ap: Board, clients: list[Board], clock: Clock, timing: Timing) -> None:
    boot(ap, clients)
    expected = {hostname(client): address(client) for client in clients}
    for client in clients:
        for name, ip in expected.items():
            if name != hostname(client):
                client.console.expect("resolved", within=KNOWN_WITHIN_S, name=name, ip=ip)
    clock.sleep(timing["resolve_period_s"])
    for client in clients:
        asked = {event.fields["name"] for event in client.events("resolved") + client.events("unresolved")}
        assert asked == {f"{AP_NAME}.local", *expected} - {hostname(client)}


@pytest.mark.needs(clients=2)
def test_every_board_has_a_name_of_its_own(ap: Board, clients: list[Board]) -> None:
    boot(ap, clients)
    names = [hostname(board) for board in (ap, *clients)]
    assert names == [f"{AP_NAME}.local", *(f"pico-{client.serial[-6:]}.local" for client in clients)]


@pytest.mark.needs(clients=3, probe=True)
def test_the_bench_finds_every_board(
    ap: Board, clients: list[Board], probe: Probe, clock: Clock, measure: Measure
) -> None:
    boot(ap, clients)
    probe.join()
    for board, ip in ((ap, AP_IP), *((client, address(client)) for client in clients)):
        before_s = clock.now()
        assert probe.resolve(hostname(board)) == ip
        measure("a name from the bench", value=clock.now() - before_s, limit=3, unit="s")


@pytest.mark.needs(clients=1, probe=True)
def test_nobody_answers_for_names_of_others(ap: Board, clients: list[Board], probe: Probe, clock: Clock) -> None:
    (client,) = clients
    open_ap(ap)
    client.power.on()
    client.console.expect("joined", within=JOIN_WITHIN_S)
    clock.sleep(3)  # until its announcements are over
    for name in ("nobody.local", "PicoW.local", "pico.local"):
        with pytest.raises(WaitTimeout):
            probe.resolve(name, within_s=2)


@pytest.mark.needs(clients=2, probe=True)
def test_a_board_without_power_is_not_found_and_found_again_when_it_is_back(
    ap: Board, clients: list[Board], probe: Probe, measure: Measure, timing: Timing
) -> None:
    first, second = clients
    boot(ap, clients)
    name = hostname(second)
    first.console.expect("resolved", within=KNOWN_WITHIN_S, name=name)
    second.power.off()
    with pytest.raises(WaitTimeout):
        probe.resolve(name, within_s=2)
    ap.console.expect("dropped", within=2 * timing["node_silent_s"], id=short(second))
    first.console.expect("names", within=KNOWN_WITHIN_S, since=first.console.mark(), list=short(first))
    mark = first.console.mark()
    second.power.on()
    second.console.expect("joined", within=JOIN_WITHIN_S)
    with measure("found again", limit=2 * timing["resolve_period_s"], unit="s"):
        first.console.expect("resolved", within=40, since=mark, name=name, ip=address(second))
    assert probe.resolve(name) == address(second)


@pytest.mark.needs(clients=2)
def test_a_board_that_is_gone_is_listed_no_more(
    ap: Board, clients: list[Board], measure: Measure, timing: Timing
) -> None:
    first, second = clients
    boot(ap, clients)
    first.console.expect("names", within=KNOWN_WITHIN_S, list=",".join(listed(ap)))
    with measure("dropped", limit=timing["node_silent_s"] + 1, unit="s"):
        second.power.off()
        ap.console.expect("dropped", within=2 * timing["node_silent_s"], id=short(second), reason="silent")
    first.console.expect("names", within=KNOWN_WITHIN_S, since=first.console.mark(), list=short(first))


@pytest.mark.needs(clients=1)
def test_client_finds_an_ap_that_comes_back(ap: Board, clients: list[Board], measure: Measure) -> None:
    (client,) = clients
    boot(ap, clients)
    mark = client.console.mark()
    ap.power.off()
    client.console.expect("link-lost", within=30, since=mark)
    mark = client.console.mark()
    open_ap(ap)
    with measure("the AP found again", limit=20, unit="s"):
        client.console.expect("resolved", within=30, since=mark, name=f"{AP_NAME}.local", ip=AP_IP)
    ap.console.expect("resolved", within=KNOWN_WITHIN_S, name=hostname(client), ip=address(client))


@pytest.mark.needs(clients=2, probe=True)
def test_who_is_answered_with_the_names_and_registers_nobody(
    ap: Board, clients: list[Board], probe: Probe, clock: Clock
) -> None:
    boot(ap, clients)
    assert sorted(listed(ap)) == sorted(map(short, clients))
    mark = ap.console.mark()
    for _ in range(2):
        assert probe.request(b"WHO", to=AP).data.decode() == "NAMES " + ",".join(listed(ap))
        clock.sleep(2)
    assert ap.console.events("listed", since=mark) == []


@pytest.mark.needs(clients=1, probe=True)
def test_a_name_that_nobody_answers_for_does_not_stop_the_ap(
    ap: Board, clients: list[Board], probe: Probe, clock: Clock
) -> None:
    (client,) = clients
    boot(ap, clients)
    mark = ap.console.mark()
    probe.send(b"HELLO id=nobody", to=AP)
    unknown = ap.console.expect("unresolved", within=GIVE_UP_S + 1, since=mark, name="nobody.local")
    assert 6 <= int(unknown.fields["ms"]) / 1000 <= GIVE_UP_S + 0.1
    clock.sleep(10)
    assert client.serial[-6:] in probe.request(b"WHO", to=AP).data.decode()
    assert [event.fields["id"] for event in ap.console.events("dropped", since=mark)] in ([], ["nobody"])


@pytest.mark.needs(clients=1, probe=True)
def test_a_listed_name_that_nobody_answers_for_is_said(
    ap: Board, clients: list[Board], probe: Probe, timing: Timing
) -> None:
    (client,) = clients
    boot(ap, clients)
    client.console.expect("names", within=KNOWN_WITHIN_S, list=short(client))
    probe.send(b"HELLO id=ghost", to=AP)
    unknown = client.console.expect("unresolved", within=timing["hello_period_s"] + KNOWN_WITHIN_S, name="ghost.local")
    assert int(unknown.fields["ms"]) >= 6000


@pytest.mark.needs(clients=1, probe=True)
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        pytest.param(b"", "unknown", id="empty"),
        pytest.param(b"HELLO", "unknown", id="hello-without-name"),
        pytest.param(b"HELLO id=\xff\xfe", "not-utf8", id="not-utf8"),
        pytest.param(b"HELLO id=a,b", "unknown", id="two-names"),
        pytest.param(b"WHO".ljust(513), "too-long", id="too-long"),
        pytest.param(b"NAMES a,b", "unknown", id="unasked"),
    ],
)
def test_malformed_datagram_does_not_stop_the_ap(
    ap: Board, clients: list[Board], probe: Probe, data: bytes, reason: str
) -> None:
    boot(ap, clients)
    probe.send(data, to=AP)
    ap.console.expect("ignored", within=2, reason=reason, count="1")
    assert probe.request(b"WHO", to=AP).data.startswith(b"NAMES pico-")


@pytest.mark.needs(clients=1, probe=True)
def test_client_believes_only_the_ap(ap: Board, clients: list[Board], probe: Probe, clock: Clock) -> None:
    (client,) = clients
    boot(ap, clients)
    client.console.expect("names", within=KNOWN_WITHIN_S, list=short(client))
    mark = client.console.mark()
    for source_port in (0, AP[1]):
        probe.send(b"NAMES nobody", to=(address(client), PEER_PORT), source_port=source_port)
    client.console.expect("ignored", within=3, count="2", reason="foreign")
    clock.sleep(GIVE_UP_S)
    assert client.console.events("names", since=mark) == []
    assert client.console.events("unresolved", since=mark) == []
