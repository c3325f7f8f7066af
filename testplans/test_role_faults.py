"""App roles under faults of the radio, the supply or the serial line: one MASTER at most, and the cluster recovers.

In every test the invariants check that at no instant two boards hold MASTER.
"""

from collections.abc import Callable, Mapping

import pytest

from hil import Board, Clock, Cluster, Condition, Faults, Measure

pytestmark = [pytest.mark.firmware("roles"), pytest.mark.needs(clients=3)]

FAILOVER_LIMIT_S = 6.0
BACK_WITHIN_S = 60.0
"""From the end of a fault until the cluster is complete: a client may just have begun to wait before its next try."""

Timing = Mapping[str, float]
Settled = Callable[[], tuple[Board, ...]]
Agreement = Callable[[], None]


@pytest.mark.needs(faults=("partition",))
def test_master_cut_off_from_the_ap_steps_down_before_the_next_takes_over(
    cluster: Cluster, settled: Settled, faults: Faults, measure: Measure, condition: Condition, timing: Timing
) -> None:
    first, second, third = settled()
    mark = first.console.mark()
    with faults.partition({cluster.ap}, {first}):
        with measure("failover past a cut-off MASTER", limit=condition.limit(FAILOVER_LIMIT_S, disturbed=9), unit="s"):
            cluster.wait(master=second)
        down = first.console.expect("role", within=timing["lease_s"], since=mark, reason="lease-expired")
        assert down.time_s < second.events("role")[-1].time_s
        cluster.wait(order=[second, third])
    cluster.wait(roles={second: "MASTER", third: "WORKER1", first: "WORKER2"}, within=BACK_WITHIN_S)


@pytest.mark.needs(faults=("brown_out",))
def test_brown_out_of_the_ap_costs_the_master_its_lease_and_nobody_their_place(
    cluster: Cluster, settled: Settled, faults: Faults, measure: Measure
) -> None:
    first, second, third = settled()
    with measure("recovery from a brown-out of the AP", limit=BACK_WITHIN_S, unit="s"):
        faults.brown_out(cluster.ap)
        cluster.wait(master=None)
        cluster.wait(roles={first: "MASTER", second: "WORKER1", third: "WORKER2"}, within=BACK_WITHIN_S)


@pytest.mark.needs(faults=("loss",))
def test_cluster_is_whole_again_after_a_minute_of_heavy_loss(
    cluster: Cluster, settled: Settled, agreement: Agreement, faults: Faults, clock: Clock, measure: Measure
) -> None:
    settled()
    with faults.loss(0.8):
        clock.sleep(60)
    with measure("recovery from heavy loss", limit=BACK_WITHIN_S, unit="s"):
        assert clock.wait(lambda: is_complete(cluster), BACK_WITHIN_S)
    agreement()


@pytest.mark.needs(faults=("duplication", "reordering"))
def test_duplicates_and_disorder_change_nothing(settled: Settled, faults: Faults, clock: Clock) -> None:
    clients = settled()
    marks = {client: client.console.mark() for client in clients}
    with faults.duplication(0.5), faults.reordering(0.5):
        clock.sleep(60)
    for client, mark in marks.items():
        assert client.console.events("role", since=mark) == []
        assert client.console.events("roles", since=mark) == []


@pytest.mark.needs(faults=("usb_drop",))
def test_cluster_does_not_depend_on_its_serial_lines(
    cluster: Cluster, settled: Settled, faults: Faults, clock: Clock
) -> None:
    first, second, _ = settled()
    mark = cluster.ap.console.mark()
    with faults.usb_drop(first), faults.usb_drop(second):
        clock.sleep(20)
    assert cluster.ap.console.events("order", since=mark) == []
    first.power.off()
    cluster.wait(master=second)


def test_client_with_a_wrong_key_says_so_and_joins_once_it_is_right(
    cluster: Cluster, settled: Settled, faults: Faults
) -> None:
    first, second, third = settled()
    mark = third.console.mark()
    with faults.wrong_key(third):
        third.console.expect("join-failed", within=20, since=mark, status="-3")
        cluster.wait(roles={first: "MASTER", second: "WORKER1"}, within=20)
    cluster.wait(roles={first: "MASTER", second: "WORKER1", third: "WORKER2"}, within=BACK_WITHIN_S)


def test_client_whose_radio_is_switched_off_is_dropped_and_comes_back(
    cluster: Cluster, settled: Settled, faults: Faults
) -> None:
    first, second, third = settled()
    with faults.radio_off(second):
        cluster.wait(roles={first: "MASTER", third: "WORKER1"}, within=20)
    cluster.wait(roles={first: "MASTER", third: "WORKER1", second: "WORKER2"}, within=BACK_WITHIN_S)


def test_full_flash_stops_nobody(cluster: Cluster, settled: Settled, faults: Faults) -> None:
    first, second, third = settled()
    with faults.full_flash(third):
        cluster.wait(roles={first: "MASTER", second: "WORKER1", third: "WORKER2"}, within=BACK_WITHIN_S)


def test_ap_restart_costs_the_master_its_lease_and_nobody_their_place(
    cluster: Cluster, settled: Settled, faults: Faults, measure: Measure
) -> None:
    first, second, third = settled()
    with measure("recovery from an AP restart", limit=BACK_WITHIN_S, unit="s"):
        faults.ap_restart()
        cluster.wait(master=None)
        cluster.wait(roles={first: "MASTER", second: "WORKER1", third: "WORKER2"}, within=BACK_WITHIN_S)


def is_complete(cluster: Cluster) -> bool:
    """Whether every client is in the order and holds the role of its place, in any order."""
    order = cluster.order
    roles = {client: f"WORKER{rank}" if rank else "MASTER" for rank, client in enumerate(order)}
    return set(order) == set(cluster.clients) and cluster.roles == roles
