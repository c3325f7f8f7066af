"""App first_boot: no fixed AP. The first board to boot becomes the AP, and when it dies the next in order does.

In every test the invariants check that at no instant two boards hold MASTER.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pytest

from hil import Board, Clock, Cluster, Condition, Faults, Invariants, Measure

pytestmark = pytest.mark.firmware("first_boot")

AP_IP = "192.168.4.1"
SETTLE_S = 10.0

Timing = Mapping[str, float]
Order = Sequence[Board]


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits in this run's condition, in seconds."""

    alone_s: float
    """From power-on of a single board until it is AP and MASTER."""
    join_s: float
    """From power-on of a board until it is registered with an AP that rules."""
    formation_s: float
    """From power-on of several boards at once until there is one AP and all have their roles."""
    succession_s: float
    """From the AP's death until the remaining cluster is complete; `turn_s` more for each board that died with it."""
    failover_s: float
    """From the death of a MASTER that is not the AP until there is another; a look of the AP at the air adds 2.5 s."""
    dropped_s: float
    """From the death of a worker until all agree on the order without it: 15 s of silence, and a look at the air."""
    merge_s: float
    """From the moment two APs that rule hear each other until there is one, and all have their roles."""
    goodbye_s: float
    """From the orderly end of an AP until its clients have noticed."""


@pytest.fixture
def limits(condition: Condition) -> Limits:
    """The limits in clear air, and what a radio that loses packets adds.

    A board that joins requests an address, and again 2, 6 and 14 s later. After three consecutive losses the try is
    given up at 15 s: rare for one board, but the plan has a hundred joins, and two such tries take 40 s. The radio
    sends its deauthentication once; if that is lost, the missing beacons are noticed after 5 s.
    """
    return Limits(
        alone_s=25,
        join_s=condition.limit(20, disturbed=60),
        formation_s=condition.limit(60, disturbed=100),
        succession_s=condition.limit(35, disturbed=75),
        failover_s=condition.limit(9, disturbed=12),
        dropped_s=condition.limit(20, disturbed=25),
        merge_s=condition.limit(90, disturbed=130),
        goodbye_s=condition.limit(2, disturbed=7),
    )


def roles(order: Order) -> Mapping[Board, str]:
    return {board: f"WORKER{place}" if place else "MASTER" for place, board in enumerate(order)}


def access_points(boards: Mapping[str, Board]) -> list[Board]:
    """The boards whose AP is up, according to their own lines."""
    found = []
    for board in boards.values():
        said = [event.name for event in board.console.events() if event.name in ("boot", "ap-up", "ap-down")]
        if board.power.is_on and said[-1:] == ["ap-up"]:
            found.append(board)
    return found


def address(board: Board) -> str:
    """The address of a board, as it printed it."""
    latest = [event for event in board.console.events() if event.name in ("joined", "ap-up")][-1]
    return latest.fields["ip"]


def believed(board: Board) -> tuple[str, str]:
    """Epoch and order, as a board last printed them."""
    said = board.events("roles")
    return (said[-1].fields["epoch"], said[-1].fields["order"]) if said else ("", "")


@pytest.fixture
def wait_complete(
    boards: Mapping[str, Board], cluster: Cluster, clock: Clock
) -> Callable[[Order | None, float], list[Board]]:
    """Call it to wait until all boards with power are one cluster, in that order if one is given; returns the order."""

    def is_complete() -> bool:
        powered = {board for board in boards.values() if board.power.is_on}
        order = cluster.order
        if len(access_points(boards)) != 1 or set(order) != powered or cluster.roles != roles(order):
            return False
        expected = str(cluster.epoch), ",".join(address(board) for board in order)
        return all(believed(board) == expected for board in order)

    def wait(order: Order | None, within: float) -> list[Board]:
        started_s = clock.now()
        clock.wait(is_complete, within)
        if order is not None:
            cluster.wait(order=order, roles=roles(order), within=max(0.0, within - (clock.now() - started_s)))
        assert len(access_points(boards)) == 1, "not one AP"
        assert is_complete(), f"not one cluster: order {cluster.order}, roles {cluster.roles}"
        return cluster.order

    return wait


