"""The invariants of an AP that takes over, checked from the lines of the firmware alone."""

from collections.abc import Mapping

import pytest

from hil.config.app import FirmwareCatalog
from hil.events import FAULT_BEGIN, FAULT_END, POWER_OFF, POWER_ON, Event, EventPatterns, TimelineEntry
from hil.invariants.invariant import Violation
from tests.exploration.play import FIRMWARE
from tests.exploration.promises import CollectsFirst, OrderKept, Promise, YieldsInTurn

APP = FirmwareCatalog([FIRMWARE]).load("first_boot")
PATTERNS = EventPatterns(APP.events)
NODES = {board.lower(): board for board in "ABCD"}
IPS = {"A": "192.168.4.1", "B": "192.168.4.16", "C": "192.168.4.17", "D": "192.168.4.18"}


class Story:
    """A timeline of four boards, composed in order; the id of board B is ``b``."""

    def __init__(self) -> None:
        self.entries: list[TimelineEntry] = []

    def prints(self, time_s: float, board: str, *lines: str) -> "Story":
        for line in lines:
            events = tuple(PATTERNS.match(time_s, board, line))
            assert events, f"{line!r} means nothing"
            self.entries.append(TimelineEntry(time_s, board, "serial", line, events))
        return self

    def happens(self, time_s: float, board: str, name: str, **fields: str) -> "Story":
        event = Event(time_s, board, name, fields, "")
        self.entries.append(TimelineEntry(time_s, board, "power", name, (event,)))
        return self

    def boots(self, time_s: float, board: str) -> "Story":
        self.happens(time_s, board, POWER_ON)
        return self.prints(time_s + 1, board, f"boot app=first_boot role=node id={board.lower()} cause=1")

    def opens(self, time_s: float, board: str, ip: str = IPS["A"]) -> "Story":
        return self.prints(time_s, board, f"ap-up ssid=PicoAP ip={ip}")

    def joins(self, time_s: float, *boards: str) -> "Story":
        for board in boards:
            self.prints(time_s, board, f"joined ip={IPS[board]} ms=900 tries=1")
        return self

    def believe(self, time_s: float, boards: str, epoch: int, order: str) -> "Story":
        listed = ",".join(IPS[board] for board in order)
        for board in boards:
            self.prints(time_s, board, f"roles epoch={epoch} order={listed}")
        return self

    def keeps(self, time_s: float, keeper: str, epoch: int, order: str) -> "Story":
        nodes = ",".join(f"{board.lower()}@{IPS[board]}" for board in order)
        return self.prints(time_s, keeper, f"order epoch={epoch} nodes={nodes}")

    def violations(self, promise: type[Promise], timing: Mapping[str, float] = APP.timing) -> list[Violation]:
        judge = promise(NODES, timing)
        for entry in self.entries:
            judge.see(entry)
        return judge.violations


@pytest.fixture
def settled() -> Story:
    """A is the AP and not a member, as in the app `roles`; B, C and D are its order in epoch 3."""
    story = Story()
    for board in "ABCD":
        story.boots(0, board)
    return story.opens(2, "A").joins(5, *"BCD").keeps(9, "A", 3, "BCD").believe(9.1, "BCD", 3, "BCD")


@pytest.fixture
def restarted(settled: Story) -> Story:
    """A has lost power and is back at 30 s; all clients have noticed, and have rejoined by 38 s."""
    for board in "BCD":
        settled.prints(26, board, "link-lost")
    return settled.happens(21, "A", POWER_OFF).boots(28, "A").opens(30, "A").joins(36, "C").joins(38, "B", "D")


