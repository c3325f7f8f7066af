"""The cluster: a pure fold over timeline entries, and waiting for a state."""

import re
from functools import reduce

import pytest

from hil.board.board import Board
from hil.cluster.cluster import Cluster
from hil.cluster.cluster_state import ClusterState
from hil.errors import WaitTimeout
from hil.events import POWER_OFF, POWER_ON, STOPPED, Event, EventPatterns, TimelineEntry
from hil.rig import Rig
from hil.virtual.bench.bench import VirtualBench
from hil.virtual.world import US_PER_S


def event(board: str, name: str, time_s: float = 0.0, **fields: str) -> TimelineEntry:
    return TimelineEntry(time_s, board, "note", "", (Event(time_s, board, name, fields, ""),))


def fold(*entries: TimelineEntry) -> ClusterState:
    return reduce(ClusterState.after, entries, ClusterState())


def ids(state: ClusterState) -> list[str]:
    return [node.id for node in state.order]


def test_a_role_is_the_last_one_that_the_board_printed() -> None:
    state = fold(event("B", "role", role="WORKER1"), event("B", "role", 2.0, role="MASTER"))
    assert state.roles == {"B": "MASTER"}
    assert state.masters == ("B",)


def test_none_is_not_a_role() -> None:
    assert fold(event("B", "role", role="MASTER"), event("B", "role", role="NONE")).roles == {}


def test_a_board_without_power_or_stopped_or_at_its_start_has_no_role() -> None:
    held = [event("B", "role", role="MASTER"), event("C", "role", role="WORKER1")]
    ends = (POWER_OFF, POWER_ON, STOPPED, "boot")
    for end in (*(event("B", name) for name in ends), event("B", "boot", id="bb")):
        assert fold(*held, end).roles == {"C": "WORKER1"}


def test_two_masters_are_both_shown() -> None:
    assert fold(event("B", "role", role="MASTER"), event("C", "role", role="MASTER")).masters == ("B", "C")


def test_the_order_is_the_latest_of_the_ap() -> None:
    state = fold(
        event("A", "order", epoch="1", nodes="bb@192.168.4.16"),
        event("A", "order", epoch="2", nodes="cc@192.168.4.17,bb@192.168.4.16"),
    )
    assert ids(state) == ["cc", "bb"]
    assert state.epoch == 2


def test_an_empty_order_has_no_nodes() -> None:
    assert fold(event("A", "order", epoch="2", nodes="")).order == ()


def test_an_ap_that_died_has_no_order_but_its_epoch_is_remembered() -> None:
    state = fold(event("A", "order", epoch="3", nodes="bb@192.168.4.16"), event("A", POWER_OFF))
    assert state.order == ()
    assert state.epoch == 3


def test_a_client_that_died_leaves_the_order_to_the_ap() -> None:
    state = fold(event("A", "order", epoch="1", nodes="bb@192.168.4.16"), event("B", POWER_OFF))
    assert ids(state) == ["bb"]


def test_a_board_is_known_by_the_id_it_booted_with() -> None:
    assert fold(event("B", "boot", id="bb"), event("C", "boot", id="cc")).nodes == {"bb": "B", "cc": "C"}


def test_other_events_change_nothing() -> None:
    state = fold(event("B", "role", role="MASTER"))
    assert state.after(event("B", "listed", nodes="cc@192.168.4.17")) is state


PATTERNS = EventPatterns(
    {
        "boot": re.compile(r"^boot id=(?P<id>\S+)"),
        "ap-up": re.compile("^ap-up"),
        "registered": re.compile("^registered"),
        "role": re.compile(r"^role=(?P<role>\S+)"),
        "order": re.compile(r"^order epoch=(?P<epoch>\d+) nodes=(?P<nodes>\S*)"),
    }
)


