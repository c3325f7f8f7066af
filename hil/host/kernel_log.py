"""What the kernel of the bench machine logs about USB during a test: USB errors can spoil results unnoticed."""

import errno
import json
import os
import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

KMSG = Path("/dev/kmsg")
"""The kernel's ring buffer, one record per read. Readable by root, and by all where ``kernel.dmesg_restrict`` is 0."""
WARNING = 4
"""The kernel's level of warnings; errors and worse are lower."""

_JOURNAL_WITHIN_S = 10
_RECORD_BYTES = 8192
"""Longest record that the kernel hands out (PRINTK_MESSAGE_MAX and its prefix)."""
_KERNEL_FACILITY = 0
_ABOUT_USB = re.compile(
    r"\b(usb\b|usb\d+|usb-storage|usbcore|xhci|ehci|ohci|dwc2|dwc_otg|cdc_acm|ttyACM\d+|hub \d+-|over-?current)",
    re.IGNORECASE,
)
# Logged at lower levels, but problems too: an unexpected reset, a full bus.
_TROUBLE = re.compile(
    r"\breset (low|full|high|super)-speed\b|not enough bandwidth|over-?current|error -\d+|unable to enumerate"
    r"|not accepting address|device descriptor read",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class KernelLine:
    """One line of the kernel's log."""

    time_s: float
    """Seconds since the machine was started, as ``dmesg`` shows them."""
    level: int
    """0 (emergency) to 7 (debug)."""
    text: str

    def __str__(self) -> str:
        return f"[{self.time_s:12.6f}] {self.text}"


class KernelLog(Protocol):
    """The kernel's log, read incrementally."""

    def read(self) -> list[KernelLine]:
        """What was added since the last call, or since it was opened. Never waits for more. Raises ``OSError``."""

    def close(self) -> None:
        """Release its resources."""


def trouble_in(lines: Iterable[KernelLine]) -> list[KernelLine]:
    """The lines about USB problems: warnings and worse, and some that the kernel logs at lower levels.

    Devices that come and go are not a problem: each power cycle causes that.
    """
    return [
        line for line in lines if _ABOUT_USB.search(line.text) and (line.level <= WARNING or _TROUBLE.search(line.text))
    ]


def parse_kmsg(record: str) -> KernelLine | None:
    """One record of ``/dev/kmsg``: ``priority,number,time in us,flags[,…];text`` and lines of further fields.

    None for a record that is not from the kernel, or malformed.
    """
    head, found, body = record.partition(";")
    fields = head.split(",")
    if not found or len(fields) < 3 or not (fields[0].isdigit() and fields[2].isdigit()):
        return None
    priority = int(fields[0])
    if priority >> 3 != _KERNEL_FACILITY:
        return None
    return KernelLine(int(fields[2]) / 1e6, priority & 7, _unescaped(body.partition("\n")[0]))


def parse_journal(line: str) -> KernelLine | None:
    """One line of ``journalctl --dmesg --output=json``; None if it is malformed."""
    try:
        entry = json.loads(line)
        time_us = entry.get("_SOURCE_MONOTONIC_TIMESTAMP") or entry["__MONOTONIC_TIMESTAMP"]
        # Text that is not UTF-8 comes as a list of bytes.
        message = entry["MESSAGE"]
        text = bytes(message).decode(errors="backslashreplace") if isinstance(message, list) else str(message)
        return KernelLine(int(time_us) / 1e6, int(entry.get("PRIORITY", 6)), text)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


class KmsgLog:
    """Reads ``/dev/kmsg``, from its present end on. Raises ``OSError`` where that is not allowed."""

    def __init__(self, path: Path = KMSG) -> None:
        self._descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            os.lseek(self._descriptor, 0, os.SEEK_END)
            # Some sandboxes allow opening, but not reading.
            self.read()
        except BaseException:
            self.close()
            raise

    def read(self) -> list[KernelLine]:
        lines = []
        while record := self._next():
            if (line := parse_kmsg(record.decode("utf-8", "backslashreplace"))) is not None:
                lines.append(line)
        return lines

    def close(self) -> None:
        os.close(self._descriptor)

    def _next(self) -> bytes:
        while True:
            try:
                return os.read(self._descriptor, _RECORD_BYTES)
            except BlockingIOError:
                return b""
            except OSError as error:
                if error.errno != errno.EPIPE:
                    raise
                # Records were overwritten before they were read; the next read continues with the oldest one.


class JournalLog:
    """Asks ``journalctl``, for users in the group ``systemd-journal`` or ``adm``. Raises ``OSError``."""

    def __init__(self, program: str = "journalctl") -> None:
        self._program = program
        self._cursor = self._run("--lines=1")[1]
        if not self._cursor:
            raise PermissionError(errno.EACCES, f"{program} shows this user no kernel messages")

    def read(self) -> list[KernelLine]:
        lines, cursor = self._run(f"--after-cursor={self._cursor}")
        self._cursor = cursor or self._cursor
        return lines

    def close(self) -> None:
        """Nothing to release."""

    def _run(self, selection: str) -> tuple[list[KernelLine], str]:
        """The lines selected, and the place of the last one in the journal, if there is any."""
        command = [self._program, "--dmesg", "--quiet", "--no-pager", "--output=json", selection]
        try:
            ended = subprocess.run(command, capture_output=True, timeout=_JOURNAL_WITHIN_S, check=True)
        except subprocess.SubprocessError as error:
            raise OSError(f"{self._program}: {error}") from error
        output = ended.stdout.decode("utf-8", "backslashreplace").splitlines()
        lines = [line for text in output if (line := parse_journal(text)) is not None]
        return lines, str(json.loads(output[-1]).get("__CURSOR", "")) if lines else ""


def open_kernel_log(kmsg: Path = KMSG, journalctl: str = "journalctl") -> KernelLog:
    """The kernel's log in the way that this user may read it. Raises ``OSError`` when there is none."""
    try:
        return KmsgLog(kmsg)
    except OSError as refused:
        try:
            return JournalLog(journalctl)
        except OSError as error:
            raise PermissionError(errno.EACCES, f"neither {kmsg} ({refused}) nor {error}") from error


def _unescaped(text: str) -> str:
    """Text of a record without its escapes: control and non-ASCII characters are written as ``\\xNN``."""
    data = re.sub(rb"\\x([0-9a-fA-F]{2})", lambda found: bytes.fromhex(found[1].decode()), text.encode())
    return data.decode("utf-8", "backslashreplace")