WaitComplete = Callable[[Order | None, float], list[Board]]


@pytest.fixture
def boot_one_by_one(limits: Limits) -> Callable[[Order], None]:
    """Call it to switch on one board after the other: the first until it is MASTER, each other until registered."""

    def boot(order: Order) -> None:
        first, *others = order
        first.power.on()
        first.console.expect("role", within=limits.alone_s, role="MASTER")
        for board in others:
            board.power.on()
            board.console.expect("registered", within=limits.join_s)

    return boot


BootOneByOne = Callable[[Order], None]


@pytest.mark.needs(clients=1)
def test_a_lone_board_becomes_the_ap_and_master(
    boards: Mapping[str, Board], wait_complete: WaitComplete, measure: Measure, limits: Limits
) -> None:
    board, _ = boards.values()
    with measure("alone: AP and MASTER", limit=limits.alone_s, unit="s"):
        board.power.on()
        wait_complete([board], limits.alone_s + 5)


@pytest.mark.needs(clients=3)
@pytest.mark.parametrize("names", ["ABCD", "DCBA", "CADB"])
def test_order_of_boot_decides_who_is_ap_and_order_of_roles(
    boards: Mapping[str, Board], wait_complete: WaitComplete, names: str, boot_one_by_one: BootOneByOne
) -> None:
    order = [list(boards.values())["ABCD".index(name)] for name in names]
    boot_one_by_one(order)
    wait_complete(order, SETTLE_S)
    assert access_points(boards) == [order[0]]
    assert address(order[0]) == AP_IP


@pytest.mark.needs(clients=3)
@pytest.mark.parametrize("count", [2, 4])
def test_boards_that_boot_at_once_end_with_one_ap(
    boards: Mapping[str, Board], wait_complete: WaitComplete, clock: Clock, measure: Measure, count: int, limits: Limits
) -> None:
    together = list(boards.values())[:count]
    with measure(f"{count} at once: one AP, all roles", limit=limits.formation_s, unit="s"):
        for board in together:
            board.power.on()
        order = wait_complete(None, limits.formation_s + 10)
    # It stays like that.
    clock.sleep(SETTLE_S)
    assert wait_complete(order, 0.0) == order


@pytest.mark.needs(clients=3, faults=("partition",))
@pytest.mark.parametrize("count", [2, 4])
def test_aps_opened_at_once_end_as_one(
    boards: Mapping[str, Board],
    wait_complete: WaitComplete,
    clock: Clock,
    faults: Faults,
    measure: Measure,
    count: int,
    limits: Limits,
) -> None:
    together = list(boards.values())[:count]
    # Forces a rare case: no board finds another before it opens its own AP. None of them rules so early.
    with faults.partition(*([board] for board in together)):
        for board in together:
            board.power.on()
        clock.wait(lambda: len(access_points(boards)) == count, limits.alone_s)
        assert access_points(boards) == together
        assert [board for board in together if board.events("role")] == []
    with measure(f"{count} APs at once: one cluster", limit=limits.formation_s, unit="s"):
        wait_complete(None, limits.formation_s + 10)


@pytest.mark.needs(clients=3)
def test_next_in_order_becomes_the_ap_when_it_dies(
    boards: Mapping[str, Board],
    cluster: Cluster,
    wait_complete: WaitComplete,
    measure: Measure,
    boot_one_by_one: BootOneByOne,
    limits: Limits,
) -> None:
    # The boot order differs from the order of the boards.
    first, second, third, fourth = reversed(list(boards.values()))
    boot_one_by_one([first, second, third, fourth])
    wait_complete([first, second, third, fourth], SETTLE_S)
    epoch = cluster.epoch
    with measure("succession: AP, order, roles", limit=limits.succession_s, unit="s"):
        first.power.off()
        wait_complete([second, third, fourth], limits.succession_s + 10)
    assert access_points(boards) == [second]
    assert cluster.epoch > epoch


