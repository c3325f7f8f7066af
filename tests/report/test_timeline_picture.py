from xml.etree import ElementTree as ET

from hil.cluster.board_state import SILENT_BOOT_S
from hil.events import (
    FAULT_BEGIN,
    FAULT_END,
    MEASURE_BEGIN,
    MEASURE_END,
    NOT_COMPLETED,
    POWER_OFF,
    POWER_ON,
    SERIAL_GONE,
    SERIAL_OPENED,
    EntryKind,
    Event,
    TimelineEntry,
)
from hil.report.lane import Band, Lane, LaneMark, Track
from hil.report.lanes import MeasuredInterval, lanes_of
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


def test_a_board_has_power_program_wifi_and_role_until_its_power_is_cut() -> None:
    assert set(lane("B").bands) == {
        Band(Track.POWER, 0, 6, "on"),
        Band(Track.PROGRAM, 0, 1, "boots", is_strong=False),
        Band(Track.PROGRAM, 1, 6, "roles runs"),
        Band(Track.WIFI, 1, 2, "no Wi-Fi yet", is_strong=False),
        Band(Track.WIFI, 2, 6, "joined 192.168.4.16"),
        Band(Track.ROLE, 2.5, 6, "MASTER"),
    }
    assert lane("B").marks == (), "the port is closed before power is cut: not a problem"


def test_a_role_lasts_until_the_next_or_the_end() -> None:
    roles = [band for band in lane("C").bands if band.track is Track.ROLE]
    assert roles == [Band(Track.ROLE, 4, 10, "WORKER1", is_strong=False), Band(Track.ROLE, 10, 12, "MASTER")]


def test_faults_are_bars_and_traffic_and_problems_are_marks() -> None:
    assert lane("air").bands == (Band(Track.FAULT, 5, 8, "loss"),)
    assert [mark.kind for mark in lane("probe").marks] == ["probe-sends", "probe-hears"]
    assert lane("C").marks == (LaneMark(9, "trouble", "error OSError"),)


def test_a_port_that_closes_early_because_of_a_slow_hub_is_not_a_problem() -> None:
    off = [
        FAILOVER[0],
        entry(101, "B", "link", "disconnected", SERIAL_GONE),
        entry(101.6, "B", "power", "off", POWER_OFF),
    ]
    assert lanes_of(off, ["B"], 100).lanes[0].marks == ()


def test_usb_that_disconnects_while_power_is_on_is_a_problem() -> None:
    gone = [
        FAILOVER[0],
        entry(101, "B", "link", "disconnected", SERIAL_GONE),
        entry(105, "B", "power", "off", POWER_OFF),
    ]
    assert lanes_of(gone, ["B"], 100).lanes[0].marks == (LaneMark(1, "trouble", "USB gone"),)


def test_measured_intervals_show_their_duration_or_that_they_never_ended() -> None:
    assert lanes_of(FAILOVER, ["B", "C"], 100).intervals == (MeasuredInterval("failover", 6, 10),)
    end = entry(108, "measure", "measure", "x", MEASURE_END, measurement="failover", state=NOT_COMPLETED)
    interval = lanes_of([FAILOVER[7], end], [], 100).intervals[0]
    assert interval.label == "failover: not completed"


BANNER = "MicroPython v1.27.0 on 2026-06-02; Raspberry Pi Pico W with RP2040"


def programs(*entries: TimelineEntry, end_s: float = 20) -> list[Band]:
    """The bars of the program of B, which has power from 0 on and an open serial device from 1 on."""
    power = [entry(0, "B", "power", "on", POWER_ON), entry(1, "B", "link", "connected", SERIAL_OPENED)]
    [found] = lanes_of([*power, *entries], ["B"], 0, end_s).lanes
    return [band for band in found.bands if band.track is Track.PROGRAM]