class TestOrderKept:
    @pytest.mark.parametrize(("order", "found"), [("BCD", 0), ("CD", 0), ("B", 0), ("BDC", 1), ("DB", 1), ("DCB", 3)])
    def test_ap_that_restarts_lists_nodes_that_remember_in_their_order(
        self, restarted: Story, order: str, found: int
    ) -> None:
        assert len(restarted.keeps(42, "A", 4, order).violations(OrderKept)) == found

    def test_the_proof_has_the_remembered_places(self, restarted: Story) -> None:
        [violation] = restarted.keeps(42, "A", 4, "BDC").violations(OrderKept)
        assert violation.text == "A lists D before C, which were the other way round"
        told = [(entry.time_s, entry.source) for entry in violation.proof]
        assert told == [(9.1, "D"), (9.1, "C"), (30, "A"), (42, "A")]

    @pytest.mark.parametrize(("order", "found"), [("BCD", 0), ("CBD", 1)])
    def test_another_ap_lists_them_in_the_same_order(self, settled: Story, order: str, found: int) -> None:
        story = settled.happens(21, "A", POWER_OFF).opens(33, "B").keeps(42, "B", 4, order)
        assert len(story.violations(OrderKept)) == found

    @pytest.mark.parametrize(("order", "found"), [("BCD", 0), ("BDC", 1), ("DBC", 2)])
    def test_nodes_that_have_forgotten_are_behind_those_that_remember(
        self, settled: Story, order: str, found: int
    ) -> None:
        settled.happens(21, "A", POWER_OFF).happens(21, "D", POWER_OFF).boots(22, "D").boots(28, "A").opens(30, "A")
        assert len(settled.keeps(42, "A", 4, order).violations(OrderKept)) == found

    def test_a_node_that_forgets_while_the_ap_collects_is_not_checked(self, restarted: Story) -> None:
        assert restarted.happens(40, "D", POWER_OFF).keeps(42, "A", 4, "DBC").violations(OrderKept) == []

    def test_a_node_that_was_dropped_meanwhile_is_last(self, restarted: Story) -> None:
        story = restarted.keeps(42, "A", 4, "BCD").believe(42.1, "BCD", 4, "BCD").keeps(60, "A", 5, "BD")
        assert story.keeps(61, "A", 5, "BDC").violations(OrderKept) == []

    def test_of_two_clusters_that_merge_the_remaining_one_keeps_its_order(self, settled: Story) -> None:
        # B and D cannot hear A and C for a while; D, which was behind C, is then before it.
        story = settled.opens(33, "B").keeps(42, "B", 4, "BD").believe(42.1, "BD", 4, "BD")
        story.keeps(43, "A", 5, "C").believe(43.1, "C", 5, "C").prints(90, "A", "ap-down reason=rival").joins(92, "C")
        assert story.keeps(93, "B", 6, "BDC").violations(OrderKept) == []

    @pytest.mark.parametrize(("order", "found"), [("DBC", 0), ("BDC", 1)])
    def test_highest_epoch_is_first(self, settled: Story, order: str, found: int) -> None:
        settled.keeps(15, "A", 5, "DBC").believe(15.1, "D", 5, "DBC").happens(16, "A", POWER_OFF)
        assert len(settled.boots(18, "A").opens(20, "A").keeps(30, "A", 6, order).violations(OrderKept)) == found

    @pytest.mark.parametrize(("order", "found"), [("CDB", 0), ("BCD", 2)])
    def test_a_node_that_learns_that_it_is_not_listed_is_a_newcomer(
        self, settled: Story, order: str, found: int
    ) -> None:
        settled.prints(20, "B", "role role=NONE epoch=3 reason=not-listed").happens(21, "A", POWER_OFF)
        assert len(settled.boots(28, "A").opens(30, "A").keeps(42, "A", 4, order).violations(OrderKept)) == found

    @pytest.mark.parametrize(
        ("orders", "found"),
        [
            pytest.param(("BD", "BCD"), 0, id="back-in-its-place"),
            pytest.param(("BD", "BDC"), 1, id="behind-one-that-was-behind-it"),
            pytest.param(("D", "DC"), 0, id="not-before-the-first"),
            pytest.param(("CD", "CDB"), 0, id="old-master-is-the-last"),
            pytest.param(("B", "BD", "BCD"), 0, id="one-after-the-other"),
            pytest.param(("B", "BD", "BDC"), 1, id="one-after-the-other-as-they-came"),
        ],
    )
    def test_late_nodes(self, restarted: Story, orders: tuple[str, ...], found: int) -> None:
        for number, order in enumerate(orders):
            restarted.keeps(42 + number, "A", 4 + number, order)
        assert len(restarted.violations(OrderKept)) == found


