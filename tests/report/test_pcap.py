"""Packet captures of the air, as tshark reads them."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from hil.bench.sniffer import Frame
from hil.report.pcap import pcap
from hil.virtual.air.packets import TcpSegment, UdpDatagram
from hil.virtual.air.sniffer import AirSniffer

AP, STATION = bytes.fromhex("28cdc1000001"), bytes.fromhex("28cdc1000002")


@pytest.fixture
def tshark(tmp_path: Path) -> "Tshark":
    if shutil.which("tshark") is None:
        assert os.environ.get("HIL_REQUIRE_TSHARK") != "1", "tshark is not installed: apt-get install tshark"
        pytest.skip("tshark is not installed")
    return Tshark(tmp_path / "air.pcap")


class Tshark:
    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self, file: bytes, *fields: str) -> list[list[str]]:
        self._path.write_bytes(file)
        told = [argument for field in fields for argument in ("-e", field)]
        checks = [argument for name in ("ip", "udp", "tcp") for argument in ("-o", f"{name}.check_checksum:TRUE")]
        command = ["tshark", "-r", str(self._path), *checks, "-T", "fields", "-E", "separator=|", *told]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        return [line.split("|") for line in done.stdout.splitlines()]


def heard(*packets: UdpDatagram | TcpSegment) -> list[Frame]:
    sniffer = AirSniffer()
    for number, packet in enumerate(packets):
        is_down = packet.source[0].endswith(".1")
        macs = (AP, STATION) if is_down else (STATION, AP)
        sniffer.hear(10_500_000 + number * 250_000, *macs, packet, "192.168.4.127")
    return sniffer.frames()


def test_udp_has_addresses_times_and_right_checksums(tshark: Tshark) -> None:
    there = UdpDatagram(("192.168.4.16", 5001), ("192.168.4.1", 5000), b"WHO")
    mdns = UdpDatagram(("192.168.4.16", 5353), ("224.0.0.251", 5353), bytes(12))
    to_all = UdpDatagram(("192.168.4.1", 5000), ("192.168.4.127", 5001), b"odd length")
    to_one = UdpDatagram(("192.168.4.1", 5000), ("192.168.4.255", 5001), b"")
    fields = ("frame.time_epoch", "eth.dst", "ip.src", "ip.dst", "udp.srcport", "udp.dstport", "udp.payload")
    file = pcap(heard(there, mdns, to_all, to_one), 10.0)
    assert tshark.read(file, *fields) == [
        ["0.500000000", "28:cd:c1:00:00:01", "192.168.4.16", "192.168.4.1", "5001", "5000", b"WHO".hex()],
        ["0.750000000", "01:00:5e:00:00:fb", "192.168.4.16", "224.0.0.251", "5353", "5353", bytes(12).hex()],
        ["1.000000000", "ff:ff:ff:ff:ff:ff", "192.168.4.1", "192.168.4.127", "5000", "5001", b"odd length".hex()],
        # Not the broadcast address of this network (/25), but one of a host that is unknown yet: the frame has the
        # MAC of the next hop.
        ["1.250000000", "28:cd:c1:00:00:02", "192.168.4.1", "192.168.4.255", "5000", "5001", ""],
    ]
    assert tshark.read(file, "ip.checksum.status", "udp.checksum.status") == [["1", "1"]] * 4, "1 is good"


def test_tcp_is_a_conversation_without_analysis_warnings(tshark: Tshark) -> None:
    station, ap = ("192.168.4.16", 50000), ("192.168.4.1", 1234)
    # Beyond 32 bits: they wrap on the wire.
    first = (1 << 32) - 2
    conversation = (
        TcpSegment(station, ap, first, window=6400, syn=True),
        TcpSegment(ap, station, 7, acknowledgement=first + 1, window=6400, syn=True),
        TcpSegment(station, ap, first + 1, acknowledgement=8, window=6400, data=b"hello"),
        TcpSegment(ap, station, 8, acknowledgement=first + 6, window=6400, fin=True),
        TcpSegment(station, ap, first + 6, acknowledgement=9, window=6400, rst=True),
    )
    fields = ("tcp.flags.str", "tcp.seq", "tcp.ack", "tcp.len", "tcp.checksum.status", "tcp.analysis.flags")
    seen = tshark.read(pcap(heard(*conversation), 0.0), *fields)
    assert [[row[0].strip("·"), *row[1:]] for row in seen] == [
        ["S", "0", "0", "0", "1", ""],
        ["A··S", "0", "1", "0", "1", ""],
        ["AP", "1", "1", "5", "1", ""],
        ["A···F", "1", "6", "0", "1", ""],
        ["A·R", "6", "2", "0", "1", ""],
    ]


def test_a_broadcast_is_captured_once() -> None:
    sniffer = AirSniffer()
    packet = UdpDatagram(("192.168.4.1", 5000), ("255.255.255.255", 5001), b"key=hush-hush;")
    for receiver in (STATION, bytes(6)):
        sniffer.hear(1, AP, receiver, packet, "192.168.4.255")
    frames = sniffer.frames()
    assert len(frames) == 1
    assert pcap(frames, 0.0).count(b"key=hush-hush;") == 1
    sniffer.forget()
    assert sniffer.frames() == []
