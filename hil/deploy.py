"""Files onto a board: skip what is there, verify what is written, and lose nothing to a power cut."""

import base64
import hashlib
import json
import math
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from hil.clock import Clock, Deadline
from hil.errors import DeployError, FlashFull, LinkError
from hil.raw_repl import EXEC_WITHIN_S, RawRepl, ReplError

DEPLOY_WITHIN_S = 60.0
"""Seconds of rig time for a whole deployment."""
MANIFEST = ".hil.json"
"""File on the board that lists what was deployed, so that what no longer belongs can be removed later."""
TEMPORARY = ".new"
"""Suffix under which a file is written and verified before it takes its name."""
STARTED_BY_ITSELF = ("boot.py", "main.py")
"""What a board runs unasked: always the image's, never somebody else's."""

_LOOK_WITHIN_S = 15.0
"""Seconds of rig time for hashing what is there, while the firmware may still have timers at work."""
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
class Outcome:
    """What a deployment did to a board's flash."""

    written: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int
    """Number of files that were there already, byte for byte."""

    def __str__(self) -> str:
        parts = [f"{self.unchanged} files unchanged"]
        parts += [f"wrote {', '.join(self.written)}"] if self.written else []
        parts += [f"removed {', '.join(self.removed)}"] if self.removed else []
        return "; ".join(parts)


@dataclass(frozen=True)
class _Survey:
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


def image_digest(image: Mapping[str, bytes]) -> str:
    """SHA-256 over all paths and contents of an image."""
    whole = hashlib.sha256()
    for path, content in sorted(image.items()):
        whole.update(f"{path}\0{len(content)}\0".encode())
        whole.update(content)
    return whole.hexdigest()


