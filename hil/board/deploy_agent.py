"""What runs on a board while files are deployed to it: code that looks, writes and removes, told over the raw REPL."""

import base64
import hashlib
import json
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hil.board.raw_repl import EXEC_WITHIN_S, RawRepl
from hil.clock import Deadline
from hil.errors import DeployError, LinkError

TEMPORARY = ".new"
"""Suffix under which a file is written and verified before it takes its name."""

_CHUNK_BYTES = 4096
"""How much of a file one command carries: the board compiles the command, so it takes a multiple of that in heap."""
_WINDOW_BITS = 10
"""The board inflates with 1 KB of its heap."""

# These run on the board, in at most a few kilobytes of its heap. Functions stay defined for the commands that follow.
_LOOK = """
import gc, hashlib, json, os
from binascii import hexlify
try:
    import deflate
except ImportError:
    deflate = None
def digest(path):
    try:
        file = open(path, 'rb')
    except OSError:
        return None
    whole = hashlib.sha256()
    block = memoryview(bytearray(512))
    size = file.readinto(block)
    while size:
        whole.update(block[:size])
        size = file.readinto(block)
    file.close()
    return hexlify(whole.digest()).decode()
def size(path):
    try:
        return os.stat(path)[6]
    except OSError:
        return None
def survey(manifest, paths, temporary):
    try:
        with open(manifest) as file:
            listed = json.loads(file.read())
    except (OSError, ValueError):
        listed = []
    if not isinstance(listed, list) or not all(isinstance(path, str) for path in listed):
        listed = []
    paths = sorted(set(paths) | set(listed))
    flash = os.statvfs('/')
    return json.dumps({'inflates': deflate is not None, 'listed': listed,
        'free': flash[0] * flash[3], 'block': flash[0],
        'size': {path: size('/' + path) for path in paths},
        'stale': {path: size('/' + path + temporary) for path in paths + [manifest]},
        'digest': {path: digest('/' + path) for path in paths}})
gc.collect()
"""
_WRITE = """
import io
from binascii import a2b_base64
def inflate(packed):
    return deflate.DeflateIO(io.BytesIO(a2b_base64(packed)), deflate.ZLIB).read()
def start(path):
    global file
    for end in range(1, len(path)):
        if path[end] == '/' and size(path[:end]) is None:
            os.mkdir(path[:end])
    file = open(path, 'wb')
def finish(path, temporary, expected):
    file.close()
    found = digest(path + temporary)
    if found == expected:
        os.rename(path + temporary, path)
    return found
def remove(path):
    os.remove(path)
    path = path.rpartition('/')[0]
    while path and not os.listdir(path):
        os.rmdir(path)
        path = path.rpartition('/')[0]
"""


@dataclass(frozen=True)
class Survey:
    """What a board's flash holds of the files that matter."""

    inflates: bool
    """Whether its MicroPython can inflate: builds before 1.21 cannot."""
    listed: list[str]
    """What earlier deployments put there."""
    free: int
    """Bytes free."""
    block: int
    """Bytes in which room is given out."""
    size: dict[str, int | None]
    """Bytes per file; None where there is none."""
    stale: dict[str, int | None]
    """Bytes of a file's temporary, left behind by a deployment that was cut short."""
    digest: dict[str, str | None]


class DeployAgent:
    """The board's side of a deployment, as few commands as can be: each costs a round trip.

    Paths are those of an image, from the board's root. What goes wrong on the board raises ``ReplError``, a board that
    does not answer ``LinkError``.
    """

    def __init__(self, repl: RawRepl) -> None:
        """``repl`` has been entered already."""
        self._repl = repl
        self._can_look = False
        self._inflates = False

    def look(self, manifest: str, paths: Iterable[str], deadline: Deadline) -> Survey:
        """What is there of ``paths``, and of those that the file ``manifest`` lists."""
        said = self._exec(f"{_LOOK}print(survey({manifest!r}, {list(paths)!r}, {TEMPORARY!r}))", deadline)
        try:
            found = Survey(**json.loads(said))
        except (TypeError, ValueError) as error:
            text = f"{self._repl.board}: said {said[:200]!r} when asked for its files"
            raise LinkError(f"{text}; is something of its firmware still printing?") from error
        self._can_look, self._inflates = True, found.inflates
        return found

    def restart(self, deadline: Deadline) -> None:
        """Clear away what the firmware has begun, by a soft reset."""
        self._repl.enter(soft_reset=True, within_s=deadline.remaining_s)
        self._can_look = False

    def begin(self, stale: Iterable[str], deadline: Deadline) -> None:
        """Get ready to write and remove, after :meth:`look`. The temporaries of ``stale`` files go."""
        code = [_WRITE if self._can_look else _LOOK + _WRITE]
        code += [f"os.remove({_absolute(path + TEMPORARY)!r})" for path in stale]
        self._exec("\n".join(code), deadline)

    def remove(self, path: str, deadline: Deadline) -> None:
        """Remove a file, and the folders that are empty then."""
        self._exec(f"remove({_absolute(path)!r})", deadline)

    def write(
        self, path: str, content: bytes, deadline: Deadline, progress: Callable[[int], None] = lambda _done: None
    ) -> None:
        """Write a file under another name, read it back, and give it its name.

        ``progress`` is told how many bytes of it the board has taken. Raises ``DeployError`` if it reads back
        differently.
        """
        target, expected = _absolute(path), sha256(content)
        writes = [
            f"file.write({_literal(content[position : position + _CHUNK_BYTES], self._inflates)})"
            for position in range(0, len(content), _CHUNK_BYTES)
        ]
        first, *rest = [f"start({target + TEMPORARY!r})", *writes]
        commands = [f"{first}\n{rest[0]}", *rest[1:]] if rest else [first]
        progress(0)
        for number, command in enumerate(commands[:-1], start=1):
            self._exec(command, deadline)
            progress(number * _CHUNK_BYTES)
        finish = f"print(finish({target!r}, {TEMPORARY!r}, {expected!r}))"
        found = self._exec(f"{commands[-1]}\n{finish}", deadline).strip()
        if found != expected:
            raise DeployError(
                f"{self._repl.board}: {path} reads back with SHA-256 {found} instead of {expected}; the old file was "
                "kept. Deploy again; if it happens again, the flash is worn out or the serial line loses bytes"
            )
        progress(len(content))

    def _exec(self, code: str, deadline: Deadline) -> str:
        # A board that hangs at one command is given up long before a deployment of many would be.
        return self._repl.exec(code, min(EXEC_WITHIN_S, deadline.remaining_s))


def sha256(content: bytes) -> str:
    """As :class:`Survey` has it of each file."""
    return hashlib.sha256(content).hexdigest()


def _literal(data: bytes, deflated: bool) -> str:
    """``data`` as an expression for the board, the shortest: as text, as base64, or if allowed ``deflated``."""
    expressions = [repr(data), f"a2b_base64({base64.b64encode(data)!r})"]
    if deflated:
        packer = zlib.compressobj(level=9, wbits=_WINDOW_BITS)
        packed = packer.compress(data) + packer.flush()
        expressions.append(f"inflate({base64.b64encode(packed)!r})")
    return min(expressions, key=len)


def _absolute(path: str) -> str:
    return "/" + path
