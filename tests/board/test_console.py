"""The console: bytes to lines and events, and waiting for them in rig time."""

import re
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.board.console import Console
from hil.board.line_text import MAX_LINE_BYTES
from hil.clock import MonotonicClock
from hil.errors import WaitTimeout
from hil.events import EventPatterns, Timeline, UnknownEvent
from hil.virtual.bench.clock import VirtualClock
from hil.virtual.world import US_PER_S, World

PATTERNS = EventPatterns({"joined": re.compile(r"^joined ip=(?P<ip>\S+)"), "role": re.compile(r"^role=(?P<role>\S+)")})


class Desk:
    """A console in a world, and a board that is just bytes."""

    def __init__(self) -> None:
        self.world = World(seed=1)
        self.clock = VirtualClock(self.world)
        self.timeline = Timeline()
        self.console = Console("B", self.clock, self.timeline)
        self.console.use(PATTERNS)

    def receive(self, data: bytes) -> None:
        self.console.received(self.clock.now(), data)

    def receive_at(self, time_s: float, data: bytes) -> None:
        self.world.at(round(time_s * US_PER_S), lambda: self.receive(data))

    @property
    def texts(self) -> list[str]:
        return [line.text for line in self.console.lines]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_lines_end_in_lf_or_crlf(desk: Desk) -> None:
    desk.receive(b"one\r\ntwo\n\r\nfour\r\n")
    assert desk.texts == ["one", "two", "", "four"]


@given(st.lists(st.binary(max_size=20), max_size=10), st.data())
def test_chunks_do_not_matter(lines: list[bytes], data: st.DataObject) -> None:
    stream = b"".join(line.replace(b"\n", b"") + b"\n" for line in lines)
    whole, chunked = Desk(), Desk()
    whole.receive(stream)
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        chunked.receive(stream[:size])
        stream = stream[size:]
    assert chunked.texts == whole.texts
    assert len(whole.texts) == len(lines)


def test_a_line_has_the_time_at_which_its_end_arrived(desk: Desk) -> None:
    desk.receive_at(1.0, b"hel")
    desk.receive_at(2.5, b"lo\n")
    desk.clock.sleep(3.0)
    assert desk.console.lines[0].time_s == 2.5


def test_garbage_and_control_characters_are_spelled_out(desk: Desk) -> None:
    desk.receive(b"a\xff\x00\x1b[31mb\tc \xc3\xa4\r\n")
    assert desk.texts == ["a\\xff\\x00\\x1b[31mb\tc ä"]


def test_a_line_that_is_no_utf8_is_kept_but_means_no_event(desk: Desk) -> None:
    desk.receive(b"role=WORK\x99R1\nrole=WORKER1\n")
    assert [line.garbled for line in desk.console.lines] == [True, False]
    assert desk.texts[0] == "role=WORK\\x99R1"
    assert [event.fields["role"] for event in desk.console.events("role")] == ["WORKER1"]


def test_a_character_split_between_chunks_stays_whole(desk: Desk) -> None:
    desk.receive(b"\xc3")
    desk.receive(b"\xa4\n")
    assert desk.texts == ["ä"]


def test_a_line_without_end_is_visible_and_means_nothing_yet(desk: Desk) -> None:
    desk.receive(b"role=WORKER1")
    assert desk.console.unfinished == "role=WORKER1"
    assert desk.console.events("role") == []
    desk.receive(b"2\n")
    assert desk.console.events("role")[0].fields == {"role": "WORKER12"}


def test_a_flood_without_line_end_is_cut_into_lines(desk: Desk) -> None:
    for _ in range(10):
        desk.receive(b"x" * 1000)
    assert desk.texts == ["x" * MAX_LINE_BYTES] * 2
    assert len(desk.console.unfinished) == 10_000 - 2 * MAX_LINE_BYTES


@pytest.mark.parametrize("chunk", [1, 1000, MAX_LINE_BYTES, MAX_LINE_BYTES + 1, 20_000])
def test_a_line_that_is_too_long_is_cut_alike_in_whatever_chunks_it_comes(desk: Desk, chunk: int) -> None:
    stream = b"x" * 10_000 + b"\r\n" + b"y" * MAX_LINE_BYTES + b"\nz\n"
    for start in range(0, len(stream), chunk):
        desk.receive(stream[start : start + chunk])
    lengths = [MAX_LINE_BYTES, MAX_LINE_BYTES, 10_000 - 2 * MAX_LINE_BYTES, MAX_LINE_BYTES, 1]
    assert [len(text) for text in desk.texts] == lengths


