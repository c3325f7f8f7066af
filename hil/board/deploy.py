"""Deploys files to a board: skips those that are there, verifies those that it writes, and survives a power cut."""

import hashlib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from hil.board.deploy_agent import DeployAgent, Survey, sha256
from hil.board.paths import DEPLOYMENT_RECORD, STARTED_BY_ITSELF
from hil.board.raw_repl import RawRepl, ReplError
from hil.bootsel import Progress
from hil.clock import Clock, Deadline
from hil.errors import DeployError, FlashFull, LinkError

DEPLOY_WITHIN_S = 60.0
"""Seconds of rig time for one deployment."""

_LOOK_WITHIN_S = 15.0
"""Seconds of rig time for the first survey, during which timers of the firmware may still be at work."""


@dataclass(frozen=True)
class Outcome:
    """What a deployment did to a board's flash."""

    written: tuple[str, ...]
    removed: tuple[str, ...]
    unchanged: int
    """Number of files that were there already with the same content."""

    def __str__(self) -> str:
        parts = [f"{self.unchanged} files unchanged"]
        parts += [f"wrote {', '.join(self.written)}"] if self.written else []
        parts += [f"removed {', '.join(self.removed)}"] if self.removed else []
        return "; ".join(parts)


def image_digest(image: Mapping[str, bytes]) -> str:
    """SHA-256 over all paths and contents of an image."""
    hashed = hashlib.sha256()
    for path, content in sorted(image.items()):
        hashed.update(f"{path}\0{len(content)}\0".encode())
        hashed.update(content)
    return hashed.hexdigest()


class Deployment:
    """Makes one board's flash hold an image.

    Power may fail at any instant: each file is then the old or the new one, and the next deployment completes the rest.
    Files that no deployment wrote (a user's data) are left alone. Files of an earlier deployment that the image does
    not have are removed, and so are boot.py and main.py, whatever wrote them.
    """

    def __init__(
        self,
        repl: RawRepl,
        image: Mapping[str, bytes],
        clock: Clock,
        progress: Progress = lambda _done, _total: None,
    ) -> None:
        """``image`` maps paths from the board's root to contents. ``repl`` has been entered already.

        ``progress`` is called with the bytes that the board has taken, and with the bytes of all files to be written.
        """
        self._board = repl.board
        self._agent = DeployAgent(repl)
        self._image = image
        self._clock = clock
        self._progress = progress

    def run(self, within_s: float = DEPLOY_WITHIN_S, *, soft_reset: bool = True) -> Outcome:
        """Deploy within ``within_s`` of rig time. Raises ``DeployError``.

        One command surveys the flash first; if it holds the image, nothing is written. Otherwise ``soft_reset`` stops
        the firmware's timers and threads before anything is written; without it the board should have just started.
        """
        deadline = self._clock.deadline(within_s)
        try:
            return self._run(deadline, soft_reset)
        except ReplError as error:
            raise self._failed_on_board(error) from error
        except LinkError as error:
            raise DeployError(f"{error}. The deployment is incomplete; deploy again to complete it") from error

    def _run(self, deadline: Deadline, soft_reset: bool) -> Outcome:
        found = self._look_at_running(deadline) if soft_reset else self._look(deadline)
        if found is not None and self._holds_image(found):
            return Outcome((), (), len(self._image))
        if soft_reset:
            self._agent.restart(deadline)
        return self._change(found or self._look(deadline), deadline)

    def _look_at_running(self, deadline: Deadline) -> Survey | None:
        """A survey beside a firmware that was interrupted; None if the firmware disturbed it."""
        try:
            return self._look(self._clock.deadline(min(_LOOK_WITHIN_S, deadline.remaining_s)))
        except (LinkError, ReplError):
            return None

    def _holds_image(self, found: Survey) -> bool:
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
        # Listed before they are written: a later deployment can then name every file that this one leaves if cut short.
        listed = sorted({*found.listed, *self._image})
        if listed != found.listed:
            self._agent.write(DEPLOYMENT_RECORD, _json(listed), deadline)
        for path in obsolete:
            self._agent.remove(path, deadline)
        total = sum(len(self._image[path]) for path in changed)
        sent = 0
        for path in changed:
            self._agent.write(path, self._image[path], deadline, partial(self._report, sent, total))
            sent += len(self._image[path])
        if listed != sorted(self._image):
            self._agent.write(DEPLOYMENT_RECORD, _json(sorted(self._image)), deadline)
        return Outcome(tuple(changed), tuple(obsolete), len(self._image) - len(changed))

    def _report(self, before: int, total: int, done: int) -> None:
        self._progress(before + done, total)

    def _look(self, deadline: Deadline) -> Survey:
        return self._agent.look(DEPLOYMENT_RECORD, [*self._image, *STARTED_BY_ITSELF], deadline)

    def _check_space(self, found: Survey, changed: list[str], obsolete: list[str]) -> None:
        """Raise ``FlashFull`` before anything is changed. A new file needs room beside the old one until the rename."""

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
            f"{self._board}: {reason}; every file is complete, but not all are new. Remove what is in the way "
            f"on the board and deploy again.\n{error.traceback}"
        )


def _json(paths: list[str]) -> bytes:
    return json.dumps(paths).encode()
