"""What only a board probe does: its board is powered, started, watched, and started anew."""

import re
from base64 import b64encode

import pytest

from hil.config.rig import RigConfig
from hil.errors import ProbeError, RecoveryFailed
from hil.events import Timeline
from hil.probes.agent import BoardAgent, CommandFailed
from hil.probes.board import BoardProbe
from hil.report.redaction import Redactor
from hil.rig import Rig
from hil.virtual.bench.bench import VirtualBench
from tests.virtual.air.conftest import KEY, RadioWorld, all_received, udp_on

AP = "192.168.4.1"


def test_the_board_is_powered_when_it_is_first_used_and_not_before(
    board_probe: BoardProbe, net: RadioWorld, bench: VirtualBench
) -> None:
    net.access_point()
    assert not bench.power_port("P").is_on()
    assert board_probe.address == ""
    board_probe.join()
    assert bench.power_port("P").is_on()
    assert board_probe.address == "192.168.4.16"
    board_probe.leave()
    assert bench.power_port("P").is_on()
    board_probe.close()
    assert not bench.power_port("P").is_on()


def test_it_has_a_name_of_its_own_that_no_board_under_test_has(
    board_probe: BoardProbe, net: RadioWorld, rig_config: RigConfig
) -> None:
    net.access_point()
    client = net.client()
    board_probe.join()
    net.run(2)
    lookup = client.look_up(f"hil-probe-{rig_config.wired_boards[1].serial[-6:]}.local")
    assert net.clock.wait(lambda: bool(lookup.address), 2)
    assert lookup.address == board_probe.address


def test_the_key_is_on_no_console_and_in_no_error(board_probe: BoardProbe, net: RadioWorld) -> None:
    net.access_point(key="another1")
    with pytest.raises(ProbeError) as caught:
        board_probe.join()
    assert KEY not in str(caught.value)
    assert net.printed == []


def test_nothing_is_lost_while_the_test_thinks(board_probe: BoardProbe, net: RadioWorld) -> None:
    server = udp_on(net.access_point(), 5000)
    with board_probe.listen(5001) as listener:
        for number in range(200):
            server.send_to(b"%d" % number, (board_probe.address, 5001))
            net.run(0.02)
        assert [datagram.data for datagram in listener.received] == [b"%d" % number for number in range(200)]


def test_what_comes_faster_than_it_can_be_told_is_counted_and_said(board_probe: BoardProbe, net: RadioWorld) -> None:
    server = udp_on(net.access_point(), 5000)

    def flood() -> None:
        with board_probe.listen(5001) as listener:
            for number in range(400):
                server.send_to(b"%d" % number, (board_probe.address, 5001))
                net.run(0.001)
            net.run(2)
            assert 32 < len(listener.received) < 400
            listener.receive(0)

    with pytest.raises(
        ProbeError, match=r"P: the probe agent lost \d+ datagrams, which came faster than its serial line"
    ):
        flood()


def test_a_board_that_lost_power_says_so_and_starts_anew(
    board_probe: BoardProbe, net: RadioWorld, bench: VirtualBench
) -> None:
    server = udp_on(net.access_point(), 5000)

    def lose_power() -> None:
        with board_probe.listen(5001):
            bench.power_port("P").off()
            assert board_probe.address == ""

    with pytest.raises(ProbeError, match="P: the probe agent has stopped while it listened on port 5001"):
        lose_power()
    board_probe.send(b"again", (AP, 5000))
    net.run(0.1)
    assert [data for data, _ in all_received(server)] == [b"again"]


def test_who_waits_for_a_datagram_is_told_at_once_that_the_board_is_gone(
    board_probe: BoardProbe, net: RadioWorld, bench: VirtualBench
) -> None:
    net.access_point()

    def wait() -> None:
        with board_probe.listen(5001) as listener:
            net.world.after(500_000, bench.boards["P"].power_off)
            listener.receive(30)

    started_s = net.now_s
    with pytest.raises(ProbeError, match="P: the probe agent has stopped while it listened on port 5001"):
        wait()
    assert net.now_s - started_s < 30


