"""``network``, ``socket`` and ``select`` as firmware on real MicroPython sees them."""

from collections.abc import Callable

import pytest

from hil.virtual.air.association import AccessPointSettings
from hil.virtual.air.radio import Radio
from hil.virtual.bench.bench import VirtualBench
from tests.virtual.conftest import Terminal

ACCESS_POINT = """
import network
ap = network.WLAN(network.AP_IF)
ap.config(essid='PicoAP', password='pico1234')
ap.active(True)
while not ap.active():
    pass
"""

STATION = """
import network, time, socket, select, sys
sta = network.WLAN(network.STA_IF)
sta.active(True)
sta.connect('PicoAP', 'pico1234')
while not sta.isconnected():
    time.sleep(1)
print('joined')
"""

UDP_SERVER = """
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('0.0.0.0', 5000))
while True:
    data, sender = s.recvfrom(512)
    s.sendto(b'you said ' + data, sender)
"""

TCP_SERVER = """
import socket
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(('', 1234))
listener.listen(1)
while True:
    s, sender = listener.accept()
    print(sender[0], s.readline())
    s.sendall('first line\\n' + 'x' * 20000)
    s.close()
"""


@pytest.fixture
def bench(open_bench: Callable[..., VirtualBench]) -> VirtualBench:
    return open_bench(2)


def start(bench: VirtualBench, server: str = "") -> tuple[Terminal, Terminal]:
    """An access point that runs ``server``, and a joined client at its prompt."""
    access_point, client = Terminal(bench, "A"), Terminal(bench, "B")
    access_point.boot(main=ACCESS_POINT + server)
    client.boot(main=STATION)
    assert client.wait(lambda: "joined" in client.output and client.output.endswith(">>> "), 10)
    return access_point, client


def test_scan_hears_every_network_of_a_lab(open_bench: Callable[..., VirtualBench]) -> None:
    bench = open_bench()
    radios = [
        Radio(bench.world, bench.air, bytes((2, 0, 0, 0, 0, number)), bench.world.notify, lambda _line: None)
        for number in range(60)
    ]
    for radio in radios:
        radio.power_up()
    bench.clock.sleep(2)
    for number, radio in enumerate(radios):
        radio.access_point.configure(AccessPointSettings(ssid=f"{number:02}" + "ä" * 15, key="pico1234"))
        radio.activate(radio.access_point)
    client = Terminal(bench, "A")
    client.boot()
    client.run("import network; sta = network.WLAN(); sta.active(True)", 2)
    assert client.run("found = sta.scan(); len(found), len(set(found))", 5) == "(60, 60)"
    assert client.run("sorted(r[0] for r in found)[59].decode() == '59' + 15 * '\\xe4'") == "True"


def test_interfaces_have_names_and_addresses(bench: VirtualBench) -> None:
    access_point, client = start(bench)
    assert client.run("print(sta)") == "<CYW43 STA up 192.168.4.16>"
    assert access_point.run("print(ap)") == "<CYW43 AP up 192.168.4.1>"
    assert client.run("sta is network.WLAN() and sta is network.WLAN(network.WLAN.IF_STA)") == "True"
    assert client.run("sta.ifconfig()") == "('192.168.4.16', '255.255.255.0', '192.168.4.1', '192.168.4.1')"
    assert client.run("sta.ipconfig('addr4'), sta.ipconfig('dhcp4')") == "(('192.168.4.16', '255.255.255.0'), True)"
    assert client.run("[r[0] for r in sta.scan()]", 3) == "[b'PicoAP']"
    assert access_point.run("ap.status('stations')[0][0].hex()") == client.run("sta.config('mac').hex()")
    assert "DHCPS: client connected: MAC=" in access_point.output


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("sta.config('password')", "ValueError: unknown config param"),
        ("sta.config(colour=1)", "ValueError: unknown config param"),
        ("sta.status('stations')", "ValueError: AP required"),
        ("sta.status('colour')", "ValueError: unknown status param"),
        ("sta.config()", "TypeError: must query one param"),
        ("network.WLAN(1).connect", ""),
        ("network.hostname('n' * 33)", "ValueError: "),
        ("socket.getaddrinfo('192.168.4.1', 80)", "[(2, 1, 0, '', ('192.168.4.1', 80))]"),
        ("socket.socket().connect(('192.168.4.1', 9))", "OSError: [Errno 104] ECONNRESET"),
        ("socket.socket(2, 2).sendto(b'x', ('nobody', 9))", "ValueError: invalid arguments"),
        ("socket.socket().accept()", "OSError: [Errno 22] EINVAL"),
        ("select.poll().register(3)", "OSError: [Errno 22] EINVAL"),
        ("sta.disconnect(); socket.socket(2, 2).sendto(b'', ('192.168.4.1', 9))", "OSError: [Errno 113] EHOSTUNREACH"),
    ],
)
def test_answers_and_errors(bench: VirtualBench, line: str, answer: str) -> None:
    _, client = start(bench)
    assert client.run(line).endswith(answer)


