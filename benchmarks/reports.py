"""What reports cost: the share of a run's time that goes into pictures, packets, logs and Allure's files.

    python benchmarks/reports.py

Shares are of one run, in one process: the load of the machine cancels out.
"""

import cProfile
import pstats
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PLAN = ("testplans/test_master_failure.py", "testplans/test_tcp.py")
LIMIT = 0.15

PARTS = {
    "attachments made (picture, text, table, pcap)": ("hil/report/artifacts.py", "artifacts_of"),
    "  of that the picture": ("hil/report/timeline_picture.py", "timeline_picture"),
    "  of that the packets": ("hil/report/pcap.py", "pcap"),
    "Allure's files written, without secrets": ("hil/report/allure.py", "report_attached_data"),
    "Allure's results written, without secrets": ("hil/report/allure.py", "_report_item"),
    "what the bench did, as steps": ("hil/report/allure_result.py", "bench_steps"),
    "packets heard while the tests ran": ("hil/virtual/air/sniffer.py", "hear"),
}
_COUNTED = [name for name in PARTS if not name.startswith(" ")]


def main() -> int:
    """Print the shares; returns 1 when they are over the limit together, or when the tests did not pass."""
    profile = cProfile.Profile()
    with tempfile.TemporaryDirectory() as folder:
        arguments = ["-q", "-p", "no:cacheprovider", "-p", "no:xdist", "--rootdir", str(ROOT), "--alluredir", folder]
        rig = ["--rig", str(ROOT / "rigs" / "virtual.yaml"), *(str(ROOT / plan) for plan in PLAN)]
        profile.enable()
        status = pytest.main([*arguments, *rig])
        profile.disable()
    shares = dict(_shares(profile))
    print("\nshare of the run's time:")
    for name, share in shares.items():
        print(f"  {name:<48} {share:6.1%}")
    total = sum(shares[name] for name in _COUNTED)
    print(f"  {'together':<48} {total:6.1%} (limit {LIMIT:.0%})")
    return int(total > LIMIT or status != pytest.ExitCode.OK)


def _shares(profile: cProfile.Profile) -> Iterable[tuple[str, float]]:
    stats = pstats.Stats(profile)
    whole_s = stats.total_tt  # type: ignore[attr-defined]  # not in typeshed
    for name, (file, function) in PARTS.items():
        spent_s = sum(
            timing[3]
            for (path, _, called), timing in stats.stats.items()  # type: ignore[attr-defined]
            if path.endswith(file) and called == function
        )
        yield name, spent_s / whole_s


if __name__ == "__main__":
    sys.exit(main())