def test_a_board_that_is_gone_in_the_middle_of_a_command(
    board_probe: BoardProbe, agent: BoardAgent, net: RadioWorld, bench: VirtualBench
) -> None:
    net.access_point()
    board_probe.join()
    net.world.after(500_000, bench.boards["P"].power_off)
    handle = agent.call("connect", "192.168.4.99", 1)
    with pytest.raises(ProbeError, match="has stopped; was the board's power cut, or did it reset"):
        agent.call("connected", handle)


def test_a_command_that_cannot_be_done(board_probe: BoardProbe, agent: BoardAgent, net: RadioWorld) -> None:
    net.access_point()
    board_probe.join()
    with pytest.raises(CommandFailed, match="KeyError"):
        agent.call("read", 99, 1)


def test_an_agent_that_has_died_is_given_up_and_its_board_recovered(
    board_probe: BoardProbe, agent: BoardAgent, net: RadioWorld, timeline: Timeline
) -> None:
    net.access_point()
    board_probe.join()
    agent._link.write(b"\x03")  # another program interrupts the agent
    net.run(0.5)
    with pytest.raises(ProbeError, match=r"P: .* did not answer 'leave' within 5 s; its last line was 'KeyboardInte"):
        board_probe.leave()
    assert agent.starts == 1
    board_probe.join()
    assert (agent.starts, board_probe.address) == (2, "192.168.4.16")
    recovery = [entry.text for entry in timeline.entries() if entry.kind == "recovery"]
    assert re.match(r"needed: the probe agent did not answer 'leave'", recovery[0])
    assert re.match(r"Ctrl-C: helped, after \d", recovery[1])


def test_a_garbled_command_does_not_stop_the_agent(board_probe: BoardProbe, agent: BoardAgent, net: RadioWorld) -> None:
    net.access_point()
    board_probe.join()
    for garbage in (
        b"\n",
        b"[]\n",
        b"[1]\n",
        b'{"a": 1}\n',
        b"\xff\xfe[[[\n",
        b'[7, "no_such"]\n',
        b'[7, "open", "x"]\n',
    ):
        agent._link.write(garbage)
    net.run(0.5)
    assert board_probe.address
    assert agent.call("open", 5001)


def test_lines_that_only_look_like_the_agent_s_are_not_taken_for_them(agent: BoardAgent, timeline: Timeline) -> None:
    reports: list[str] = []
    agent.on_report = lambda _time_s, name, _rest: reports.append(name)
    console = agent.board.console
    # Of the program that was on the flash, between power-on and the agent's start; and garbled ones later.
    console.received(0.0, b'[1, true, 99]\n[0, "wifi", 3, "192.168.4.9"]\n')
    agent.ensure_running()
    for line in (b'"hi"', b'{"t": 21}', b"[0]", b"[1, true]", b'[0, 5, "x"]', b"5", b"null"):
        console.received(0.0, line + b"\n")
    assert agent.call("open", 5001) == 1
    assert reports == []
    assert [line.text for line in console.lines][:2] == ['"hi"', '{"t": 21}']
    assert [entry.text for entry in timeline.entries() if entry.kind == "raw"][-1] == "[1, true, 1]"


def test_a_report_with_fields_that_no_agent_sends_is_an_ordinary_line(board_probe: BoardProbe, net: RadioWorld) -> None:
    net.access_point()
    lines = (
        *('[0, "wifi"]', '[0, "wifi", "3", "192.168.4.9"]', '[0, "udp"]', '[0, "udp", 1, 5]', '[0, "udp", [], "x"]'),
        *('[0, "udp", 1, "a", "192.168.4.1", 5]', '[0, "dropped", 1]', '[0, "failed", 1, "x"]', '[0, "no such", 1]'),
    )
    with board_probe.listen(5001) as listener:
        console = board_probe._agent.board.console
        for line in lines:
            console.received(0.0, f"{line}\n".encode())
        assert [line.text for line in console.lines][-len(lines) :] == list(lines)
        assert listener.received == []
    assert board_probe.address == "192.168.4.16"


