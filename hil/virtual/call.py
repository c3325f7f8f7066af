"""Hardware calls: how MicroPython code on a virtual board accesses the simulated hardware.

``_hal.call("op word word", payload)`` on the board calls the handler registered for ``op``. The reply is a short text
whose first letter is its type. Bytes are passed in the board's mailbox, a buffer in its memory, because a MicroPython
``str`` cannot hold arbitrary bytes.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from hil.errors import BenchError

MAILBOX_SIZE = 2048
"""Maximum bytes in one reply. ``_hal.py`` on the board allocates the mailbox with this size."""

TEXT_SIZE = 4096
"""Maximum bytes of a reply's text. The interpreter has a buffer of this size in the board's heap."""


class BoardOSError(Exception):
    """To be raised on the board as ``OSError(errno)``, with the numbers of the rp2 port."""

    def __init__(self, errno: int) -> None:
        super().__init__(errno)
        self.errno = errno


class BoardValueError(Exception):
    """To be raised on the board as ``ValueError(text)``."""


class Pending(Enum):
    """The type of :data:`PENDING`."""

    PENDING = "pending"


PENDING = Pending.PENDING
"""Returned by an attempt that has no answer yet."""


@dataclass(frozen=True)
class Block:
    """A blocking call: the board is suspended until an attempt succeeds or the timeout expires."""

    attempt: Callable[[], object]
    """Called immediately and after every change of the hardware. Returns the answer or ``PENDING``."""
    timeout_us: int | None
    """Timeout in board time; None waits for ever."""
    on_timeout: Callable[[], object]


Handler = Callable[[Sequence[str], bytes], object]
"""Called with the words after the op's name and the payload. Returns the answer or a :class:`Block`."""


@dataclass(frozen=True)
class Reply:
    """An encoded answer: ``data`` is put into the mailbox, then the board's ``host.call`` returns ``text``."""

    text: bytes
    data: bytes = b""


INTERRUPTED = Reply(b"k")
"""Reply to a call interrupted by Ctrl-C: ``_hal.py`` raises KeyboardInterrupt."""

WOKEN = Reply(b"w")
"""Reply to a call suspended for a timer callback: ``_hal.py`` runs it, then calls ``again`` to continue waiting."""

_SINGLE_VALUES: Mapping[object, Reply] = {None: Reply(b""), True: Reply(b"t"), False: Reply(b"f")}


def encode(answer: object) -> Reply:
    """Encode what a handler returned."""
    if answer is None or isinstance(answer, bool):
        return _SINGLE_VALUES[answer]
    if isinstance(answer, int):
        return Reply(b"i%d" % answer)
    if isinstance(answer, str):
        return Reply(b"s" + answer.encode())
    if isinstance(answer, bytes):
        if len(answer) > MAILBOX_SIZE:
            raise BenchError(
                f"an answer of {len(answer)} bytes does not fit into the board's mailbox of {MAILBOX_SIZE}"
            )
        return Reply(b"d%d" % len(answer), answer)
    text = b"j" + json.dumps(answer, ensure_ascii=False).encode()
    if len(text) > TEXT_SIZE:
        raise BenchError(
            f"an answer of {len(text)} bytes to a hardware call is over the limit of {TEXT_SIZE}; split it"
        )
    return Reply(text)


def encode_error(error: BoardOSError | BoardValueError) -> Reply:
    """Encode an exception to be raised on the board."""
    if isinstance(error, BoardOSError):
        return Reply(b"e%d" % error.errno)
    return Reply(b"v" + str(error).encode())