class Deployment:
    """Brings one board's flash to hold an image.

    Power may fail at any instant: each file then is the old or the new one, and the next deployment puts all right.
    Files that are nobody's business (a user's data) are left alone; files of an earlier deployment that the image
    does not have are removed, and so are boot.py and main.py, whoever put them there.
    """

    def __init__(self, repl: RawRepl, image: Mapping[str, bytes], clock: Clock) -> None:
        """``image`` maps paths from the board's root to contents. ``repl`` has been entered already."""
        self._repl = repl
        self._image = image
        self._clock = clock

    def run(self, within_s: float = DEPLOY_WITHIN_S, *, soft_reset: bool = True) -> Outcome:
        """Do it, within ``within_s`` of rig time. Raises ``DeployError``.

        What is there is looked at first, in one command, and left alone if it is right. Else ``soft_reset`` clears away
        what the firmware has begun, before anything is written; without it the board should just have been started.
        """
        deadline = self._clock.deadline(within_s)
        try:
            return self._run(deadline, soft_reset)
        except ReplError as error:
            raise self._failed_on_board(error) from error
        except LinkError as error:
            raise DeployError(f"{error}. The deployment did not end; deploy again to put the flash right") from error

    def _run(self, deadline: Deadline, soft_reset: bool) -> Outcome:
        found = self._look_at_running(deadline) if soft_reset else self._look(deadline)
        if found is not None and self._is_right(found):
            return Outcome((), (), len(self._image))
        if soft_reset:
            self._repl.enter(soft_reset=True, within_s=deadline.remaining_s)
        if found is None:
            found = self._look(deadline)
        elif soft_reset:
            # What it was shown by is gone with the reset, but is needed again.
            return self._change(found, _LOOK + _WRITE, deadline)
        return self._change(found, _WRITE, deadline)

    def _look_at_running(self, deadline: Deadline) -> _Survey | None:
        """What is there, seen beside a firmware that was interrupted and may still disturb: None if it did."""
        try:
            return self._look(self._clock.deadline(min(_LOOK_WITHIN_S, deadline.remaining_s)))
        except (LinkError, ReplError):
            return None

    def _is_right(self, found: _Survey) -> bool:
        return (
            not self._changed(found)
            and not self._obsolete(found)
            and found.listed == sorted(self._image)
            and all(size is None for size in found.stale.values())
        )

    def _changed(self, found: _Survey) -> list[str]:
        changed = [path for path, content in self._image.items() if found.digest[path] != _sha256(content)]
        return sorted(changed, key=lambda path: (path in STARTED_BY_ITSELF, path))

    def _obsolete(self, found: _Survey) -> list[str]:
        belongs = {*found.listed, *STARTED_BY_ITSELF} - self._image.keys()
        return sorted(path for path in belongs if found.size[path] is not None)

    def _change(self, found: _Survey, agent: str, deadline: Deadline) -> Outcome:
        changed, obsolete = self._changed(found), self._obsolete(found)
        self._check_space(found, changed, obsolete)
        stale = [_absolute(path + TEMPORARY) for path, size in found.stale.items() if size is not None]
        self._exec("\n".join([agent, *(f"os.remove({path!r})" for path in stale)]), deadline)
        # Listed before they are written: a deployment cut short leaves no file behind that a later one cannot name.
        listed = sorted({*found.listed, *self._image})
        if listed != found.listed:
            self._write(MANIFEST, _json(listed), found.inflates, deadline)
        for path in obsolete:
            self._exec(f"remove({_absolute(path)!r})", deadline)
        for path in changed:
            self._write(path, self._image[path], found.inflates, deadline)
        if listed != sorted(self._image):
            self._write(MANIFEST, _json(sorted(self._image)), found.inflates, deadline)
        return Outcome(tuple(changed), tuple(obsolete), len(self._image) - len(changed))

    def _look(self, deadline: Deadline) -> _Survey:
        paths = [*self._image, *STARTED_BY_ITSELF]
        said = self._exec(f"{_LOOK}print(survey({MANIFEST!r}, {paths!r}, {TEMPORARY!r}))", deadline)
        try:
            return _Survey(**json.loads(said))
        except (TypeError, ValueError) as error:
            text = f"{self._repl.board}: said {said[:200]!r} when asked for its files"
            raise LinkError(f"{text}; is something of its firmware still printing?") from error

    def _check_space(self, found: _Survey, changed: list[str], obsolete: list[str]) -> None:
        """Before anything is touched. Each file needs its room beside the old one, until it takes its name."""

        def room(size: int | None) -> int:
            return 0 if size is None else math.ceil(size / found.block) * found.block

        free = found.free + sum(map(room, found.stale.values())) + sum(room(found.size[path]) for path in obsolete)
        short = 0
        for path in changed:
            free -= room(len(self._image[path]))
            short = max(short, -free)
            free += room(found.size[path])
        if short:
            raise FlashFull(
                f"{self._repl.board}: the flash is too full: the image needs {found.free + short} bytes free, there "
                f"are {found.free}; nothing was changed. Remove files from the board, or make the firmware smaller"
            )

    def _failed_on_board(self, error: ReplError) -> DeployError:
        needed = sum(map(len, self._image.values()))
        full = re.search(r"OSError: (\[Errno )?28\b", error.traceback)
        reason = f"its flash is full: the image has {needed} bytes" if full else "its MicroPython raised"
        return (FlashFull if full else DeployError)(
            f"{self._repl.board}: {reason}; no file is half written, but not all are new. Remove what is in the way "
            f"on the board and deploy again.\n{error.traceback}"
        )

    def _write(self, path: str, content: bytes, inflates: bool, deadline: Deadline) -> None:
        target, expected = _absolute(path), _sha256(content)
        writes = [
            f"file.write({_literal(content[position : position + _CHUNK_BYTES], inflates)})"
            for position in range(0, len(content), _CHUNK_BYTES)
        ]
        # As few commands as can be: each costs a round trip.
        first, *rest = [f"start({target + TEMPORARY!r})", *writes]
        commands = [f"{first}\n{rest[0]}", *rest[1:]] if rest else [first]
        for command in commands[:-1]:
            self._exec(command, deadline)
        finish = f"print(finish({target!r}, {TEMPORARY!r}, {expected!r}))"
        found = self._exec(f"{commands[-1]}\n{finish}", deadline).strip()
        if found != expected:
            raise DeployError(
                f"{self._repl.board}: {path} reads back with SHA-256 {found} instead of {expected}; the old file was "
                "kept. Deploy again; if it happens again, the flash is worn out or the serial line loses bytes"
            )

    def _exec(self, code: str, deadline: Deadline) -> str:
        # A board that hangs at one command is given up long before a deployment of many would be.
        return self._repl.exec(code, min(EXEC_WITHIN_S, deadline.remaining_s))


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


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _json(paths: list[str]) -> bytes:
    return json.dumps(paths).encode()
