"""If MASTER fails: the next takes over in time, no board preempts, and at no instant two boards hold MASTER.

The invariants check that last point in every test.
"""

from collections.abc import Callable, Mapping

import pytest

from hil import Board, Clock, Cluster, Condition, Measure, Probe

pytestmark = pytest.mark.firmware("roles")

AP = ("192.168.4.1", 5000)
PEER_PORT = 5001
BOOT_WITHIN_S = 60.0
"""Timeout, not a limit under test: a few tries to join, in case the radio loses many packets."""
FAILOVER_LIMIT_S = 6.0
RADIO_S = 0.5
"""Slack for radio and console, in addition to the app's timing."""


Timing = Mapping[str, float]
Settled = Callable[[], tuple[Board, ...]]
Agreement = Callable[[], None]


@pytest.mark.needs(clients=3)
def test_next_in_order_takes_over(cluster: Cluster, settled: Settled, measure: Measure, condition: Condition) -> None:
    first, second, third = settled()
    epoch = cluster.epoch
    with measure("failover", limit=condition.limit(FAILOVER_LIMIT_S, disturbed=9), unit="s"):
        first.power.off()
        cluster.wait(master=second)
    cluster.wait(roles={second: "MASTER", third: "WORKER1"}, order=[second, third], within=2)
    assert cluster.epoch > epoch


@pytest.mark.needs(clients=2)
def test_only_worker_takes_over(cluster: Cluster, settled: Settled, measure: Measure, condition: Condition) -> None:
    first, second = settled()
    with measure("failover", limit=condition.limit(FAILOVER_LIMIT_S, disturbed=9), unit="s"):
        first.power.off()
        cluster.wait(master=second)
    cluster.wait(order=[second], within=2)


@pytest.mark.needs(clients=3)
def test_all_agree_after_the_failover(cluster: Cluster, settled: Settled, agreement: Agreement) -> None:
    first, second, third = settled()
    first.power.off()
    cluster.wait(master=second)
    cluster.wait(order=[second, third], within=2)
    agreement()


@pytest.mark.needs(clients=3)
def test_old_master_comes_back_as_the_last_worker(
    cluster: Cluster, settled: Settled, clock: Clock, timing: Timing
) -> None:
    first, second, third = settled()
    first.power.off()
    cluster.wait(master=second)
    mark = second.console.mark()
    first.power.on()
    cluster.wait(roles={second: "MASTER", third: "WORKER1", first: "WORKER2"}, within=BOOT_WITHIN_S)
    clock.sleep(timing["worker_silent_s"])
    assert cluster.roles == {second: "MASTER", third: "WORKER1", first: "WORKER2"}
    assert cluster.order == [second, third, first]
    assert second.console.events("role", since=mark) == [], "the new MASTER was disturbed"


@pytest.mark.needs(clients=3)
def test_master_and_first_worker_lost_together(
    cluster: Cluster, settled: Settled, measure: Measure, condition: Condition
) -> None:
    first, second, third = settled()
    limit_s = condition.limit(2 * FAILOVER_LIMIT_S, disturbed=16)
    with measure("failover past a dead worker", limit=limit_s, unit="s"):
        first.power.off()
        second.power.off()
        cluster.wait(master=third, within=limit_s + 3)
    cluster.wait(order=[third], within=2)


@pytest.mark.needs(clients=3)
def test_master_goes_on_without_workers(cluster: Cluster, settled: Settled, clock: Clock, timing: Timing) -> None:
    first, second, third = settled()
    mark = first.console.mark()
    second.power.off()
    third.power.off()
    cluster.wait(order=[first], within=timing["worker_silent_s"] + 5)
    clock.sleep(2 * timing["lease_at_ap_s"])
    assert first.console.events("role", since=mark) == []
    assert cluster.roles == {first: "MASTER"}


