"""The test plan of the user who brought these samples."""

import pytest

from hil import Board, Clock, Invariants, Measure, Probe

AP = "192.168.4.1"


@pytest.mark.firmware("udp_echo")
@pytest.mark.needs(clients=2)
def test_udp_echo(ap: Board, clients: list[Board], measure: Measure) -> None:
    ap.power.on()
    ap.console.expect("ap-up", within=15, ip=AP)
    for client in clients:
        client.power.on()
    for client in clients:
        joined = client.console.expect("joined", within=20)
        reply = client.console.expect("reply", within=5, text="HELLO 2", ip=AP)
        measure("echo after joining", value=reply.time_s - joined.time_s, limit=5, unit="s")
        ap.console.expect("request", within=1, text="hello 2", ip=joined.fields["ip"], port="12346")
    assert "Waiting for connection..." in [line.text for line in clients[0].console.lines]
    ap.power.off()
    clients[0].console.expect("no-reply", within=30)


@pytest.mark.firmware("tcp_greeting")
@pytest.mark.needs(clients=2)
def test_tcp_greeting(ap: Board, clients: list[Board]) -> None:
    ap.power.on()
    ap.console.expect("listening", within=15, port="1234")
    for client in clients:
        client.power.on()
    for client in clients:
        ip = client.console.expect("joined", within=20).fields["ip"]
        client.console.expect("greeted", within=10, text=f"Hello from the AP, {ip}")
        ap.console.expect("client-said", within=1, text=f"I am {ip}")


@pytest.mark.firmware("blink_poll")
@pytest.mark.needs(clients=2)
def test_blink_and_poll(ap: Board, clients: list[Board], clock: Clock, invariants: Invariants) -> None:
    first, second = clients
    with invariants.expect("reboot", board=second):  # without an access point it resets itself, and tries again
        second.power.on()
        second.console.expect("join-failed", within=30)
        ap.power.on()
        ap.console.expect("ap-up", within=15)
        first.power.on()
        addresses = [client.console.expect("joined", within=30).fields["ip"] for client in clients]
    for address in addresses:
        ap.console.expect("new", within=5, ip=address)
    assert first.console.expect("temperature", within=2).fields["celsius"] == "27.6"
    mark = ap.console.mark()
    clock.sleep(5)
    assert [int(event.fields["blinks"]) for event in ap.console.events("blinked", since=mark)][-1] >= 10
    assert ap.events("gone") == []
    first.power.off()
    ap.console.expect("gone", within=5, ip=addresses[0])
    assert [first.events("pressed"), second.events("pressed")] == [[], []]


@pytest.mark.firmware("web_server")
@pytest.mark.needs(clients=1, probe=True)
def test_web_server(ap: Board, clients: list[Board], probe: Probe) -> None:
    (client,) = clients
    ap.power.on()
    ap.console.expect("listening", within=15)
    with probe.connect((AP, 80)) as connection:
        connection.send(b"GET / HTTP/1.0\r\n\r\n")
        page = b""
        while part := connection.receive(1000, within_s=5):
            page += part
    assert page.startswith(b"HTTP/1.0 200 OK\r\n")
    assert b"<p>LED is OFF</p>" in page
    client.power.on()
    client.console.expect("requests", within=30, status="200", found="True")
    assert [event.fields["state"] for event in client.events("page")] == ["ON", "OFF"]
    assert [event.fields["state"] for event in ap.events("lamp")] == ["on", "off", "on"]