@pytest.mark.needs(clients=3)
def test_the_ap_that_died_comes_back_as_the_last(
    boards: Mapping[str, Board],
    wait_complete: WaitComplete,
    clock: Clock,
    boot_one_by_one: BootOneByOne,
    limits: Limits,
) -> None:
    first, second, third, fourth = boards.values()
    boot_one_by_one([first, second, third, fourth])
    first.power.off()
    wait_complete([second, third, fourth], limits.succession_s)
    mark = second.console.mark()
    first.power.on()
    wait_complete([second, third, fourth, first], limits.join_s + SETTLE_S)
    clock.sleep(2 * SETTLE_S)
    assert wait_complete([second, third, fourth, first], 0.0)
    assert second.console.events("role", since=mark) == [], "MASTER was disturbed"
    assert access_points(boards) == [second]


@pytest.mark.needs(clients=2)
def test_succession_goes_on_to_the_last_board(
    boards: Mapping[str, Board], wait_complete: WaitComplete, boot_one_by_one: BootOneByOne, limits: Limits
) -> None:
    order = list(boards.values())
    boot_one_by_one(order)
    while len(order) > 1:
        order.pop(0).power.off()
        wait_complete(order, limits.succession_s)
        assert access_points(boards) == [order[0]]


@pytest.mark.needs(clients=3)
def test_ap_and_the_next_die_together(
    boards: Mapping[str, Board],
    wait_complete: WaitComplete,
    measure: Measure,
    boot_one_by_one: BootOneByOne,
    limits: Limits,
    timing: Timing,
) -> None:
    first, second, third, fourth = boards.values()
    boot_one_by_one([first, second, third, fourth])
    with measure("succession past a dead board", limit=limits.succession_s + timing["turn_s"], unit="s"):
        first.power.off()
        second.power.off()
        wait_complete([third, fourth], limits.succession_s + timing["turn_s"] + 10)
    assert access_points(boards) == [third]


@pytest.mark.needs(clients=3)
def test_ap_that_restarts_at_once_finds_its_clients_in_their_order(
    boards: Mapping[str, Board],
    cluster: Cluster,
    wait_complete: WaitComplete,
    measure: Measure,
    boot_one_by_one: BootOneByOne,
    limits: Limits,
    condition: Condition,
) -> None:
    first, second, third, fourth = boards.values()
    boot_one_by_one([first, second, third, fourth])
    epoch = cluster.epoch
    with measure("AP restarted at once", limit=limits.formation_s, unit="s"):
        first.power.cycle()
        # Whether it or the next one is AP then depends on which is faster; it has forgotten its place in both cases.
        # A board that should be MASTER, but is late because the radio lost its requests for an address, does not
        # preempt.
        wait_complete([second, third, fourth, first] if condition.is_clear else None, limits.formation_s + 10)
    assert cluster.epoch > epoch


@pytest.mark.needs(clients=2)
def test_ap_that_is_stopped_closes_its_network_in_order(
    boards: Mapping[str, Board], wait_complete: WaitComplete, boot_one_by_one: BootOneByOne, limits: Limits
) -> None:
    first, second, third = boards.values()
    boot_one_by_one([first, second, third])
    mark = second.console.mark()
    with first.repl():
        second.console.expect("link-lost", within=limits.goodbye_s, since=mark)
    first.power.off()
    wait_complete([second, third], limits.succession_s)


@pytest.mark.needs(clients=3)
def test_silent_worker_is_dropped_and_the_ap_goes_on_alone(
    boards: Mapping[str, Board],
    wait_complete: WaitComplete,
    clock: Clock,
    boot_one_by_one: BootOneByOne,
    limits: Limits,
) -> None:
    first, second, third, fourth = boards.values()
    boot_one_by_one([first, second, third, fourth])
    mark = first.console.mark()
    third.power.off()
    wait_complete([first, second, fourth], limits.dropped_s)
    second.power.off()
    fourth.power.off()
    wait_complete([first], limits.dropped_s)
    clock.sleep(4 * SETTLE_S)
    assert first.console.events("role", since=mark) == [], "MASTER was disturbed"