def test_a_board_without_a_serial_device_is_quarantined(
    agent: BoardAgent, bench: VirtualBench, net: RadioWorld
) -> None:
    bench.boards["P"].flash.replace("/boot.py", b"while True: pass")
    with pytest.raises(RecoveryFailed, match=r"^P: no serial device 15 s after power-on .*check its cable.*4 attempts"):
        agent.ensure_running()
    assert net.now_s <= 60
    assert not bench.power_port("P").is_on()
    with pytest.raises(RecoveryFailed, match=r"^P: no serial device 15 s after power-on"):
        agent.ensure_running()
    assert net.now_s <= 60


def test_a_board_that_never_gives_its_raw_repl_climbs_the_ladder(
    agent: BoardAgent, bench: VirtualBench, timeline: Timeline
) -> None:
    catches_ctrl_c = b"while True:\n    try:\n        time.sleep(1)\n    except:\n        pass\n"
    unprotected = b"import time\ntry: time.sleep(5)\nexcept: pass\ntime.sleep(0.2)\n"
    bench.boards["P"].flash.replace("/main.py", unprotected + catches_ctrl_c)
    agent.ensure_running()
    assert agent.runs
    recovery = [entry.text.partition(":")[0] for entry in timeline.entries() if entry.kind == "recovery"]
    assert recovery == ["needed", "Ctrl-C", "raw REPL", "hard reset", "power cycle", "interrupt within boot"]


def test_a_board_on_which_the_agent_does_not_start_is_quarantined_with_the_reason(
    agent: BoardAgent, bench: VirtualBench
) -> None:
    # A file hides the built-in module of that name.
    bench.boards["P"].flash.replace("/socket.py", b"raise ImportError('not the real one')")
    with pytest.raises(
        RecoveryFailed, match=r"^P: the probe agent does not start on its MicroPython: ImportError: not the real one \("
    ):
        agent.ensure_running()


def test_the_key_is_not_in_the_log_of_a_board_that_echoes_commands(
    board_probe: BoardProbe, agent: BoardAgent, bench: VirtualBench, net: RadioWorld, timeline: Timeline
) -> None:
    net.access_point()
    board_probe.join()
    # The friendly REPL echoes what it reads: the host sends commands until it notices that the agent has died.
    agent._link.write(b"\x03\x02")
    net.run(0.5)
    agent._link.write(b'[90, "join"]\r\n')
    data = b64encode(b"the key is " + KEY.encode()).decode()
    with pytest.raises(ProbeError, match="did not answer 'send'") as caught:
        agent.call("send", 1, data, AP, 5000)
    agent.ensure_running()
    logged = [entry.text for entry in timeline.entries()]
    assert any("90" in text for text in logged)
    # Data that a test sends is shown as text, in which a secret is redacted.
    assert any(f"the key is {KEY}" in text for text in logged)
    redacted = Redactor([KEY]).redact("\n".join([*logged, str(caught.value)]))
    assert KEY not in redacted
    assert data not in redacted


def test_the_key_is_not_in_the_error_of_an_agent_that_raises_before_it_is_ready(
    agent: BoardAgent, bench: VirtualBench, timeline: Timeline
) -> None:
    # A file hides the built-in module of that name.
    bench.boards["P"].flash.replace("/network.py", b"STA_IF = AP_IF = 0")
    with pytest.raises(
        RecoveryFailed, match=r"^P: the probe agent does not start .*: AttributeError: .*WLAN"
    ) as caught:
        agent.ensure_running()
    assert KEY not in str(caught.value)
    assert not any(KEY in entry.text for entry in timeline.entries())


