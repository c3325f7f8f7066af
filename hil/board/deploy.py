"""Files onto a board: skip what is there, verify what is written, and lose nothing to a power cut."""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from hil.board.deploy_agent import DeployAgent, Survey, sha256
from hil.board.paths import MANIFEST, STARTED_BY_ITSELF
from hil.board.raw_repl import RawRepl, ReplError
from hil.bootsel import Progress
from hil.clock import Clock, Deadline
from hil.errors import DeployError, FlashFull, LinkError

DEPLOY_WITHIN_S = 60.0
"""Seconds of rig time for a whole deployment."""

_LOOK_WITHIN_S = 15.0
"""Seconds of rig time for hashing what is there, while the firmware may still have timers at work."""


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

    def __init__(
        self,
        repl: RawRepl,
        image: Mapping[str, bytes],
        clock: Clock,
        progress: Progress = lambda _done, _total: None,
    ) -> None:
        """``image`` maps paths from the board's root to contents. ``repl`` has been entered already.

        ``progress`` is told how many bytes of the files that have to be written the board has taken.
        """
        self._board = repl.board
        self._agent = DeployAgent(repl)
        self._image = image
        self._clock = clock
        self._progress = progress

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
            self._agent.restart(deadline)
        return self._change(found or self._look(deadline), deadline)

    def _look_at_running(self, deadline: Deadline) -> Survey | None:
        """What is there, seen beside a firmware that was interrupted and may still disturb: None if it did."""
        try:
            return self._look(self._clock.deadline(min(_LOOK_WITHIN_S, deadline.remaining_s)))
        except (LinkError, ReplError):
            return None

    def _is_right(self, found: Survey) -> bool:
        return (
            not self._changed(found)
            and not self._obsolete(found)
            and found.listed == sorted(self._image)
            and all(size is None for size in found.stale.values())
        )

    def _changed(self, found: Survey) -> list[str]:
        changed = [path for path, content in self._image.items() if found.digest[path] != sha256(content)]
        return sorted(changed, key=lambda path: (path in STARTED_BY_ITSELF, path))

    def _obsolete(self, found: Survey) -> list[str]:
        belongs = {*found.listed, *STARTED_BY_ITSELF} - self._image.keys()
        return sorted(path for path in belongs if found.size[path] is not None)

    def _change(self, found: Survey, deadline: Deadline) -> Outcome:
        changed, obsolete = self._changed(found), self._obsolete(found)
        self._check_space(found, changed, obsolete)
        self._agent.begin([path for path, size in found.stale.items() if size is not None], deadline)
        # Listed before they are written: a deployment cut short leaves no file behind that a later one cannot name.
        listed = sorted({*found.listed, *self._image})
        if listed != found.listed:
            self._agent.write(MANIFEST, _json(listed), deadline)
        for path in obsolete:
            self._agent.remove(path, deadline)
        total = sum(len(self._image[path]) for path in changed)
        sent = 0
        for path in changed:
            self._agent.write(path, self._image[path], deadline, partial(self._tell, sent, total))
            sent += len(self._image[path])
        if listed != sorted(self._image):
            self._agent.write(MANIFEST, _json(sorted(self._image)), deadline)
        return Outcome(tuple(changed), tuple(obsolete), len(self._image) - len(changed))

    def _tell(self, before: int, total: int, done: int) -> None:
        self._progress(before + done, total)

    def _look(self, deadline: Deadline) -> Survey:
        return self._agent.look(MANIFEST, [*self._image, *STARTED_BY_ITSELF], deadline)

    def _check_space(self, found: Survey, changed: list[str], obsolete: list[str]) -> None:
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
                f"{self._board}: the flash is too full: the image needs {found.free + short} bytes free, there "
                f"are {found.free}; nothing was changed. Remove files from the board, or make the firmware smaller"
            )

    def _failed_on_board(self, error: ReplError) -> DeployError:
        needed = sum(map(len, self._image.values()))
        full = re.search(r"OSError: (\[Errno )?28\b", error.traceback)
        reason = f"its flash is full: the image has {needed} bytes" if full else "its MicroPython raised"
        return (FlashFull if full else DeployError)(
            f"{self._board}: {reason}; no file is half written, but not all are new. Remove what is in the way "
            f"on the board and deploy again.\n{error.traceback}"
        )


def _json(paths: list[str]) -> bytes:
    return json.dumps(paths).encode()
