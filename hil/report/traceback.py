"""Tracebacks of failed tests. They end in the test: frames of pico-hil below it explain nothing."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

from hil.errors import HilError

_PACKAGE = Path(__file__).parents[1]
_CONTEXTLIB = Path(contextlib.__file__)


def end_in_test(error: BaseException, test_file: Path) -> None:
    """Cut the frames of pico-hil off the end of the traceback of one of its own errors, raised below ``test_file``.

    A bug in pico-hil is not a ``HilError`` and keeps its traceback; so does an error outside of a test's code.
    """
    if not isinstance(error, HilError):
        return
    entries = list(_entries(error.__traceback__))
    if any(_file(entry) == test_file for entry in entries):
        # Not pytest's `ExceptionInfo.traceback`: pytest returns to the raw entries when it leaves out its own frames.
        next(entry for entry in reversed(entries) if not _is_ours(_file(entry))).tb_next = None


def _entries(entry: TracebackType | None) -> Iterator[TracebackType]:
    while entry is not None:
        yield entry
        entry = entry.tb_next


def _file(entry: TracebackType) -> Path:
    return Path(entry.tb_frame.f_code.co_filename)


def _is_ours(path: Path) -> bool:
    return path.is_relative_to(_PACKAGE) or path == _CONTEXTLIB
