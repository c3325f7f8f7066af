"""What was on the air during a test, as a pcap file without secrets."""

from collections.abc import Iterable

from hil.ethernet import pcap_file
from hil.report.redaction import Redactor
from hil.sniffer import Frame


def pcap(frames: Iterable[Frame], began_s: float, redactor: Redactor) -> bytes:
    """``frames`` as the bytes of a file. Times count from ``began_s``, as in all that a test leaves.

    A secret in a payload is masked in place; the checksum of that packet, which stays, then says so.
    """
    return pcap_file(
        (max(round(frame.time_s - began_s, 6), 0.0), redactor.redact_bytes(frame.data)) for frame in frames
    )
