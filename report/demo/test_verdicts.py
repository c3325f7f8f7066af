"""One test per verdict: on firmware whose AP waits 8 s for a MASTER that is dead, and a rig with a dead port.

`make report-demo` runs it: a look at what a report says on the morning after. See docs/reports.md.
"""

import pytest

from hil.cluster import Cluster
from hil.fixtures.measure import Measure
from hil.probes import Probe

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


@pytest.mark.needs(clients=3)
def test_bench_error(cluster: Cluster) -> None:
    cluster.boot_in_order()


@pytest.mark.needs(clients=3)
def test_blocked(cluster: Cluster) -> None:
    cluster.boot_in_order()
