from xml.etree import ElementTree as ET

from hil.events import (
    FAULT_BEGIN,
    FAULT_END,
    MEASURE_BEGIN,
    MEASURE_END,
    NOT_COMPLETED,
    POWER_OFF,
    POWER_ON,
    SERIAL_GONE,
    EntryKind,
    Event,
    TimelineEntry,
)
from hil.report.lanes import Band, Lane, Mark, MeasuredInterval, lanes_of
from hil.report.timeline_picture import timeline_picture

SVG = "{http://www.w3.org/2000/svg}"


def entry(time_s: float, source: str, kind: EntryKind, text: str, *names: str, **fields: str) -> TimelineEntry:
    line = text if kind == "serial" else ""
    return TimelineEntry(time_s, source, kind, text, tuple(Event(time_s, source, name, fields, line) for name in names))


FAILOVER = [
    entry(100, "B", "power", "on", POWER_ON),
    entry(101, "B", "serial", "boot app=roles", "boot", app="roles"),
    entry(102, "B", "serial", "joined ip=192.168.4.16", "joined", ip="192.168.4.16"),
    entry(102.5, "B", "serial", "role role=MASTER", "role", role="MASTER"),
    entry(103, "C", "power", "on", POWER_ON),
    entry(104, "C", "serial", "role role=WORKER1", "role", role="WORKER1"),
    entry(105, "air", "fault", "loss 0.1 begins", FAULT_BEGIN, fault="loss"),
    entry(106, "measure", "measure", "failover begins", MEASURE_BEGIN, measurement="failover", state="begins"),
    entry(106, "B", "link", "disconnected", SERIAL_GONE),
    entry(106, "B", "power", "off", POWER_OFF),
    entry(107, "probe", "probe", "asks 192.168.4.1:5000 'WHO'"),
    entry(107.1, "probe", "probe", "hears from 192.168.4.1:5000 'ROLES'"),
    entry(108, "air", "fault", "loss 0.1 ends", FAULT_END, fault="loss"),
    entry(109, "C", "serial", "error what=OSError", "error", what="OSError"),
    entry(110, "C", "serial", "role role=MASTER", "role", role="MASTER"),
    entry(110, "measure", "measure", "failover ends", MEASURE_END, measurement="failover", state="ends"),
]


def lane(name: str) -> Lane:
    return next(lane for lane in lanes_of(FAILOVER, ["B", "C"], 100, 112).lanes if lane.name == name)


def test_a_board_has_power_program_wifi_and_role_until_its_power_goes() -> None:
    assert set(lane("B").bands) == {
        Band("power", 0, 6, "on"),
        Band("boot", 0, 1, "boots", is_strong=False),
        Band("boot", 1, 6, "roles runs"),
        Band("wifi", 1, 2, "no Wi-Fi yet", is_strong=False),
        Band("wifi", 2, 6, "joined 192.168.4.16"),
        Band("role", 2.5, 6, "MASTER"),
    }
    assert lane("B").marks == (), "the port is closed before the power goes: no trouble"


def test_a_role_lasts_until_the_next_or_the_end() -> None:
    roles = [band for band in lane("C").bands if band.track == "role"]
    assert roles == [Band("role", 4, 10, "WORKER1", is_strong=False), Band("role", 10, 12, "MASTER")]


def test_faults_last_and_traffic_and_trouble_are_marks() -> None:
    assert lane("air").bands == (Band("fault", 5, 8, "loss"),)
    assert [mark.kind for mark in lane("probe").marks] == ["probe-sends", "probe-hears"]
    assert lane("C").marks == (Mark(9, "trouble", "error OSError"),)


def test_the_port_that_a_slow_hub_lets_close_early_is_no_trouble() -> None:
    off = [
        FAILOVER[0],
        entry(101, "B", "link", "disconnected", SERIAL_GONE),
        entry(101.6, "B", "power", "off", POWER_OFF),
    ]
    assert lanes_of(off, ["B"], 100).lanes[0].marks == ()


def test_usb_that_goes_while_power_is_on_is_trouble() -> None:
    gone = [
        FAILOVER[0],
        entry(101, "B", "link", "disconnected", SERIAL_GONE),
        entry(105, "B", "power", "off", POWER_OFF),
    ]
    assert lanes_of(gone, ["B"], 100).lanes[0].marks == (Mark(1, "trouble", "USB gone"),)


def test_measured_intervals_say_how_long_or_that_they_never_ended() -> None:
    assert lanes_of(FAILOVER, ["B", "C"], 100).intervals == (MeasuredInterval("failover", 6, 10),)
    end = entry(108, "measure", "measure", "x", MEASURE_END, measurement="failover", state=NOT_COMPLETED)
    interval = lanes_of([FAILOVER[7], end], [], 100).intervals[0]
    assert interval.label == "failover: not completed"


def test_the_picture_is_svg_that_shows_all_of_it_and_loads_nothing() -> None:
    svg = timeline_picture(lanes_of(FAILOVER, ["B", "C"], 100, 112), "test_<x> & y", "rig two")
    texts = {element.text for element in ET.fromstring(svg).iter(f"{SVG}text")}
    shown = {"test_<x> & y", "rig two", "B", "C", "air", "probe", "MASTER", "WORKER1", "failover  4 s", "error OSError"}
    assert shown <= texts
    assert svg == timeline_picture(lanes_of(FAILOVER, ["B", "C"], 100, 112), "test_<x> & y", "rig two")
    assert svg.replace("http://www.w3.org/2000/svg", "").count("http") == 0


def test_control_characters_of_a_board_do_not_spoil_the_picture() -> None:
    noise = [entry(1, "A", "serial", "error what=\x1b[31m\0", "error", what="\x1b[31m\0\ud800 <&>")]
    svg = timeline_picture(lanes_of(noise, ["A"]), "noise \x07").encode()
    texts = {element.text for element in ET.fromstring(svg).iter(f"{SVG}text")}
    assert {r"error \x1b[31m\x00\ud800 <&>", r"noise \x07"} <= texts


def test_a_flood_of_marks_does_not_flood_the_picture() -> None:
    flood = [entry(index / 1000, "probe", "probe", f"sends {index}") for index in range(20_000)]
    svg = timeline_picture(lanes_of(flood, []), "flood")
    assert len(svg) < 100_000


def test_a_test_in_which_nothing_happened_has_a_picture() -> None:
    ET.fromstring(timeline_picture(lanes_of([], ["A"]), "nothing"))