def test_firmware_without_a_boot_event_runs_from_its_first_line() -> None:
    assert programs(entry(2, "B", "serial", "hello")) == [
        Band(Track.PROGRAM, 0, 2, "boots", is_strong=False),
        Band(Track.PROGRAM, 2, 20, "runs"),
    ]


def test_firmware_that_prints_nothing_runs_after_a_moment() -> None:
    assert programs() == [
        Band(Track.PROGRAM, 0, 1 + SILENT_BOOT_S, "boots", is_strong=False),
        Band(Track.PROGRAM, 1 + SILENT_BOOT_S, 20, "runs"),
    ]
    late = programs(entry(15, "B", "serial", "hello"))
    assert late == programs(), "its first line does not change when it began"


def test_a_bar_ends_when_the_program_does() -> None:
    boot = entry(2, "B", "serial", "boot app=roles", "boot", app="roles")
    assert programs(boot, entry(9, "B", "serial", BANNER))[1:] == [Band(Track.PROGRAM, 2, 9, "roles runs")]


def test_a_reset_loop_is_a_broken_bar_with_marks() -> None:
    loop = [
        entry(time_s + delay_s, "B", "link", text, name)
        for time_s in (5, 10, 15)
        for delay_s, text, name in ((0, "disconnected", SERIAL_GONE), (1, "connected", SERIAL_OPENED))
    ]
    lines = [entry(time_s, "B", "serial", "hello") for time_s in (2, 7, 12, 17)]
    bands = programs(*sorted([*loop, *lines], key=lambda one: one.time_s))
    assert [(band.begin_s, band.end_s, band.label, band.is_restart) for band in bands] == [
        (0, 2, "boots", False),
        (2, 5, "runs", False),
        (5, 7, "boots, restart 1", True),
        (7, 10, "runs, restart 1", False),
        (10, 12, "boots, restart 2", True),
        (12, 15, "runs, restart 2", False),
        (15, 17, "boots, restart 3", True),
        (17, 20, "runs, restart 3", False),
    ]


def test_repeated_boots_are_a_broken_bar_with_marks() -> None:
    boots = [entry(time_s, "B", "serial", "boot app=roles", "boot", app="roles") for time_s in (2, 8, 14)]
    lanes = lanes_of([entry(0, "B", "power", "on", POWER_ON), *boots], ["B"], 0, 20)
    bands = [band for band in lanes.lanes[0].bands if band.track is Track.PROGRAM and band.is_strong]
    assert [(band.begin_s, band.is_restart) for band in bands] == [(2, False), (8, True), (14, True)]
    assert lanes.lanes[0].marks == (LaneMark(8, "trouble", "restart 1"), LaneMark(14, "trouble", "restart 2"))
    bars = [
        float(bar.attrib["x"])
        for bar in ET.fromstring(timeline_picture(lanes, "loop")).iter(f"{SVG}rect")
        if "roles runs" in (bar.findtext(f"{SVG}title") or "")
    ]
    ends = [
        float(bar.attrib["x"]) + float(bar.attrib["width"])
        for bar in ET.fromstring(timeline_picture(lanes, "loop")).iter(f"{SVG}rect")
        if "roles runs" in (bar.findtext(f"{SVG}title") or "")
    ]
    assert all(begin > end + 1 for begin, end in zip(bars[1:], ends, strict=False)), "there is a gap between them"


def test_an_access_point_that_closes_is_no_longer_shown_as_up() -> None:
    entries = [
        entry(1, "B", "serial", "ap-up ssid=PicoAP", "ap-up", ssid="PicoAP"),
        entry(4, "B", "serial", "ap-down reason=rival", "ap-down", reason="rival"),
    ]
    assert lanes_of(entries, ["B"], 0, 9).lanes[0].bands == (
        Band(Track.WIFI, 1, 4, "access point PicoAP"),
        Band(Track.WIFI, 4, 9, "access point closed", is_strong=False),
    )


def test_the_picture_is_svg_with_everything_in_it_and_loads_nothing() -> None:
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