@pytest.mark.needs(clients=3)
def test_silent_worker_is_dropped_and_the_others_move_up(
    cluster: Cluster, settled: Settled, measure: Measure, condition: Condition, timing: Timing
) -> None:
    first, second, third = settled()
    mark = first.console.mark()
    with measure("worker dropped", limit=timing["worker_silent_s"] + condition.limit(RADIO_S, disturbed=3), unit="s"):
        second.power.off()
        cluster.wait(roles={first: "MASTER", third: "WORKER1"}, within=timing["worker_silent_s"] + 5)
    cluster.ap.console.expect("dropped", within=2)
    assert cluster.ap.events("dropped")[-1].fields == {"id": second.serial, "reason": "silent"}
    cluster.wait(order=[first, third], within=2)
    assert first.console.events("role", since=mark) == [], "MASTER was disturbed"


@pytest.mark.needs(clients=3)
def test_worker_that_reboots_quickly_keeps_its_place(cluster: Cluster, settled: Settled, timing: Timing) -> None:
    first, second, third = settled()
    mark = second.console.mark()
    second.power.cycle()
    back = second.console.expect("registered", within=BOOT_WITHIN_S, since=mark)
    if back.time_s - mark.time_s > timing["worker_silent_s"] - timing["hello_period_s"]:
        pytest.skip("joining took so long that the AP may have dropped it")
    cluster.wait(roles={first: "MASTER", second: "WORKER1", third: "WORKER2"}, within=5)
    assert cluster.ap.events("dropped") == []


@pytest.mark.needs(clients=3)
def test_master_steps_down_by_itself_when_the_ap_dies(
    cluster: Cluster, settled: Settled, clock: Clock, measure: Measure, timing: Timing
) -> None:
    first, second, third = settled()
    with measure("step-down without AP", limit=timing["lease_s"] + RADIO_S, unit="s"):
        cluster.ap.power.off()
        cluster.wait(master=None)
    assert first.events("role")[-1].fields["reason"] == "lease-expired"
    marks = {client: client.console.mark() for client in (first, second, third)}
    clock.sleep(4 * timing["lease_at_ap_s"])
    for client, mark in marks.items():
        assert [event.line for event in client.console.events("role", since=mark) if "MASTER" in event.line] == []


@pytest.mark.needs(clients=3)
@pytest.mark.parametrize("away_s", [None, 0.0, 8.0], ids=["reset", "power-cycled", "away-for-8-s"])
def test_ap_that_reboots_rebuilds_the_old_order(
    cluster: Cluster,
    settled: Settled,
    agreement: Agreement,
    clock: Clock,
    measure: Measure,
    condition: Condition,
    away_s: float | None,
) -> None:
    # Make the order differ from that of the boards: after a failover the old MASTER is last.
    first, second, third = settled()
    first.power.off()
    cluster.wait(master=second)
    first.power.on()
    cluster.wait(roles={second: "MASTER", third: "WORKER1", first: "WORKER2"}, within=BOOT_WITHIN_S)
    epoch = cluster.epoch
    mark = cluster.ap.console.mark()
    limit_s = condition.limit(40, disturbed=90)
    with measure("AP reset" if away_s is None else f"AP away for {away_s:g} s", limit=limit_s, unit="s"):
        if away_s is None:
            cluster.ap.reset()
        else:
            cluster.ap.power.off()
            clock.sleep(away_s)
            cluster.ap.power.on()
        cluster.ap.console.expect("ap-up", within=BOOT_WITHIN_S, since=mark)
        cluster.wait(order=[second, third, first], within=BOOT_WITHIN_S)
        cluster.wait(roles={second: "MASTER", third: "WORKER1", first: "WORKER2"}, within=BOOT_WITHIN_S)
    assert cluster.epoch > epoch
    agreement()


@pytest.mark.needs(clients=2)
def test_ap_that_starts_grants_nothing_while_it_collects(cluster: Cluster, timing: Timing) -> None:
    first, _ = cluster.boot_in_order()
    cluster.wait(master=first)
    cluster.ap.power.off()
    cluster.wait(master=None)
    mark = first.console.mark()
    cluster.ap.power.on()
    up = cluster.ap.console.expect("ap-up", within=BOOT_WITHIN_S)
    master = first.console.expect("role", within=BOOT_WITHIN_S, since=mark, role="MASTER")
    assert master.time_s - up.time_s >= timing["collect_s"]
    # Joining may take as long as collecting: the AP grants leases once it has an order, even an empty one.
    order = cluster.ap.console.expect("order", within=BOOT_WITHIN_S)
    assert order.time_s - up.time_s >= timing["collect_s"] - RADIO_S


