"""One test per verdict: on firmware with two bugs (see ``_DEMO_BUGS`` in report/build.py), and a rig with a dead port.

`make report-demo` runs it, to show what a nightly report looks like. See docs/reports.md.
"""

import pytest

from hil import Cluster, Faults, Measure, Probe

pytestmark = pytest.mark.firmware("roles")


@pytest.mark.needs(clients=2)
def test_passes(cluster: Cluster, probe: Probe) -> None:
    first, second = cluster.boot_in_order()
    cluster.wait(roles={first: "MASTER", second: "WORKER1"}, within=6)
    assert probe.request(b"WHO", ("192.168.4.1", 5000)).data


@pytest.mark.needs(clients=2)
def test_product_defect(cluster: Cluster) -> None:
    first, second = cluster.boot_in_order()
    first.power.off()
    cluster.wait(master=second, within=6)


@pytest.mark.needs(clients=2)
def test_limit_exceeded(cluster: Cluster, measure: Measure) -> None:
    first, second = cluster.boot_in_order()
    with measure("failover", limit=6, unit="s"):
        first.power.off()
        cluster.wait(master=second)


@pytest.mark.needs(clients=2, faults=("partition",))
def test_invariant_violated(cluster: Cluster, faults: Faults) -> None:
    first, second = cluster.boot_in_order()
    with faults.partition({cluster.ap}, {first}):
        # The cut-off MASTER does not step down. The test does not check that, but the invariants of every test do.
        second.console.expect("role", role="MASTER", within=12)


@pytest.mark.needs(clients=3)
def test_bench_error(cluster: Cluster) -> None:
    cluster.boot_in_order()


@pytest.mark.needs(clients=3)
def test_blocked(cluster: Cluster) -> None:
    cluster.boot_in_order()
