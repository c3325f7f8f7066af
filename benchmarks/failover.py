"""Failover time over many seeds: from the power cut of MASTER until the next board reports that it is MASTER.

``python benchmarks/failover.py --seeds 500 --plot docs/failover.svg`` prints a table and plots the distribution, in
clear air and with 10 % loss and 50 ms latency. Each seed is a separate world with the bench, boards and cluster of the
test plans, and with invariants checked. Power is cut at a random time within the protocol's longest period. The exit
status is 1 if any seed exceeded the limit or violated an invariant.
"""

import argparse
import math
import os
import random
import statistics
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from rich.console import Console
from rich.table import Table

from hil.cluster.cluster import Cluster
from hil.config.app import FirmwareCatalog
from hil.config.rig import load_rig
from hil.errors import HilError
from hil.faults.condition import Condition
from hil.invariants.registry import all_invariants
from hil.invariants.watch import Invariants
from hil.rig import Rig

ROOT = Path(__file__).parent.parent
HELLO_PERIOD_S = 5.0
"""The longest period of app roles: a cut within it can hit every phase of HELLO, renewal and answer."""
SETTLE_WITHIN_S = 60.0
PATIENCE_S = 30.0
"""Timeout of a failover. Above the limits, so that slow failovers are measured."""

INK = "#757c86"
"""Of text and axes: legible on light and dark pages, as the background is transparent."""
BARS, MARKS, LIMIT = "#3987e5", "#199e70", "#d9583b"
MARK_PLACES = ((0.8, "right"), (0.9, "left"), (0.8, "left"))
"""Height and side of the labels for median, percentile and worst."""
PERCENTILE = 95


@dataclass(frozen=True)
class Case:
    """A condition of the air, with its limit from ``testplans/test_master_failure.py``."""

    title: str
    condition: str
    limit_s: float


CASES = (
    Case("clear air", "", 6.0),
    Case("10 % packet loss, 50 ms latency", "loss=0.1,latency=0.05", 9.0),
)


@dataclass(frozen=True)
class Failover:
    """The result of one seed."""

    seed: int
    took_s: float
    """Infinite if there was no failover within PATIENCE_S, or on an error."""
    error: str = ""


@dataclass(frozen=True)
class Distribution:
    """The results of one case."""

    case: Case
    failovers: Sequence[Failover]

    @property
    def times_s(self) -> list[float]:
        """Times of the successful failovers, shortest first."""
        return sorted(one.took_s for one in self.failovers if math.isfinite(one.took_s))

    @property
    def too_slow(self) -> list[Failover]:
        """Failovers over the limit, and failed ones."""
        return [one for one in self.failovers if one.took_s > self.case.limit_s]

    def marks(self) -> dict[str, float]:
        """Median, 95th percentile and worst, in seconds. Empty if all seeds failed."""
        times_s = self.times_s
        if not times_s:
            return {}
        p95 = times_s[math.ceil(len(times_s) * PERCENTILE / 100) - 1]
        return {"median": statistics.median(times_s), f"p{PERCENTILE}": p95, "worst": times_s[-1]}


def measure(case: Case, seed: int) -> Failover:
    """Boot an AP and three clients, cut MASTER's power, and wait for the next MASTER."""
    rig = Rig.open(load_rig(ROOT / "rigs" / "virtual.yaml", os.environ).with_seed(seed))
    try:
        return Failover(seed, failover_s(rig, case, random.Random(seed)))
    except (HilError, AssertionError) as error:
        return Failover(seed, math.inf, str(error))
    finally:
        rig.close()


def failover_s(rig: Rig, case: Case, rng: random.Random) -> float:
    """Rig time from the power cut to the new MASTER's line, in seconds. Raises ``HilError``."""
    clients = rig.clients
    rig.prepare(FirmwareCatalog([ROOT / "firmware"]).load("roles"), [rig.ap, *clients])
    watch = Invariants(rig.boards.values(), rig.clock, rig.timeline, all_invariants())
    cluster = Cluster(rig.ap, clients, rig.clock, rig.timeline)
    with rig.faults.under(Condition.parse(case.condition)):
        first, second, third = cluster.boot_in_order()
        roles = {first: "MASTER", second: "WORKER1", third: "WORKER2"}
        cluster.wait(order=clients, roles=roles, within=SETTLE_WITHIN_S)
        rig.clock.sleep(rng.uniform(0, HELLO_PERIOD_S))
        cut_s = rig.clock.now()
        first.power.off()
        cluster.wait(master=second, within=PATIENCE_S)
        took_s = second.events("role")[-1].time_s - cut_s
    watch.check()
    return took_s