def test_data_is_in_the_log_as_text_in_which_a_secret_is_redacted(
    board_probe: BoardProbe, net: RadioWorld, timeline: Timeline
) -> None:
    server = udp_on(net.access_point(), 5000)
    with board_probe.listen(5001) as listener:
        server.send_to(KEY.encode(), (board_probe.address, 5001))
        assert listener.receive(1).data == KEY.encode()
    raw = [entry.text for entry in timeline.entries() if entry.kind == "raw"]
    assert [text for text in raw if '"udp"' in text] == [f'[0, "udp", 1, "{KEY}", "{AP}", 5000]']
    assert Redactor([KEY]).redact("\n".join(raw)).count("***") == 1


def test_what_is_on_its_flash_does_not_matter(board_probe: BoardProbe, net: RadioWorld, bench: VirtualBench) -> None:
    net.access_point()
    main = b"import network\nnetwork.WLAN(1).active(True)\nwhile True:\n    print('busy')\n"
    bench.boards["P"].flash.replace("/main.py", main)
    assert board_probe.resolve("PicoW.local") == AP
    assert not bench.boards["P"].radio.access_point.is_active
    assert bench.boards["P"].flash.files["/main.py"]


def test_a_long_datagram_arrives_whole_both_ways(board_probe: BoardProbe, net: RadioWorld) -> None:
    server = udp_on(net.access_point(), 5000)
    data = bytes(index % 256 for index in range(1472))
    with board_probe.listen(5001) as listener:
        board_probe.send(data, (AP, 5000), source_port=5002)
        net.run(0.1)
        assert all_received(server) == [(data, (board_probe.address, 5002))]
        server.send_to(data, (board_probe.address, 5001))
        assert listener.receive(1).data == data
        with pytest.raises(ProbeError, match="longer than 1472 bytes"):
            board_probe.send(data + b"x", (AP, 5000))


def test_much_data_over_tcp(board_probe: BoardProbe, net: RadioWorld) -> None:
    server = net.access_point().tcp_socket()
    server.bind(("0.0.0.0", 1234))
    server.listen()
    data = bytes(index % 256 for index in range(20_000))
    with board_probe.connect((AP, 1234)) as connection:
        net.run(0.1)
        accepted = server.accept()
        assert accepted is not None
        arrived = bytearray()

        def look() -> None:
            arrived.extend(accepted[0].receive(2000) or b"")
            net.world.after(1000, look)

        look()
        connection.send(data)
        net.run(0.5)
        assert bytes(arrived) == data
        rest, back = data, b""
        while len(back) < len(data):
            rest = rest[accepted[0].send(rest) or 0 :]
            back += connection.receive(1000, 2)
        assert back == data


def test_datagrams_arrive_while_a_connection_waits(board_probe: BoardProbe, net: RadioWorld) -> None:
    access_point = net.access_point()
    server = udp_on(access_point, 5000)
    listening = access_point.tcp_socket()
    listening.bind(("0.0.0.0", 1234))
    listening.listen()
    with board_probe.listen(5001) as listener, board_probe.connect((AP, 1234)) as connection:

        def send() -> None:
            server.send_to(b"x", (board_probe.address, 5001))

        net.world.after(300_000, send)
        with pytest.raises(AssertionError, match="sent nothing to the probe"):
            connection.receive(10, 1)
        (datagram,) = listener.received
        assert 0.5 < net.now_s - datagram.time_s < 1


def test_its_board_is_no_board_under_test(rig_config: RigConfig) -> None:
    rig = Rig.open(rig_config)
    assert (list(rig.boards), [client.name for client in rig.clients]) == (["A"], [])
    assert rig.probe is not None
    rig.close()


def test_it_stays_on_from_test_to_test_and_is_off_at_the_end(
    rig_config: RigConfig, bench: VirtualBench, net: RadioWorld
) -> None:
    rig = Rig(rig_config, bench)
    net.access_point()
    assert rig.probe is not None
    rig.probe.join()
    rig.prepare(None, rig.boards.values())
    assert bench.power_port("P").is_on()
    assert rig.probe.address == ""
    rig.close()
    assert not bench.power_port("P").is_on()
