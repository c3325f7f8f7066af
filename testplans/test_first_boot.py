"""App first_boot: no fixed AP. Whoever boots first becomes it, and when it dies the next in order does.

The invariants watch in every test that at no instant two boards hold MASTER.
"""

from collections.abc import Callable, Mapping, Sequence

import pytest

from hil.board import Board
from hil.clock import Clock
from hil.cluster import Cluster
from hil.faults.injector import FaultInjector
from hil.fixtures.measure import Measure
from hil.invariants.watch import InvariantWatch

pytestmark = pytest.mark.firmware("first_boot")

AP_IP = "192.168.4.1"
ALONE_LIMIT_S = 25.0
"""From power-on of a lone board until it is AP and MASTER."""
JOIN_LIMIT_S = 20.0
"""From power-on of a board until it is registered, with an AP that rules."""
FORMATION_LIMIT_S = 60.0
"""From power-on of several boards at once until there is one AP and all have their roles."""
SUCCESSION_LIMIT_S = 35.0
"""From the AP's death until the rest of the cluster is whole again; TURN_S more for each of the next that died too."""
TURN_S = 4.0
FAILOVER_LIMIT_S = 9.0
"""From the death of a MASTER that is not the AP until the next is MASTER; an AP that looks around is 2.5 s later."""
MERGE_LIMIT_S = 90.0
"""From the moment two APs that rule hear each other until there is one, and all have their roles."""
SETTLE_S = 10.0

Order = Sequence[Board]


def roles(order: Order) -> Mapping[Board, str]:
    return {board: f"WORKER{place}" if place else "MASTER" for place, board in enumerate(order)}


def access_points(boards: Mapping[str, Board]) -> list[Board]:
    """The boards whose AP is up, as they said themselves."""
    found = []
    for board in boards.values():
        said = [event.name for event in board.console.events() if event.name in ("boot", "ap-up", "ap-down")]
        if board.power.is_on and said[-1:] == ["ap-up"]:
            found.append(board)
    return found


def address(board: Board) -> str:
    """Where a board is, as it said itself."""
    latest = [event for event in board.console.events() if event.name in ("joined", "ap-up")][-1]
    return latest.fields["ip"]


def believed(board: Board) -> tuple[str, str]:
    """Epoch and order of all, as a board last printed them."""
    said = board.events("roles")
    return (said[-1].fields["epoch"], said[-1].fields["order"]) if said else ("", "")


@pytest.fixture
def whole(boards: Mapping[str, Board], cluster: Cluster, clock: Clock) -> Callable[[Order | None, float], list[Board]]:
    """Call it to wait until all boards with power are one cluster, in that order if one is given; returns the order."""

    def is_whole() -> bool:
        powered = {board for board in boards.values() if board.power.is_on}
        order = cluster.order
        if len(access_points(boards)) != 1 or set(order) != powered or cluster.roles != roles(order):
            return False
        expected = str(cluster.epoch), ",".join(address(board) for board in order)
        return all(believed(board) == expected for board in order)

    def wait(order: Order | None, within: float) -> list[Board]:
        started_s = clock.now()
        clock.wait(is_whole, within)
        if order is not None:
            cluster.wait(order=order, roles=roles(order), within=max(0.0, within - (clock.now() - started_s)))
        assert len(access_points(boards)) == 1, "not one AP"
        assert is_whole(), f"not one cluster: order {cluster.order}, roles {cluster.roles}"
        return cluster.order

    return wait


Whole = Callable[[Order | None, float], list[Board]]


def boot_one_by_one(order: Order) -> None:
    first, *others = order
    first.power.on()
    first.console.expect("role", within=ALONE_LIMIT_S, role="MASTER")
    for board in others:
        board.power.on()
        board.console.expect("registered", within=JOIN_LIMIT_S)


@pytest.mark.needs(clients=1)
def test_a_lone_board_becomes_the_ap_and_master(boards: Mapping[str, Board], whole: Whole, measure: Measure) -> None:
    board, _ = boards.values()
    with measure("alone: AP and MASTER", limit=ALONE_LIMIT_S, unit="s"):
        board.power.on()
        whole([board], ALONE_LIMIT_S + 5)