@pytest.mark.parametrize(
    "name", ["getsockname", "getpeername", "shutdown", "recv_into", "getsockopt", "gettimeout", "fileno", "__enter__"]
)
def test_sockets_lack_what_they_lack_on_a_pico(bench: VirtualBench, name: str) -> None:
    terminal = Terminal(bench, "A")
    terminal.boot()
    assert terminal.run("import socket") == ""
    assert terminal.run(f"socket.socket.{name}").endswith(
        f"AttributeError: type object 'socket' has no attribute '{name}'"
    )


def test_datagrams_with_and_without_waiting(bench: VirtualBench) -> None:
    _, client = start(bench, UDP_SERVER)
    client.run("s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)")
    assert client.run("s.sendto('hi', ('192.168.4.1', 5000)), s.recvfrom(100)") == (
        "(2, (b'you said hi', ('192.168.4.1', 5000)))"
    )
    client.run("s.settimeout(0.2)")
    assert client.run("s.recv(1)", 1).endswith("OSError: [Errno 110] ETIMEDOUT")
    client.run("s.setblocking(False)")
    assert client.run("s.recv(1)").endswith("OSError: [Errno 11] EAGAIN")
    client.run("p = select.poll(); p.register(s, select.POLLIN); p.register(sys.stdin, select.POLLIN)")
    assert client.run("p.poll(100)") == "[]"
    client.run("s.sendto(bytearray(b'hi'), ('192.168.4.1', 5000))")
    assert client.run("[(o is s, e) for o, e in p.poll(500)]") == "[(True, 1)]"
    assert client.run("select.select([s], [s], [], 1) == ([s], [s], [])") == "True"
    assert client.run("s.close(); s.send(b'')").endswith("OSError: [Errno 9] EBADF")


def test_stream_reads_lines_and_all_the_rest(bench: VirtualBench) -> None:
    access_point, client = start(bench, TCP_SERVER)
    client.run("s = socket.socket(); s.connect(('192.168.4.1', 1234)); s.write(b'a line\\n')")
    assert (
        client.run("s.readline(), s.read(3), len(s.read()), s.recv(5)", 5) == "(b'first line\\n', b'xxx', 19997, b'')"
    )
    assert "192.168.4.16 b'a line\\n'" in access_point.output


def test_soft_reset_keeps_the_link_and_closes_sockets(bench: VirtualBench) -> None:
    access_point, _ = start(bench)
    access_point.run("import socket; s = [socket.socket(2, 2) for _ in range(3)]")
    access_point.pico.flash.replace("/main.py", b"")
    access_point.type("\x04", 1)
    access_point.run("import network, socket")
    assert access_point.run("ap = network.WLAN(1); ap.active(), ap.isconnected(), ap.config('ssid')") == (
        "(True, True, 'PicoAP')"
    )
    assert access_point.run("len([socket.socket(2, 2) for _ in range(3)])") == "3"


def test_setting_the_ssid_of_an_active_access_point_restarts_it(bench: VirtualBench) -> None:
    access_point, _ = start(bench)
    assert access_point.run("ap.isconnected(), ap.config(ssid='PicoAP'), ap.isconnected()") == "(True, None, False)"


def test_control_c_stops_a_program_that_waits_for_a_datagram(bench: VirtualBench) -> None:
    access_point, _ = start(bench, UDP_SERVER)
    assert "KeyboardInterrupt" in access_point.type("\x03")
    assert access_point.run("1 + 1") == "2"


def test_names_are_resolved_over_mdns(bench: VirtualBench) -> None:
    access_point, client = Terminal(bench, "A"), Terminal(bench, "B")
    access_point.boot(main="import network\nnetwork.hostname('pico-ap')\n" + ACCESS_POINT)
    client.boot(main=STATION)
    assert client.wait(lambda: "joined" in client.output and client.output.endswith(">>> "), 10)
    client.sleep(2)
    assert client.run("socket.getaddrinfo('pico-ap.local', 80)") == "[(2, 1, 0, '', ('192.168.4.1', 80))]"
    assert access_point.run("import socket; socket.getaddrinfo('PicoW.local', 80)[0][4][0]") == "'192.168.4.16'"


def test_an_unknown_name_is_given_up_after_seconds(bench: VirtualBench) -> None:
    _, client = start(bench)
    for name in ("nobody.local", "example.com"):
        before_s = client.bench.clock.now()
        client.type(f"socket.getaddrinfo('{name}', 1)\r", 0)
        assert client.wait(lambda: client.output.endswith("OSError: -2\r\n>>> "), 8)
        assert 6 < client.bench.clock.now() - before_s < 7.1
        client.type("\r")
    assert client.run("socket.getaddrinfo('" + "x" * 70 + ".local', 1)").endswith("OSError: -2")


def test_control_c_stops_a_name_lookup(bench: VirtualBench) -> None:
    _, client = start(bench)
    client.type("socket.getaddrinfo('nobody.local', 1)\r", 1)
    assert "KeyboardInterrupt" in client.type("\x03")
