"""What was on the air during a test, as a pcap file."""

import io
from collections.abc import Iterable

import dpkt

from hil.bench.sniffer import Frame


def pcap(frames: Iterable[Frame], began_s: float) -> bytes:
    """``frames`` as the bytes of a file. Times count from ``began_s``, as in all artifacts of a test."""
    return pcap_file((max(round(frame.time_s - began_s, 6), 0.0), frame.data) for frame in frames)


def pcap_file(frames: Iterable[tuple[float, bytes]]) -> bytes:
    """A pcap file of frames and their times, in seconds: tcpdump, tshark and Wireshark open it."""
    file = io.BytesIO()
    writer = dpkt.pcap.Writer(file, linktype=dpkt.pcap.DLT_EN10MB)
    for time_s, frame in frames:
        writer.writepkt_time(frame, time_s)
    return file.getvalue()