def table(distributions: Sequence[Distribution]) -> Table:
    """The table as in docs/firmware.md."""
    shown = Table("condition", "seeds", "median", f"p{PERCENTILE}", "worst", "limit", title="failover, in rig time")
    for one in distributions:
        marks = [f"{value:.2f} s" for value in one.marks().values()] or ["none"] * 3
        shown.add_row(one.case.title, str(len(one.failovers)), *marks, f"{one.case.limit_s:g} s")
    return shown


def plot(distributions: Sequence[Distribution], path: Path) -> None:
    """Draw a histogram for each case, one above the other on one scale, into an SVG or PNG file."""
    mpl.rcParams.update({"svg.hashsalt": "pico-hil", "font.size": 11})
    mpl.rcParams.update(dict.fromkeys(("text.color", "axes.labelcolor", "xtick.color", "ytick.color"), INK))
    figure = Figure(figsize=(8, 2.9 * len(distributions)), layout="constrained")
    panels = figure.subplots(len(distributions), 1, sharex=True, squeeze=False)[:, 0]
    longest_s = max(max([one.case.limit_s, *one.times_s]) for one in distributions)
    for axes, one in zip(panels, distributions, strict=True):
        draw(axes, one, longest_s)
    panels[-1].set_xlabel("power cut of MASTER to the next MASTER's own line [s of rig time]")
    figure.savefig(path, transparent=True, metadata={"Date": None} if path.suffix == ".svg" else None, dpi=150)


def draw(axes: Axes, distribution: Distribution, longest_s: float) -> None:
    """One panel."""
    case, times_s = distribution.case, distribution.times_s
    width_s = 0.1
    bins = [index * width_s for index in range(math.ceil(longest_s / width_s) + 2)]
    axes.hist(times_s, bins=bins, color=BARS, rwidth=0.9)
    top = 1.45 * axes.get_ylim()[1]
    axes.set_ylim(0, top)
    axes.set_xlim(0, longest_s + 0.6)
    axes.set_title(f"Failover in {case.title}" if not case.condition else f"Failover with {case.title}", loc="left")
    axes.set_ylabel(f"of {len(distribution.failovers)} seeds")
    # The labels must not overlap other marks: the median's is to its left, and that of p95 above the mark of the worst.
    for (name, value), (height, side) in zip(distribution.marks().items(), MARK_PLACES, strict=False):
        axes.plot([value, value], [0, top * height], color=MARKS, linewidth=1.5)
        offset = (-5 if side == "right" else 5, -5)
        axes.annotate(
            f"{name} {value:.2f} s", (value, top * height), offset, textcoords="offset points", ha=side, color=MARKS
        )
    axes.axvline(case.limit_s, color=LIMIT, linewidth=1.8, linestyle="--")
    axes.annotate(
        f"limit {case.limit_s:g} s",
        (case.limit_s, top / 2),
        (-6, 0),
        textcoords="offset points",
        ha="right",
        color=LIMIT,
    )
    axes.patch.set_alpha(0)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(INK)


def main() -> int:
    """Run the seeds, print the table and plot it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=500, metavar="N", help="number of seeds (default: %(default)s)")
    parser.add_argument("--first", type=int, default=1, metavar="SEED", help="first seed (default: %(default)s)")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count(), metavar="N", help="number of processes (default: one per core)"
    )
    parser.add_argument("--plot", type=Path, metavar="FILE", help="plot the distribution to this .svg or .png file")
    options = parser.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    started = time.perf_counter()
    with ProcessPoolExecutor(options.jobs) as pool:
        distributions = [
            Distribution(case, list(pool.map(partial(measure, case), seeds, chunksize=8))) for case in CASES
        ]
    console = Console()
    console.print(table(distributions))
    console.print(
        f"{len(seeds)} seeds in {time.perf_counter() - started:.0f} s, {options.jobs} at a time", highlight=False
    )
    for distribution in distributions:
        for one in distribution.too_slow:
            print(f"seed {one.seed}, {distribution.case.title}: {one.error or f'{one.took_s:.3f} s'}", file=sys.stderr)
    if options.plot is not None:
        plot(distributions, options.plot)
    return int(any(one.too_slow for one in distributions))


if __name__ == "__main__":
    sys.exit(main())