class TestCollectsFirst:
    @pytest.mark.parametrize(("time_s", "found"), [(34.0, 0), (33.9, 1)])
    def test_it_registers_no_node_for_four_seconds(self, time_s: float, found: int) -> None:
        story = Story().boots(28, "A").opens(30, "A").boots(30, "B").joins(32, "B").keeps(time_s, "A", 1, "B")
        assert len(story.violations(CollectsFirst)) == found

    @pytest.mark.parametrize(("time_s", "found"), [(40.0, 0), (39.9, 1)])
    def test_time_counts_from_the_first_node_that_remembers(self, restarted: Story, time_s: float, found: int) -> None:
        assert len(restarted.keeps(time_s, "A", 4, "C").violations(CollectsFirst)) == found

    def test_a_node_that_has_not_noticed_its_absence_may_return_at_once(self, settled: Story) -> None:
        settled.boots(21, "A").opens(23, "A").prints(24, "C", "link-lost").joins(26, "C")
        assert settled.keeps(27, "A", 4, "BC").violations(CollectsFirst) == []

    @pytest.mark.parametrize(("time_s", "found"), [(40.0, 0), (39.9, 1)])
    def test_the_first_node_may_have_forgotten_meanwhile(self, restarted: Story, time_s: float, found: int) -> None:
        story = restarted.happens(39, "C", POWER_OFF).keeps(time_s, "A", 4, "BD")
        assert len(story.violations(CollectsFirst)) == found

    def test_empty_and_later_orders_are_not_checked(self, restarted: Story) -> None:
        story = restarted.prints(31, "A", "order epoch=0 nodes=").keeps(42, "A", 4, "B").keeps(42.1, "A", 4, "BC")
        assert story.violations(CollectsFirst) == []


class TestYieldsInTurn:
    @pytest.fixture
    def met(self, settled: Story) -> Story:
        """A hears another AP at 100."""
        return settled.prints(100, "A", "rival bssid=28:cd:c1:00:00:05")

    @pytest.mark.parametrize(("time_s", "found"), [(150.0, 0), (149.9, 1), (100.0, 1)])
    def test_an_ap_with_stations_waits_for_fifty_seconds(self, met: Story, time_s: float, found: int) -> None:
        violations = met.prints(time_s, "A", "ap-down reason=rival").violations(YieldsInTurn)
        assert len(violations) == found
        assert all("its stations: B, C, D" in violation.text for violation in violations)

    @pytest.mark.parametrize(("time_s", "found"), [(120.0, 0), (119.9, 1)])
    def test_an_ap_that_has_lost_its_stations_waits_for_twenty_seconds(
        self, met: Story, time_s: float, found: int
    ) -> None:
        met.prints(101, "B", "link-lost").prints(101, "C", "link-lost").happens(101, "D", POWER_OFF)
        assert len(met.prints(time_s, "A", "ap-down reason=rival").violations(YieldsInTurn)) == found

    @pytest.mark.parametrize(("ended_s", "found"), [(101.0, 1), (115.0, 0)])
    def test_after_a_fault_it_may_have_lost_stations_unnoticed(self, met: Story, ended_s: float, found: int) -> None:
        met.happens(80, "air", FAULT_BEGIN, fault="loss").happens(ended_s, "air", FAULT_END, fault="loss")
        assert len(met.prints(130, "A", "ap-down reason=rival").violations(YieldsInTurn)) == found

    def test_an_ap_that_does_not_rule_yet_closes_at_once(self) -> None:
        story = Story().boots(0, "A").opens(5, "A").prints(8, "A", "rival bssid=28:cd:c1:00:00:05")
        assert story.prints(8, "A", "ap-down reason=rival").violations(YieldsInTurn) == []

    def test_an_ap_that_is_off_the_air_does_not_wait(self, met: Story) -> None:
        assert met.prints(101, "A", "ap-down reason=off-air").violations(YieldsInTurn) == []