def test_a_line_cut_off_by_the_link_is_kept_but_means_no_event(desk: Desk) -> None:
    desk.receive(b"role=WORKER1")
    desk.console.disconnected(desk.clock.now())
    desk.receive(b"2\n")
    assert [(line.text, line.cut_off) for line in desk.console.lines] == [("role=WORKER1", True), ("2", False)]
    assert desk.console.events("role") == []
    with pytest.raises(WaitTimeout):
        desk.console.expect(re.compile("WORKER1"), within=1)


def test_the_timeline_says_where_output_may_be_missing(desk: Desk) -> None:
    desk.console.connected(1.0)
    desk.console.connected(2.0, "the serial device was away")
    seen_from_start, seen_late = desk.timeline.entries()
    assert (seen_from_start.source, seen_from_start.kind, seen_from_start.text) == ("B", "link", "connected")
    assert seen_late.text == "connected; what the board said before may be missing: the serial device was away"


def test_expect_waits_for_an_event_in_rig_time(desk: Desk) -> None:
    desk.receive_at(4.0, b"joined ip=192.168.4.16\n")
    event = desk.console.expect("joined", within=5)
    assert event.fields["ip"] == "192.168.4.16"
    assert desk.clock.now() == event.time_s == 4.0


def test_expect_takes_what_was_said_since_the_board_was_switched_on(desk: Desk) -> None:
    desk.receive(b"role=MASTER\n")
    assert desk.console.expect("role", within=1).fields["role"] == "MASTER"
    desk.console.switched(desk.clock.now(), is_on=False)
    desk.console.switched(desk.clock.now(), is_on=True)
    with pytest.raises(WaitTimeout):
        desk.console.expect("role", within=1)
    assert len(desk.console.events("role")) == 1


def test_expect_since_a_mark_takes_only_what_came_after(desk: Desk) -> None:
    desk.receive(b"role=MASTER\n")
    mark = desk.console.mark()
    desk.receive_at(1.0, b"role=WORKER1\n")
    assert desk.console.expect("role", within=2, since=mark).fields["role"] == "WORKER1"


def test_expect_can_ask_for_fields(desk: Desk) -> None:
    desk.receive(b"role=WORKER1\n")
    desk.receive_at(1.0, b"role=MASTER\n")
    assert desk.console.expect("role", role="MASTER", within=2).time_s == 1.0
    with pytest.raises(WaitTimeout, match="event 'role' role=WORKER9"):
        desk.console.expect("role", role="WORKER9", within=2)


def test_expect_can_look_for_a_regular_expression(desk: Desk) -> None:
    desk.receive_at(1.0, b"free: 1234 bytes\n")
    assert desk.console.expect(re.compile(r"free: (\d+)"), within=2)[1] == "1234"


def test_an_unknown_event_says_which_there_are(desk: Desk) -> None:
    with pytest.raises(UnknownEvent, match=r"'joind'.*joined, role.*re\.compile"):
        desk.console.expect("joind", within=1)


def test_a_timeout_shows_what_was_waited_for_and_the_last_lines_of_that_board(desk: Desk) -> None:
    desk.console.switched(0.0, is_on=True)
    desk.console.connected(0.0)
    for number in range(20):
        desk.receive_at(0.1 * number, f"line {number}\n".encode())
    desk.receive_at(2.0, b"and then")
    with pytest.raises(WaitTimeout) as caught:
        desk.console.expect("role", role="MASTER", within=6)
    text = str(caught.value)
    assert "B: no event 'role' role=MASTER" in text
    assert "within 6 s" in text
    assert "supply on since 0.000 s, serial device connected since 0.000 s" in text
    assert "     1.900  line 19" in text
    assert "line 5\n" in text
    assert "line 4\n" not in text
    assert text.endswith("unfinished  and then")
    assert desk.clock.now() == 6.0


def test_a_timeout_of_a_silent_board_says_that_it_said_nothing(desk: Desk) -> None:
    desk.console.switched(0.0, is_on=False)
    with pytest.raises(WaitTimeout, match=r"supply off since 0.000 s, serial device not opened .*; it printed nothing"):
        desk.console.expect(re.compile("x"), within=1)


def test_clear_forgets_but_the_timeline_keeps(desk: Desk) -> None:
    desk.receive(b"role=MASTER\n")
    desk.console.clear()
    assert desk.console.lines == []
    assert desk.console.events() == []
    assert [entry.text for entry in desk.timeline.entries()] == ["role=MASTER"]
    with pytest.raises(WaitTimeout):
        desk.console.expect("role", within=1)


def test_a_reader_thread_wakes_who_waits() -> None:
    clock = MonotonicClock()
    console = Console("B", clock, Timeline())
    console.use(PATTERNS)
    thread = threading.Timer(0.01, lambda: console.received(clock.now(), b"role=MASTER\n"))
    thread.start()
    assert console.expect("role", within=30).fields == {"role": "MASTER"}
    thread.join()
