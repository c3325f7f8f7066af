"""What a probe says and hears is on the timeline."""

from hil.events import Timeline
from hil.probes.recorded import RecordedProbe
from tests.probes.conftest import MakeProbe
from tests.probes.test_on_the_air import AP, answer_all
from tests.virtual.air.conftest import RadioWorld, udp_on


def test_traffic_is_on_the_timeline_at_its_time(net: RadioWorld, make_probe: MakeProbe) -> None:
    timeline = Timeline()
    server = net.access_point()
    answer_all(net, udp_on(server, 5000))
    probe = RecordedProbe(make_probe(), net.clock, timeline)
    answer = probe.request(b"who", (AP, 5000))
    probe.leave()
    entries = [(entry.kind, entry.text) for entry in timeline.entries()]
    assert entries == [
        ("probe", "joined, address 192.168.4.16"),
        ("probe", f"asks {AP}:5000 'who'"),
        ("probe", f"hears from {AP}:5000 'WHO'"),
        ("probe", "leaves"),
    ]
    assert timeline.entries()[2].time_s == answer.time_s


def test_what_a_listener_heard_is_recorded_and_long_data_is_cut(net: RadioWorld, make_probe: MakeProbe) -> None:
    timeline = Timeline()
    server = net.access_point()
    probe = RecordedProbe(make_probe(), net.clock, timeline)
    with probe.listen(6000) as listener:
        udp_on(server, 5000).send_to(b"x" * 200, (probe.address, 6000))
        listener.receive(within_s=1)
    assert timeline.entries()[-1].text == f"hears from {AP}:5000 {'x' * 120!r} and 80 bytes more"


def test_a_name_that_was_asked_for_is_recorded(net: RadioWorld, make_probe: MakeProbe) -> None:
    timeline = Timeline()
    net.access_point()
    net.run(2)
    assert RecordedProbe(make_probe(), net.clock, timeline).resolve("PicoW.local") == AP
    assert [entry.text for entry in timeline.entries()][1:] == [
        "asks for the address of PicoW.local",
        f"hears that PicoW.local is {AP}",
    ]