class Table:
    """Boards without firmware: the test feeds their consoles."""

    def __init__(self, rig: Rig, bench: VirtualBench) -> None:
        self.rig = rig
        self._bench = bench
        self.a, self.b, self.c = rig.boards.values()
        for board in rig.boards.values():
            board.console.use(PATTERNS)
        self.cluster = Cluster(self.a, [self.b, self.c], rig.clock, rig.timeline)

    def print_line(self, board: Board, line: str, at_s: float = 0.0) -> None:
        """Let ``board`` print ``line``; a time that has passed means now."""

        def inject() -> None:
            board.console.received(self.rig.clock.now(), line.encode() + b"\n")

        if at_s > self.rig.clock.now():
            self._bench.world.at(round(at_s * US_PER_S), inject)
        else:
            inject()


@pytest.fixture
def table(virtual_rig: Rig, virtual_bench: VirtualBench) -> Table:
    return Table(virtual_rig, virtual_bench)


def test_wait_returns_as_soon_as_it_holds(table: Table) -> None:
    table.print_line(table.b, "role=WORKER1")
    table.print_line(table.b, "role=MASTER", at_s=4.0)
    table.cluster.wait(master=table.b, roles={table.b: "MASTER"})
    assert table.rig.clock.now() == 4.0
    assert table.cluster.master is table.b


def test_roles_are_complete(table: Table) -> None:
    table.print_line(table.b, "role=MASTER")
    table.print_line(table.c, "role=WORKER1")
    with pytest.raises(WaitTimeout):
        table.cluster.wait(roles={table.b: "MASTER"})


def test_wait_for_no_board(table: Table) -> None:
    table.b.power.on()
    table.print_line(table.b, "role=MASTER")
    assert table.cluster.master is table.b
    table.b.power.off()
    table.cluster.wait(master=None, within=0)


def test_order_names_boards_by_the_id_they_booted_with_or_that_of_the_rig_file(table: Table) -> None:
    table.print_line(table.b, "boot id=bb")
    table.print_line(
        table.a, f"order epoch=2 nodes={table.c.serial}@192.168.4.17,bb@192.168.4.16,stranger@192.168.4.18"
    )
    assert table.cluster.order == [table.c, table.b]
    assert table.cluster.epoch == 2


def test_a_timeout_shows_what_differs_and_the_last_line_of_each_board(table: Table) -> None:
    table.print_line(table.b, "role=WORKER1", at_s=1.5)
    table.print_line(table.a, f"order epoch=3 nodes={table.c.serial}@192.168.4.17", at_s=2.0)
    with pytest.raises(WaitTimeout) as caught:
        table.cluster.wait(master=table.c, roles={table.c: "MASTER"}, order=[table.c, table.b], within=6)
    assert str(caught.value).splitlines() == [
        "the cluster did not reach this state within 6 s, since 0.000 s",
        "  master: expected C, is None",
        "  roles: expected C MASTER, are B WORKER1",
        "  order: expected [C, B], is [C]",
        "Order: [C], epoch 3 (reported by A). Each board:",
        f"  A: no role; last line at 2.000 s: order epoch=3 nodes={table.c.serial}@192.168.4.17",
        "  B: WORKER1 since 1.500 s; last line at 1.500 s: role=WORKER1",
        "  C: no role; it printed nothing",
    ]


def test_events_before_the_cluster_do_not_count(table: Table) -> None:
    table.print_line(table.b, "role=MASTER")
    later = Cluster(table.a, [table.b, table.c], table.rig.clock, table.rig.timeline)
    assert later.roles == {}


def test_boot_in_order_waits_for_each_before_the_next(table: Table) -> None:
    # The line feed ends the line of the prompt that a board without firmware shows.
    table.print_line(table.a, "\nap-up", at_s=3.0)
    table.print_line(table.b, "\nregistered", at_s=7.0)
    table.print_line(table.c, "\nregistered", at_s=12.0)
    assert table.cluster.boot_in_order() == (table.b, table.c)
    switched = [(event.board, event.time_s) for event in table.rig.timeline.events() if event.name == POWER_ON]
    assert switched == [("A", 0.0), ("B", 3.0), ("C", 7.0)]
