"""Events from lines, and the timeline that merges everything by time."""

import re

from hil.events import Event, EventPatterns, Timeline


def test_a_line_becomes_the_event_whose_pattern_it_matches() -> None:
    patterns = EventPatterns({"joined": re.compile(r"^joined ip=(?P<ip>\S+)"), "lost": re.compile(r"^link-lost$")})
    (event,) = patterns.match(1.5, "B", "joined ip=192.168.4.16 ms=2310")
    assert (event.time_s, event.board, event.name) == (1.5, "B", "joined")
    assert event.fields == {"ip": "192.168.4.16"}
    assert event.line == "joined ip=192.168.4.16 ms=2310"
    assert patterns.match(1.5, "B", "now joined ip=192.168.4.16") == []


def test_a_line_may_mean_several_events() -> None:
    patterns = EventPatterns({"role": re.compile(r"^role"), "master": re.compile(r"MASTER")})
    assert [event.name for event in patterns.match(0.0, "B", "role role=MASTER")] == ["role", "master"]


def test_a_group_that_did_not_match_is_not_a_field() -> None:
    patterns = EventPatterns({"role": re.compile(r"^role=(?P<role>\S+)( reason=(?P<reason>\S+))?")})
    assert patterns.match(0.0, "B", "role=MASTER")[0].fields == {"role": "MASTER"}
    assert patterns.match(0.0, "B", "role=NONE reason=x")[0].fields == {"role": "NONE", "reason": "x"}


def test_entries_are_sorted_by_time_then_by_recording() -> None:
    timeline = Timeline()
    timeline.add(2.0, "A", "serial", "later")
    timeline.add(1.0, "B", "power", "first")
    timeline.add(1.0, "A", "serial", "second")
    assert [entry.text for entry in timeline.entries()] == ["first", "second", "later"]


def test_entries_since_a_mark_leave_out_what_was_recorded_before_at_the_same_instant() -> None:
    timeline = Timeline()
    timeline.add(1.0, "A", "power", "off")
    mark = timeline.mark()
    timeline.add(1.0, "A", "power", "on")
    assert [entry.text for entry in timeline.entries(mark)] == ["on"]


def test_time_is_shown_relative_to_the_start_of_the_test() -> None:
    timeline = Timeline()
    assert timeline.time_text(12.3456) == "12.346"
    timeline.begin(100.1)
    assert timeline.time_text(100.3) == "0.200"


def test_an_entry_carries_the_events_that_it_means() -> None:
    timeline = Timeline()
    event = Event(1.0, "A", "power-on", {}, "")
    timeline.add(1.0, "A", "power", "on", [event])
    timeline.add(2.0, "A", "serial", "hm")
    assert [entry.events for entry in timeline.entries()] == [(event,), ()]
    assert timeline.events() == [event]


def test_entries_as_text_are_a_line_each() -> None:
    timeline = Timeline()
    timeline.add(1.0, "probe", "probe", "joined")
    timeline.add(2.0, "A", "serial", "hm")
    assert timeline.text(timeline.entries()) == "     1.000 probe probe  joined\n     2.000 A     serial hm\n"