@pytest.mark.needs(clients=3)
@pytest.mark.parametrize("names", ["ABCD", "DCBA", "CADB"])
def test_order_of_boot_decides_who_is_ap_and_order_of_roles(
    boards: Mapping[str, Board], whole: Whole, names: str
) -> None:
    order = [list(boards.values())["ABCD".index(name)] for name in names]
    boot_one_by_one(order)
    whole(order, SETTLE_S)
    assert access_points(boards) == [order[0]]
    assert address(order[0]) == AP_IP


@pytest.mark.needs(clients=3)
@pytest.mark.parametrize("count", [2, 4])
def test_boards_that_boot_at_once_end_with_one_ap(
    boards: Mapping[str, Board], whole: Whole, clock: Clock, measure: Measure, count: int
) -> None:
    together = list(boards.values())[:count]
    with measure(f"{count} at once: one AP, all roles", limit=FORMATION_LIMIT_S, unit="s"):
        for board in together:
            board.power.on()
        order = whole(None, FORMATION_LIMIT_S + 10)
    # It stays so.
    clock.sleep(SETTLE_S)
    assert whole(order, 0.0) == order


@pytest.mark.needs(clients=3, faults=("partition",))
@pytest.mark.parametrize("count", [2, 4])
def test_aps_opened_at_once_end_as_one(
    boards: Mapping[str, Board], whole: Whole, clock: Clock, faults: FaultInjector, measure: Measure, count: int
) -> None:
    together = list(boards.values())[:count]
    # What is rare by chance: each finds no other before it opens its own. None rules so soon.
    with faults.partition(*([board] for board in together)):
        for board in together:
            board.power.on()
        clock.wait(lambda: len(access_points(boards)) == count, ALONE_LIMIT_S)
        assert access_points(boards) == together
        assert [board for board in together if board.events("role")] == []
    with measure(f"{count} APs at once: one cluster", limit=FORMATION_LIMIT_S, unit="s"):
        whole(None, FORMATION_LIMIT_S + 10)


@pytest.mark.needs(clients=3)
def test_next_in_order_becomes_the_ap_when_it_dies(
    boards: Mapping[str, Board], cluster: Cluster, whole: Whole, measure: Measure
) -> None:
    # The order of boot is not that of the boards.
    first, second, third, fourth = reversed(list(boards.values()))
    boot_one_by_one([first, second, third, fourth])
    whole([first, second, third, fourth], SETTLE_S)
    epoch = cluster.epoch
    with measure("succession: AP, order, roles", limit=SUCCESSION_LIMIT_S, unit="s"):
        first.power.off()
        whole([second, third, fourth], SUCCESSION_LIMIT_S + 10)
    assert access_points(boards) == [second]
    assert cluster.epoch > epoch


@pytest.mark.needs(clients=3)
def test_the_ap_that_died_comes_back_as_the_last(boards: Mapping[str, Board], whole: Whole, clock: Clock) -> None:
    first, second, third, fourth = boards.values()
    boot_one_by_one([first, second, third, fourth])
    first.power.off()
    whole([second, third, fourth], SUCCESSION_LIMIT_S)
    mark = second.console.mark()
    first.power.on()
    whole([second, third, fourth, first], JOIN_LIMIT_S + SETTLE_S)
    clock.sleep(2 * SETTLE_S)
    assert whole([second, third, fourth, first], 0.0)
    assert second.console.events("role", since=mark) == [], "MASTER was disturbed"
    assert access_points(boards) == [second]


@pytest.mark.needs(clients=2)
def test_succession_goes_on_to_the_last_board(boards: Mapping[str, Board], whole: Whole) -> None:
    order = list(boards.values())
    boot_one_by_one(order)
    while len(order) > 1:
        order.pop(0).power.off()
        whole(order, SUCCESSION_LIMIT_S)
        assert access_points(boards) == [order[0]]


@pytest.mark.needs(clients=3)
def test_ap_and_the_next_die_together(boards: Mapping[str, Board], whole: Whole, measure: Measure) -> None:
    first, second, third, fourth = boards.values()
    boot_one_by_one([first, second, third, fourth])
    with measure("succession past a dead board", limit=SUCCESSION_LIMIT_S + TURN_S, unit="s"):
        first.power.off()
        second.power.off()
        whole([third, fourth], SUCCESSION_LIMIT_S + TURN_S + 10)
    assert access_points(boards) == [third]


