"""Artifacts, the files of each test: its timeline, also as a picture, serial logs, measurements, packets on the air.

Nothing in them depends on the host: no wall time, no absolute path. The same seed gives the same bytes.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from hil.events import Event, TimelineEntry
from hil.report.lanes import lanes_of
from hil.report.measurements import Measurement, verdict_of
from hil.report.pcap import pcap
from hil.report.recording import Recording
from hil.report.redaction import Redactor
from hil.report.timeline_picture import timeline_picture

MAX_NAME_LENGTH = 120
"""Characters; longer folder names are cut. File systems end at 255 bytes, readability before that."""


def folder_name(nodeid: str) -> str:
    """A folder name for a test, such as ``testplans.test_roles.test_order[3]``.

    Characters that are special to file systems or shells are replaced; a digest keeps such names unique.
    """
    path, _, test = nodeid.partition("::")
    plain = f"{path.removesuffix('.py').replace('/', '.')}.{test.replace('::', '.')}"
    name = re.sub(r"[^A-Za-z0-9._\[\]=-]+", "_", plain)[:MAX_NAME_LENGTH].lstrip(".")
    return name if name == plain else f"{name}-{hashlib.sha256(nodeid.encode()).hexdigest()[:8]}"


@dataclass(frozen=True)
class Artifact:
    """One file that a test leaves."""

    file: str
    """Its name, within the folder of the test."""
    title: str
    """What a report calls it."""
    media_type: str
    content: bytes


def artifacts_of(
    title: str, boards: Sequence[str], recording: Recording, measurements: Sequence[Measurement], redactor: Redactor
) -> list[Artifact]:
    """All files of the test ``title``, the most informative first, without secrets."""
    picture = timeline_picture(
        lanes_of(_redacted(recording.entries(), redactor), boards, recording.began_s, recording.now_s),
        redactor.redact(title),
    )
    found = [
        Artifact("timeline.svg", "timeline (picture)", "image/svg+xml", _bytes(picture)),
        _text("timeline.txt", "timeline", redactor.redact(recording.timeline_text())),
        *(
            _text(f"{board}.log", f"serial log {board}", redactor.redact(recording.serial_text(board)))
            for board in boards
        ),
    ]
    if measurements:
        found.append(Artifact("measurements.csv", "measurements", "text/csv", _bytes(_table(measurements))))
    values = json.dumps([asdict(measurement) for measurement in measurements], indent=2) + "\n"
    found.append(Artifact("measurements.json", "measurements (JSON)", "application/json", _bytes(values)))
    frames = recording.frames()
    if frames is not None:
        file = pcap(frames, recording.began_s, redactor)
        found.append(Artifact("air.pcap", "packets on the air (pcap)", "application/vnd.tcpdump.pcap", file))
    return found


def write_artifacts(folder: Path, artifacts: Iterable[Artifact]) -> None:
    """Write the files of one test into ``folder``, in place of those of an earlier run."""
    folder.mkdir(parents=True, exist_ok=True)
    for pattern in ("*.log", "measurements.csv", "air.pcap"):
        for old in folder.glob(pattern):
            old.unlink()
    for artifact in artifacts:
        (folder / artifact.file).write_bytes(artifact.content)


def _redacted(entries: Iterable[TimelineEntry], redactor: Redactor) -> list[TimelineEntry]:
    """To be called before drawing: a secret that is cut or escaped is no longer found."""

    def clean(event: Event) -> Event:
        fields = {name: redactor.redact(value) for name, value in event.fields.items()}
        return replace(event, fields=fields, line=redactor.redact(event.line))

    return [
        replace(entry, text=redactor.redact(entry.text), events=tuple(clean(event) for event in entry.events))
        for entry in entries
    ]


def _table(measurements: Iterable[Measurement]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("measurement", "value", "limit", "unit", "verdict"))
    for each in measurements:
        writer.writerow((each.name, each.value, each.limit, each.unit, verdict_of(each.value, each.limit)))
    return file.getvalue()


def _text(file: str, title: str, text: str) -> Artifact:
    return Artifact(file, title, "text/plain", _bytes(text))


def _bytes(text: str) -> bytes:
    # Not text mode: every host must write the same line ends.
    return text.encode("utf-8", "backslashreplace")
