"""What was on the air during a test, as a pcap file: tcpdump, tshark and Wireshark open it."""

import io
from collections.abc import Iterable

import dpkt

from hil.report.redaction import Redactor
from hil.sniffer import Frame


def pcap(frames: Iterable[Frame], began_s: float, redactor: Redactor) -> bytes:
    """``frames`` as the bytes of a file. Times count from ``began_s``, as in all that a test leaves.

    A secret in a payload is masked in place; the checksum of that packet, which stays, then says so.
    """
    file = io.BytesIO()
    writer = dpkt.pcap.Writer(file, linktype=dpkt.pcap.DLT_EN10MB)
    for frame in frames:
        writer.writepkt_time(redactor.redact_bytes(frame.data), max(round(frame.time_s - began_s, 6), 0.0))
    return file.getvalue()
