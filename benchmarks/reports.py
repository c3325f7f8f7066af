"""Cost of reports: the share of a run's time spent on pictures, packet captures, logs and Allure files.

    python benchmarks/reports.py

Shares are within one run of one process, so the load of the machine does not matter.
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
    "  of which the picture": ("hil/report/timeline_picture.py", "timeline_picture"),
    "  of which the packets": ("hil/report/pcap.py", "pcap"),
    "Allure attachments written and redacted": ("hil/report/allure.py", "report_attached_data"),
    "Allure results written and redacted": ("hil/report/allure.py", "_report_item"),
    "bench actions as steps": ("hil/report/allure_result.py", "bench_steps"),
    "packets captured during the tests": ("hil/virtual/air/sniffer.py", "hear"),
}
_COUNTED = [name for name in PARTS if not name.startswith(" ")]


def main() -> int:
    """Print the shares. Returns 1 if their total is over the limit, or if the tests did not pass."""
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
    print(f"  {'total':<48} {total:6.1%} (limit {LIMIT:.0%})")
    return int(total > LIMIT or status != pytest.ExitCode.OK)


def _shares(profile: cProfile.Profile) -> Iterable[tuple[str, float]]:
    stats = pstats.Stats(profile)
    total_s = stats.total_tt  # type: ignore[attr-defined]  # not in typeshed
    for name, (file, function) in PARTS.items():
        spent_s = sum(
            timing[3]
            for (path, _, called), timing in stats.stats.items()  # type: ignore[attr-defined]
            if path.endswith(file) and called == function
        )
        yield name, spent_s / total_s


if __name__ == "__main__":
    sys.exit(main())