@pytest.mark.needs(clients=3)
def test_ap_that_restarts_at_once_finds_its_clients_in_their_order(
    boards: Mapping[str, Board], cluster: Cluster, whole: Whole, measure: Measure
) -> None:
    first, second, third, fourth = boards.values()
    boot_one_by_one([first, second, third, fourth])
    epoch = cluster.epoch
    with measure("AP restarted at once", limit=FORMATION_LIMIT_S, unit="s"):
        first.power.cycle()
        # Whether it or the next is AP then depends on who is faster; it has forgotten its place either way.
        whole([second, third, fourth, first], FORMATION_LIMIT_S + 10)
    assert cluster.epoch > epoch


@pytest.mark.needs(clients=2)
def test_ap_that_is_stopped_closes_its_network_in_order(boards: Mapping[str, Board], whole: Whole) -> None:
    first, second, third = boards.values()
    boot_one_by_one([first, second, third])
    mark = second.console.mark()
    with first.repl():
        second.console.expect("link-lost", within=2, since=mark)
    first.power.off()
    whole([second, third], SUCCESSION_LIMIT_S)


@pytest.mark.needs(clients=3)
def test_silent_worker_is_dropped_and_the_ap_goes_on_alone(
    boards: Mapping[str, Board], whole: Whole, clock: Clock
) -> None:
    first, second, third, fourth = boards.values()
    boot_one_by_one([first, second, third, fourth])
    mark = first.console.mark()
    third.power.off()
    whole([first, second, fourth], 20.0)
    second.power.off()
    fourth.power.off()
    whole([first], 20.0)
    clock.sleep(4 * SETTLE_S)
    assert first.console.events("role", since=mark) == [], "MASTER was disturbed"


@pytest.mark.needs(clients=3)
def test_nothing_happens_while_nothing_happens(boards: Mapping[str, Board], whole: Whole, clock: Clock) -> None:
    order = list(boards.values())
    boot_one_by_one(order)
    whole(order, SETTLE_S)
    marks = {board: board.console.mark() for board in order}
    clock.sleep(120)
    for board, mark in marks.items():
        assert board.console.events(since=mark) == []


@pytest.mark.needs(clients=3)
def test_newcomer_that_is_first_to_find_no_ap_becomes_it_behind_the_others(
    boards: Mapping[str, Board], cluster: Cluster, whole: Whole, clock: Clock, measure: Measure
) -> None:
    first, second, third, newcomer = boards.values()
    boot_one_by_one([first, second, third])
    whole([first, second, third], SETTLE_S)
    # The others need 8 s to notice that the AP is gone, and to wait; a board that boots then does not.
    first.power.off()
    newcomer.power.on()
    whole([second, third, newcomer], FORMATION_LIMIT_S)
    assert access_points(boards) == [newcomer]
    # MASTER is not the AP: its lease goes through the air, and lasts while the AP looks for others.
    mark = second.console.mark()
    clock.sleep(60)
    assert second.console.events("role", since=mark) == []
    with measure("failover when the AP lives", limit=FAILOVER_LIMIT_S, unit="s"):
        second.power.off()
        cluster.wait(master=third)
    whole([third, newcomer], SETTLE_S)


@pytest.mark.needs(clients=3, faults=("partition",))
@pytest.mark.parametrize("alone", [0, 3], ids=["ap-cut-off", "last-cut-off"])
def test_two_aps_that_meet_end_as_one(
    boards: Mapping[str, Board],
    whole: Whole,
    clock: Clock,
    faults: FaultInjector,
    invariants: InvariantWatch,
    measure: Measure,
    alone: int,
) -> None:
    order = list(boards.values())
    boot_one_by_one(order)
    whole(order, SETTLE_S)
    others = [board for place, board in enumerate(order) if place != alone]
    # Out of reach of one another there is no telling a dead AP from one that is far: each part has its own.
    with invariants.expect("two-masters"), faults.partition([order[alone]], others):
        clock.wait(lambda: len(access_points(boards)) == 2, FORMATION_LIMIT_S)
        clock.sleep(2 * SETTLE_S)
        assert len(access_points(boards)) == 2
        faults.end_all()
        with measure("two APs that rule meet: one cluster", limit=MERGE_LIMIT_S, unit="s"):
            whole(None, MERGE_LIMIT_S + 10)
    # Whoever has stations keeps them.
    assert access_points(boards) == [others[0]]
    assert whole([*others, order[alone]], 0.0)
