from collections.abc import Callable

import pytest

from tests.virtual.port.bench import Board

ACCESS_POINT = """
import network, socket, time
network.hostname('hub')
ap = network.WLAN(network.AP_IF)
ap.config(ssid='net', key='secret123')
ap.active(True)
"""
STATION = """
import network, socket, time
sta = network.WLAN(network.STA_IF)
sta.active(True)
sta.connect('net', 'secret123')
for _ in range(200):
    if sta.isconnected():
        break
    time.sleep_ms(50)
"""
UDP = "u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"


@pytest.fixture
def hub(new_board: Callable[..., Board]) -> Board:
    board = new_board()
    assert board.run(ACCESS_POINT) == ""
    return board


@pytest.fixture
def station(hub: Board, new_board: Callable[..., Board]) -> Board:
    board = new_board()
    assert board.run(STATION) == ""
    return board


def test_a_station_joins_and_gets_a_lease(hub: Board, station: Board) -> None:
    assert station.run("print(sta.status(), sta.ifconfig())") == (
        "3 ('192.168.4.16', '255.255.255.0', '192.168.4.1', '192.168.4.1')\n"
    )
    assert hub.run("print(ap.isconnected(), ap.status('stations'), ap.ifconfig())") == (
        "True [(b'(\\xcd\\xc1\\x00\\x00\\x02',)] ('192.168.4.1', '255.255.255.0', '192.168.4.1', '0.0.0.0')\n"
    )


def test_a_scan_finds_networks(hub: Board, new_board: Callable[..., Board]) -> None:
    assert new_board().run("import network\nw = network.WLAN()\nw.active(True)\nprint(w.scan())") == (
        "[(b'net', b'(\\xcd\\xc1\\x00\\x00\\x01', 3, -40, 5, 1)]\n"
    )


@pytest.mark.parametrize(("ssid", "key", "status"), [("net", "wrong0000", -3), ("nowhere", "secret123", -2)])
def test_a_join_that_fails_says_why(hub: Board, station: Board, ssid: str, key: str, status: int) -> None:
    source = f"sta.disconnect()\nsta.connect('{ssid}', '{key}')\ntime.sleep(1)\nprint(sta.status())"
    assert station.run(source) == f"{status}\n"


def test_tcp_echoes(hub: Board, station: Board) -> None:
    hub.begin(
        "s = socket.socket()\ns.bind(('0.0.0.0', 80))\ns.listen(1)\nc, a = s.accept()\nn = 0\n"
        "while True:\n d = c.recv(1000)\n if not d: break\n n += len(d)\n c.write(d)\nprint(a[0], n)"
    )
    source = """
s = socket.socket()
s.connect(('192.168.4.1', 80))
for i in range(50):
    d = b'%d;' % i * 50
    s.write(d)
    got = b''
    while len(got) < len(d):
        got += s.recv(900)
    assert got == d
s.close()
"""
    assert station.run(source) == ""
    assert hub.end() == "192.168.4.16 7000\n"


def test_udp_keeps_four_datagrams(hub: Board, station: Board) -> None:
    hub.run(UDP + "u.bind(('0.0.0.0', 5000))")
    station.run(
        UDP
        # ARP keeps one packet for an address that it does not know yet: the first is not one of those that count.
        + "u.sendto(b'', ('192.168.4.1', 9))\ntime.sleep(.1)\n"
        "for i in range(6): u.sendto(b'%d' % i, ('192.168.4.1', 5000))\ntime.sleep(.1)"
    )
    source = "u.settimeout(.5)\nl = []\ntry:\n while True: l.append(u.recv(9))\nexcept OSError as e: print(e, l)"
    assert hub.run(source) == "[Errno 110] ETIMEDOUT [b'0', b'1', b'2', b'3']\n"


def test_udp_multicast(hub: Board, station: Board) -> None:
    group = "import struct\ngroup = bytes((239, 1, 2, 3)) + bytes((192, 168, 4, 1))\n"
    hub.begin(
        group + UDP + "u.bind(('0.0.0.0', 6000))\nu.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)\n"
        "print(u.recvfrom(9))"
    )
    station.run(UDP + "time.sleep(.2)\nu.sendto(b'all', ('239.1.2.3', 6000))")
    assert hub.end().startswith("(b'all', ('192.168.4.16', ")


def test_mdns_names_resolve(hub: Board, station: Board) -> None:
    assert station.run("time.sleep(2)\nprint(socket.getaddrinfo('hub.local', 80)[0][4])") == "('192.168.4.1', 80)\n"


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("s = socket.socket()\ns.settimeout(2)\ns.connect(('192.168.4.99', 80))", "OSError: [Errno 110] ETIMEDOUT\n"),
        ("s = socket.socket()\ns.connect(('192.168.4.1', 81))", "OSError: [Errno 104] ECONNRESET\n"),
        (
            "import select\np = select.poll()\ns = socket.socket()\np.register(s)\nprint(p.poll(0)[0][1])",
            "20\n",
        ),
        (UDP + "u.bind(('', 5000))\nu.sendto(b'x', ('192.168.4.1', 5000))", "OSError: [Errno 22] EINVAL\n"),
        ("print(sta.ipconfig('addr4'))", "('192.168.4.16', '255.255.255.0')\n"),
        ("sta.connect('net', 'secret123', security=0)\ntime.sleep(3)\nprint(sta.status())", "3\n"),
        ("sta.config('nosuch')", "ValueError: unknown config param\n"),
    ],
)
def test_findings(hub: Board, station: Board, source: str, printed: str) -> None:
    assert station.run(source, 60).endswith(printed)


@pytest.mark.parametrize(
    ("source", "printed"),
    [
        ("import socket\nsocket.getaddrinfo('example.com', 80)", "OSError: -6\n"),
        ("import network\nprint(network.WLAN(1).ifconfig())", "('0.0.0.0', '0.0.0.0', '0.0.0.0', '0.0.0.0')\n"),
        ("import network\nnetwork.WLAN(0).connect('x')", "OSError: [Errno 1] EPERM\n"),
        (ACCESS_POINT + "socket.getaddrinfo('example.com', 80)", "OSError: -6\n"),
    ],
)
def test_findings_of_a_board_alone(board: Board, source: str, printed: str) -> None:
    assert board.run(source, 60).endswith(printed)


def test_the_dhcp_server_keeps_the_address_it_was_started_with(hub: Board, new_board: Callable[..., Board]) -> None:
    hub.run("ap.ifconfig(('10.10.10.1', '255.255.255.0', '10.10.10.1', '10.10.10.1'))")
    station = new_board()
    station.run(STATION)
    assert station.run("print(sta.ifconfig()[0], sta.ifconfig()[2])") == "192.168.4.16 192.168.4.1\n"


def test_an_idle_socket_costs_nothing(hub: Board, station: Board) -> None:
    hub.begin("s = socket.socket()\ns.bind(('0.0.0.0', 80))\ns.listen(1)\ns.accept()")
    before = hub.chip.fuel_used
    hub.world.run(hub.world.now_us + 10_000_000)
    assert (hub.chip.fuel_used - before) / 10 < 200_000
