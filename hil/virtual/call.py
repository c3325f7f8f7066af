"""The hardware call: how MicroPython code on a virtual board reaches the simulated hardware, and how it is answered.

``_hal.call("op word word", payload)`` on the board becomes one call of the handler registered for ``op``. The reply
is a short text that starts with a letter for its type; bytes travel through the board's mailbox, a buffer in the
board's own memory (a MicroPython ``str`` cannot hold arbitrary bytes).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from hil.errors import BenchError

MAILBOX_SIZE = 2048
"""Most bytes that one reply can carry; ``_hal.py`` on the board allocates the mailbox with this size."""

TEXT_SIZE = 4096
"""Most bytes of an answer's text; the interpreter keeps a buffer of this size in the board's heap."""


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
"""What an attempt returns that cannot be answered yet."""


@dataclass(frozen=True)
class Block:
    """A call that waits: the board is suspended until an attempt succeeds or the time is up."""

    attempt: Callable[[], object]
    """Tried at once and after every change of the hardware; returns the answer or ``PENDING``."""
    timeout_us: int | None
    """Board time after which ``on_timeout`` answers; None waits for ever."""
    on_timeout: Callable[[], object]


Handler = Callable[[Sequence[str], bytes], object]
"""Gets the words after the op's name and the payload; returns the answer or a :class:`Block`."""


@dataclass(frozen=True)
class Reply:
    """An encoded answer: ``text`` is what the board's ``host.call`` returns, ``data`` goes into the mailbox first."""

    text: bytes
    data: bytes = b""


INTERRUPTED = Reply(b"k")
"""The answer to a call that Ctrl-C interrupted: ``_hal.py`` raises KeyboardInterrupt."""

WOKEN = Reply(b"w")
"""The answer to a call that must let a timer's callback run first: ``_hal.py`` then asks to go on waiting."""

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
            raise BenchError(f"an answer of {len(answer)} bytes does not fit the board's mailbox of {MAILBOX_SIZE}")
        return Reply(b"d%d" % len(answer), answer)
    text = b"j" + json.dumps(answer, ensure_ascii=False).encode()
    if len(text) > TEXT_SIZE:
        raise BenchError(f"an answer of {len(text)} bytes to a hardware call is longer than {TEXT_SIZE}: page it")
    return Reply(text)


def encode_error(error: BoardOSError | BoardValueError) -> Reply:
    """Encode an exception to be raised on the board."""
    if isinstance(error, BoardOSError):
        return Reply(b"e%d" % error.errno)
    return Reply(b"v" + str(error).encode())
