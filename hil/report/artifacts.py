"""Artifacts: per test a folder with serial logs, the merged timeline and the measurements.

Nothing in them depends on the host: no wall time, no absolute path. The same seed gives the same bytes.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

from hil.report.measurements import Measurement
from hil.report.recording import Recording
from hil.report.redaction import Redactor

MAX_NAME_LENGTH = 120
"""Longer folder names are cut: file systems end at 255 bytes, and people long before."""


def folder_name(nodeid: str) -> str:
    """A folder name for a test, such as ``testplans.test_roles.test_order[3]``.

    What file systems or shells may not like is replaced; names that would not be unique then get a digest.
    """
    path, _, test = nodeid.partition("::")
    plain = f"{path.removesuffix('.py').replace('/', '.')}.{test.replace('::', '.')}"
    name = re.sub(r"[^A-Za-z0-9._\[\]=-]+", "_", plain)[:MAX_NAME_LENGTH].lstrip(".")
    return name if name == plain else f"{name}-{hashlib.sha256(nodeid.encode()).hexdigest()[:8]}"


def write_artifacts(
    folder: Path, boards: Iterable[str], recording: Recording, measurements: Iterable[Measurement], redactor: Redactor
) -> None:
    """Write the files of one test into ``folder``, in place of those of an earlier run."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.log"):
        old.unlink()
    for board in boards:
        _write(folder / f"{board}.log", redactor.redact(recording.serial_text(board)))
    _write(folder / "timeline.txt", redactor.redact(recording.timeline_text()))
    values = [asdict(measurement) for measurement in measurements]
    _write(folder / "measurements.json", json.dumps(values, indent=2) + "\n")


def _write(path: Path, text: str) -> None:
    # Bytes, so that every host writes the same line ends.
    path.write_bytes(text.encode("utf-8", "backslashreplace"))
