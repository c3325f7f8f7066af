"""The kernel's log: which lines are USB problems, and how it is read."""

import json
from pathlib import Path

import pytest

from hil.host.kernel_log import JournalLog, KernelLine, KmsgLog, open_kernel_log, parse_journal, parse_kmsg, trouble_in

TROUBLE = [
    "3,700,5000000,-;usb 1-1.4.2: device descriptor read/64, error -71",
    "3,701,5000001,-;usb 1-1-port2: unable to enumerate USB device",
    "3,702,5000002,-;usb 1-1.4.3: Not enough bandwidth for altsetting 1",
    "6,703,5000003,-;usb 1-1.4: reset high-speed USB device number 5 using xhci_hcd",
    "2,704,5000004,-;usb usb1-port2: over-current condition",
    "4,705,5000005,-;xhci_hcd 0000:01:00.0: WARN Set TR Deq Ptr cmd failed",
    "3,706,5000006,-;cdc_acm 1-1.4.2:1.0: failed to set dtr/rts",
]
HARMLESS = [
    "6,800,6000000,-;usb 1-1.4.2: USB disconnect, device number 9\n SUBSYSTEM=usb\n DEVICE=c189:8",
    "6,801,6000001,-;usb 1-1.4.2: new full-speed USB device number 10 using xhci_hcd",
    "6,802,6000002,-;cdc_acm 1-1.4.2:1.0: ttyACM0: USB ACM device",
    "3,803,6000003,-;nvme nvme0: I/O 12 QID 3 timeout",
    "11,804,6000004,-;systemd[1]: usb gadget failed",
    "not a record",
    "3,x,y;usb broken",
]


def test_problems_are_distinguished_from_the_lines_of_every_power_cycle() -> None:
    lines = [line for record in [*TROUBLE, *HARMLESS] if (line := parse_kmsg(record)) is not None]
    assert [f"{line.text}" for line in trouble_in(lines)] == [record.partition(";")[2] for record in TROUBLE]


def test_a_record_is_shown_as_dmesg_shows_it() -> None:
    line = parse_kmsg("3,700,5000000,-,caller=T1;usb 1-1: Pr\\x0aodukt \\xc3\\xa4\n SUBSYSTEM=usb")
    assert line == KernelLine(5.0, 3, "usb 1-1: Pr\nodukt ä")
    assert str(parse_kmsg(TROUBLE[0])) == "[    5.000000] usb 1-1.4.2: device descriptor read/64, error -71"


def test_a_line_of_the_journal() -> None:
    entry = {"_SOURCE_MONOTONIC_TIMESTAMP": "5000000", "PRIORITY": "3", "MESSAGE": "usb 1-1: bad"}
    assert parse_journal(json.dumps(entry)) == KernelLine(5.0, 3, "usb 1-1: bad")
    assert parse_journal(json.dumps(entry | {"MESSAGE": [117, 115, 98, 255]})) == KernelLine(5.0, 3, "usb\\xff")
    assert parse_journal("-- No entries --") is None
    assert parse_journal("{}") is None
    assert parse_journal("[]") is None


def test_only_what_is_new_is_read(tmp_path: Path) -> None:
    kmsg = tmp_path / "kmsg"
    kmsg.write_text(TROUBLE[0] + "\n")
    log = KmsgLog(kmsg)
    assert log.read() == []
    with kmsg.open("a") as file:
        file.write(TROUBLE[1] + "\n")
    assert [line.text for line in log.read()] == ["usb 1-1-port2: unable to enumerate USB device"]
    assert log.read() == []
    log.close()


def journalctl(tmp_path: Path, body: str) -> str:
    """A stand-in for the program."""
    program = tmp_path / "journalctl"
    program.write_text(f"#!/bin/sh\n{body}\n")
    program.chmod(0o755)
    return str(program)


def test_without_permission_for_kmsg_journalctl_is_used(tmp_path: Path) -> None:
    def entry(cursor: str, text: str) -> str:
        return json.dumps({"__CURSOR": cursor, "__MONOTONIC_TIMESTAMP": "1000000", "PRIORITY": "3", "MESSAGE": text})

    program = journalctl(
        tmp_path,
        f"case \"$*\" in *--lines=1*) echo '{entry('s=1', 'usb old')}';;\n"
        f"*--after-cursor=s=1*) echo '{entry('s=2', 'usb new')}';;\nesac",
    )
    log = open_kernel_log(tmp_path / "kmsg that is not there", program)
    assert isinstance(log, JournalLog)
    assert [line.text for line in log.read()] == ["usb new"]
    assert log.read() == []
    log.close()


@pytest.mark.parametrize("body", ["exit 1", "true"])
def test_a_log_without_permission_is_an_error(tmp_path: Path, body: str) -> None:
    with pytest.raises(PermissionError, match=r"neither .*kmsg .* nor .*journalctl"):
        open_kernel_log(tmp_path / "kmsg", journalctl(tmp_path, body))
