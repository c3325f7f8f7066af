"""From the bytes of a serial line to text that can be shown."""

import re

MAX_LINE_BYTES = 4096
"""Longer lines are split: a board that never ends a line must not fill the host's memory."""

_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def split_long(line: bytes) -> list[bytes]:
    """``line`` in pieces of at most :data:`MAX_LINE_BYTES`, at least one. They do not depend on how it arrived."""
    return [line[start : start + MAX_LINE_BYTES] for start in range(0, len(line) or 1, MAX_LINE_BYTES)]


def is_utf8(line: bytes) -> bool:
    """Whether ``line`` is UTF-8."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


def printable(line: bytes) -> str:
    """``line`` as text; bytes that are not UTF-8, and control characters, appear as ``\\xNN``."""
    text = line.decode("utf-8", "backslashreplace")
    return _UNPRINTABLE.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
