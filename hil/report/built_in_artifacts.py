"""The artifacts of every test: its timeline, also as a picture, serial logs, measurements, packets on the air."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict

from hil.report.artifact import Artifact, ArtifactFile, RecordedTest
from hil.report.lanes import lanes_of
from hil.report.measurements import Measurement, verdict_of
from hil.report.pcap import pcap
from hil.report.timeline_picture import timeline_picture


class TimelinePicture(Artifact):
    """One lane per board: power, program, Wi-Fi, role, with events, faults and measurements."""

    def files(self, test: RecordedTest) -> Iterator[ArtifactFile]:
        lanes = lanes_of(test.entries, test.boards, test.began_s, test.now_s)
        picture = timeline_picture(lanes, test.nodeid)
        yield ArtifactFile("timeline.svg", "timeline (picture)", "image/svg+xml", picture)


class TimelineText(Artifact):
    """Everything that happened, one line each."""

    def files(self, test: RecordedTest) -> Iterator[ArtifactFile]:
        yield ArtifactFile("timeline.txt", "timeline", "text/plain", test.timeline_text())


class SerialLogs(Artifact):
    """What each board printed."""

    def files(self, test: RecordedTest) -> Iterator[ArtifactFile]:
        for board in test.boards:
            yield ArtifactFile(f"{board}.log", f"serial log {board}", "text/plain", test.serial_text(board))


class Measurements(Artifact):
    """What was measured: as a table for reports if there is anything, and always for programs."""

    def files(self, test: RecordedTest) -> Iterator[ArtifactFile]:
        if test.measurements:
            yield ArtifactFile("measurements.csv", "measurements", "text/csv", _table(test.measurements))
        values = json.dumps([asdict(measurement) for measurement in test.measurements], indent=2) + "\n"
        yield ArtifactFile("measurements.json", "measurements (JSON)", "application/json", values)


class PacketCapture(Artifact):
    """What was on the air, where the bench has a sniffer."""

    def files(self, test: RecordedTest) -> Iterator[ArtifactFile]:
        frames = test.frames()
        if frames is not None:
            file = pcap(frames, test.began_s)
            yield ArtifactFile("air.pcap", "packets on the air (pcap)", "application/vnd.tcpdump.pcap", file)


def _table(measurements: Iterable[Measurement]) -> str:
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(("measurement", "value", "limit", "unit", "verdict"))
    for each in measurements:
        writer.writerow((each.name, each.value, each.limit, each.unit, verdict_of(each.value, each.limit)))
    return file.getvalue()