@pytest.mark.needs(clients=3)
def test_nothing_happens_while_nothing_happens(
    boards: Mapping[str, Board], wait_complete: WaitComplete, clock: Clock, boot_one_by_one: BootOneByOne
) -> None:
    order = list(boards.values())
    boot_one_by_one(order)
    wait_complete(order, SETTLE_S)
    marks = {board: board.console.mark() for board in order}
    clock.sleep(120)
    for board, mark in marks.items():
        assert board.console.events(since=mark) == []


@pytest.mark.needs(clients=3)
def test_newcomer_that_is_first_to_find_no_ap_becomes_it_behind_the_others(
    boards: Mapping[str, Board],
    cluster: Cluster,
    wait_complete: WaitComplete,
    clock: Clock,
    measure: Measure,
    boot_one_by_one: BootOneByOne,
    limits: Limits,
    condition: Condition,
) -> None:
    first, second, third, newcomer = boards.values()
    boot_one_by_one([first, second, third])
    wait_complete([first, second, third], SETTLE_S)
    # The others need 8 s to notice that the AP is gone, and to wait their turn. A board that boots then does not.
    first.power.off()
    newcomer.power.on()
    # As above: with lost requests for an address the third may register before the second.
    order = wait_complete([second, third, newcomer] if condition.is_clear else None, limits.formation_s)
    assert access_points(boards) == [newcomer]
    master, following, _ = order
    # MASTER is not the AP: its lease is renewed over the air, and lasts while the AP looks for others.
    mark = master.console.mark()
    clock.sleep(60)
    assert master.console.events("role", since=mark) == []
    with measure("failover when the AP lives", limit=limits.failover_s, unit="s"):
        master.power.off()
        cluster.wait(master=following)
    wait_complete([following, newcomer], SETTLE_S)


@pytest.mark.needs(clients=3, faults=("partition",))
def test_ap_does_not_leave_its_clients_at_the_sight_of_another(
    boards: Mapping[str, Board],
    wait_complete: WaitComplete,
    clock: Clock,
    faults: Faults,
    invariants: Invariants,
    timing: Timing,
    boot_one_by_one: BootOneByOne,
    limits: Limits,
) -> None:
    order = list(boards.values())
    boot_one_by_one(order)
    wait_complete(order, SETTLE_S)
    with invariants.expect("two-masters"), faults.partition(order[:2], order[2:]):
        clock.wait(lambda: len(access_points(boards)) == 2, limits.formation_s)
        clock.sleep(2 * SETTLE_S)
        both = access_points(boards)
        assert len(both) == 2
        faults.end_all()
        # Both have clients, so both have looked by then, and each waits for the other to close.
        clock.sleep(timing["look_period_s"])
        assert access_points(boards) == both
        wait_complete(None, limits.merge_s + 10)
    assert access_points(boards)[0] in both


@pytest.mark.needs(clients=3, faults=("partition",))
@pytest.mark.parametrize("alone", [0, 3], ids=["ap-cut-off", "last-cut-off"])
def test_two_aps_that_meet_end_as_one(
    boards: Mapping[str, Board],
    wait_complete: WaitComplete,
    clock: Clock,
    faults: Faults,
    invariants: Invariants,
    measure: Measure,
    alone: int,
    boot_one_by_one: BootOneByOne,
    limits: Limits,
) -> None:
    order = list(boards.values())
    boot_one_by_one(order)
    wait_complete(order, SETTLE_S)
    others = [board for place, board in enumerate(order) if place != alone]
    # A dead AP and one out of reach cannot be distinguished: each part has its own.
    with invariants.expect("two-masters"), faults.partition([order[alone]], others):
        clock.wait(lambda: len(access_points(boards)) == 2, limits.formation_s)
        clock.sleep(2 * SETTLE_S)
        assert len(access_points(boards)) == 2
        faults.end_all()
        with measure("two APs that rule meet: one cluster", limit=limits.merge_s, unit="s"):
            wait_complete(None, limits.merge_s + 10)
    # The AP with stations keeps them.
    assert access_points(boards) == [others[0]]
    assert wait_complete([*others, order[alone]], 0.0)