@pytest.mark.needs(clients=3)
def test_epoch_never_falls_on_any_console(cluster: Cluster, settled: Settled, agreement: Agreement) -> None:
    first, second, third = settled()
    cluster.ap.power.cycle()
    cluster.wait(master=None)
    # Workers keep their roles while the AP is away, so all may look as before although one of them is not back in the
    # order yet, and not all have received the new epoch.
    roles = {first: "MASTER", second: "WORKER1", third: "WORKER2"}
    cluster.wait(roles=roles, order=[first, second, third], within=2 * BOOT_WITHIN_S)
    agreement()
    for client in cluster.clients:
        epochs = [int(event.fields["epoch"]) for event in client.events("roles")]
        assert epochs == sorted(epochs)
        assert epochs[-1] > epochs[0]


@pytest.mark.needs(clients=2)
def test_clients_act_on_a_higher_epoch_and_never_on_a_lower_one(
    cluster: Cluster, settled: Settled, clock: Clock
) -> None:
    first, second = settled()
    epoch = cluster.epoch
    first_ip, second_ip = (client.events("joined")[-1].fields["ip"] for client in (first, second))
    swapped = f"{second_ip},{first_ip}"
    mark = second.console.mark()
    # The AP's program is stopped but its radio stays: datagrams come from the AP's address, but not from its program.
    with cluster.ap.repl() as repl:
        repl.exec(
            "import socket\n"
            "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
            f"s.bind(('0.0.0.0', {AP[1]}))\n"
            # Several times, because the radio loses some.
            "def roles(epoch, to):\n"
            f"    for _ in range(5): s.sendto('ROLES %d {swapped}' % epoch, (to, {PEER_PORT}))\n"
        )
        repl.exec(f"roles({epoch - 1}, '{second_ip}')")
        clock.sleep(1)
        assert second.console.events("roles", since=mark) == []
        repl.exec(f"roles({epoch + 5}, '{second_ip}')")
        second.console.expect("roles", within=2, since=mark, epoch=str(epoch + 5), order=swapped)
        repl.exec(f"roles({epoch + 4}, '{second_ip}')\ns.close()")
        clock.sleep(1)
        assert len(second.console.events("roles", since=mark)) == 1
        # Its renewals are not answered: the first in order is not yet MASTER.
        assert cluster.roles.get(second) is None


@pytest.mark.needs(clients=1, probe=True)
def test_master_that_says_bye_leaves_at_once_and_its_lease_runs_out(
    ap: Board, clients: list[Board], probe: Probe, clock: Clock, measure: Measure, condition: Condition, timing: Timing
) -> None:
    (client,) = clients
    ap.power.on()
    ap.console.expect("ap-up", within=BOOT_WITHIN_S)
    ap.console.expect("order", within=timing["collect_s"] + RADIO_S)  # it has finished collecting
    probe.request(b"HELLO id=guest", to=AP)
    client.power.on()
    seq = 0
    while not client.events("registered"):
        assert seq < BOOT_WITHIN_S
        clock.sleep(1)
        seq += 1
        renewed_s = clock.now()
        answer = probe.request(f"RENEW 1 {seq} id=guest".encode(), to=AP).data
        assert answer.split()[-1] == str(seq).encode(), "the lease was not renewed"
    client.console.expect("role", within=2)
    assert client.events("role")[-1].fields["role"] == "WORKER1"
    # Without a lease a renewal that is lost is repeated a RENEW period later.
    limit_s = condition.limit(
        timing["lease_at_ap_s"] + timing["renew_period_s"],
        disturbed=timing["lease_at_ap_s"] + 5 * timing["renew_period_s"],
    )
    with measure("hand-over after BYE", limit=limit_s, unit="s"):
        probe.send(b"BYE id=guest", to=AP)
        ap.console.expect("dropped", within=RADIO_S, id="guest", reason="bye")
        master = client.console.expect("role", within=limit_s + 1, role="MASTER")
    # The guest may act as MASTER until its lease ends, because the age of its BYE is unknown.
    assert master.time_s >= renewed_s + timing["lease_s"]
