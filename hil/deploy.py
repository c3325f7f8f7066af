"""Files onto a board: skip what is there, verify what is written, and lose nothing to a power cut."""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

from hil.clock import Clock, Deadline
from hil.errors import DeployError, LinkError
from hil.raw_repl import RawRepl, ReplError

DEPLOY_WITHIN_S = 60.0
"""Seconds of rig time for a whole deployment."""
MANIFEST = ".hil.json"
"""File on the board that lists what was deployed, so that what no longer belongs can be removed later."""
TEMPORARY = ".new"
"""Suffix under which a file is written and verified before it takes its name."""
STARTED_BY_ITSELF = ("boot.py", "main.py")
"""What a board runs unasked: always the image's, never somebody else's."""

_CHUNK_BYTES = 2048
"""How much of a file one command carries: the board compiles the command, so it takes a multiple of that in heap."""

# Runs on the board, in at most a few kilobytes of its heap. The functions stay defined for the commands that follow.
_AGENT = """
import gc, hashlib, json, os
from binascii import hexlify
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
    return json.dumps({'listed': listed, 'free': flash[0] * flash[3], 'block': flash[0],
        'size': {path: size('/' + path) for path in paths},
        'stale': {path: size('/' + path + temporary) for path in paths + [manifest]},
        'digest': {path: digest('/' + path) for path in paths}})
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
gc.collect()
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

    def run(self, within_s: float = DEPLOY_WITHIN_S) -> Outcome:
        """Do it, within ``within_s`` of rig time. Raises ``DeployError``."""
        deadline = self._clock.deadline(within_s)
        try:
            return self._run(deadline)
        except ReplError as error:
            raise self._failed_on_board(error) from error
        except LinkError as error:
            raise DeployError(f"{error}. The deployment did not end; deploy again to put the flash right") from error

    def _run(self, deadline: Deadline) -> Outcome:
        self._exec(_AGENT, deadline)
        found = self._survey(deadline)
        changed = [path for path, content in self._image.items() if found.digest[path] != _sha256(content)]
        changed.sort(key=lambda path: (path in STARTED_BY_ITSELF, path))
        belongs = {*found.listed, *STARTED_BY_ITSELF} - self._image.keys()
        obsolete = sorted(path for path in belongs if found.size[path] is not None)
        self._check_space(found, changed, obsolete)
        for path, size in found.stale.items():
            if size is not None:
                self._exec(f"os.remove({_absolute(path + TEMPORARY)!r})", deadline)
        # Listed before they are written: a deployment cut short leaves no file behind that a later one cannot name.
        listed = sorted({*found.listed, *self._image})
        if listed != found.listed:
            self._write(MANIFEST, _json(listed), deadline)
        for path in obsolete:
            self._exec(f"remove({_absolute(path)!r})", deadline)
        for path in changed:
            self._write(path, self._image[path], deadline)
        if listed != sorted(self._image):
            self._write(MANIFEST, _json(sorted(self._image)), deadline)
        return Outcome(tuple(changed), tuple(obsolete), len(self._image) - len(changed))

    def _survey(self, deadline: Deadline) -> _Survey:
        paths = [*self._image, *STARTED_BY_ITSELF]
        return _Survey(**json.loads(self._exec(f"print(survey({MANIFEST!r}, {paths!r}, {TEMPORARY!r}))", deadline)))

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
            raise DeployError(
                f"{self._repl.board}: the flash is too full: the image needs {found.free + short} bytes free, there "
                f"are {found.free}; nothing was changed. Remove files from the board, or make the firmware smaller"
            )

    def _failed_on_board(self, error: ReplError) -> DeployError:
        needed = sum(map(len, self._image.values()))
        full = re.search(r"OSError: (\[Errno )?28\b", error.traceback)
        reason = f"its flash is full: the image has {needed} bytes" if full else "its MicroPython raised"
        return DeployError(
            f"{self._repl.board}: {reason}; no file is half written, but not all are new. Remove what is in the way "
            f"on the board and deploy again.\n{error.traceback}"
        )

    def _write(self, path: str, content: bytes, deadline: Deadline) -> None:
        target = _absolute(path)
        self._exec(f"start({target + TEMPORARY!r})", deadline)
        for position in range(0, len(content), _CHUNK_BYTES):
            self._exec(f"file.write({content[position : position + _CHUNK_BYTES]!r})", deadline)
        expected = _sha256(content)
        found = self._exec(f"print(finish({target!r}, {TEMPORARY!r}, {expected!r}))", deadline).strip()
        if found != expected:
            raise DeployError(
                f"{self._repl.board}: {path} reads back with SHA-256 {found} instead of {expected}; the old file was "
                "kept. Deploy again; if it happens again, the flash is worn out or the serial line loses bytes"
            )

    def _exec(self, code: str, deadline: Deadline) -> str:
        return self._repl.exec(code, deadline.remaining_s)


def _absolute(path: str) -> str:
    return "/" + path


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _json(paths: list[str]) -> bytes:
    return json.dumps(paths).encode()
