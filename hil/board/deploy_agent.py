"""The host's end of the programs ``deploy_survey`` and ``deploy_write``, which run on a board during a deployment."""

import base64
import hashlib
import json
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from hil.board.paths import TEMPORARY_SUFFIX
from hil.board.raw_repl import EXEC_WITHIN_S, RawRepl
from hil.clock import Deadline
from hil.errors import DeployError, LinkError
from hil.on_board import call, source_of

_CHUNK_BYTES = 4096
"""How much of a file one command carries. The board compiles the command, which takes a multiple of that in heap."""
_WINDOW_BITS = 10
"""The board inflates with 1 KB of its heap."""


@dataclass(frozen=True)
class Survey:
    """What a board's flash holds of the files that a deployment is about."""

    inflates: bool
    """Whether its MicroPython can inflate: builds before 1.21 cannot."""
    listed: list[str]
    """Files of earlier deployments."""
    free: int
    """Bytes free."""
    block: int
    """Bytes per block: a file takes a whole number of them."""
    size: dict[str, int | None]
    """Bytes per file; None where there is none."""
    stale: dict[str, int | None]
    """Bytes of each file's temporary, which a deployment that was cut short has left; None where there is none."""
    digest: dict[str, str | None]
    """SHA-256 per file in hexadecimal digits; None where there is none."""


class DeployAgent:
    """Reads, writes and removes files of a board in as few commands as possible: each costs a round trip.

    Paths are those of an image, from the board's root. Every method raises ``ReplError`` for an exception on the board
    and ``LinkError`` for a board that does not answer.
    """

    def __init__(self, repl: RawRepl) -> None:
        """``repl`` has been entered already."""
        self._repl = repl
        self._has_survey = False
        self._inflates = False

    def look(self, manifest: str, paths: Iterable[str], deadline: Deadline) -> Survey:
        """Survey ``paths``, and the files that the file ``manifest`` lists."""
        survey = call("survey", manifest, list(paths), TEMPORARY_SUFFIX)
        answer = self._exec(f"{source_of('deploy_survey')}print({survey})", deadline)
        try:
            found = Survey(**json.loads(answer))
        except (TypeError, ValueError) as error:
            text = f"{self._repl.board}: answered {answer[:200]!r} when asked for its files"
            raise LinkError(f"{text}; is something of its firmware still printing?") from error
        self._has_survey, self._inflates = True, found.inflates
        return found

    def restart(self, deadline: Deadline) -> None:
        """Stop timers and threads of the firmware and free its heap, by a soft reset."""
        self._repl.enter(soft_reset=True, within_s=deadline.remaining_s)
        self._has_survey = False

    def begin(self, stale: Iterable[str], deadline: Deadline) -> None:
        """Prepare to write and remove, after :meth:`look`. Removes the temporaries of ``stale`` files."""
        survey = "" if self._has_survey else source_of("deploy_survey")
        removals = [call("os.remove", _absolute(path + TEMPORARY_SUFFIX)) for path in stale]
        self._exec("\n".join([survey + source_of("deploy_write"), *removals]), deadline)

    def remove(self, path: str, deadline: Deadline) -> None:
        """Remove a file, and the folders that are empty then."""
        self._exec(call("remove", _absolute(path)), deadline)

    def write(
        self, path: str, content: bytes, deadline: Deadline, progress: Callable[[int], None] = lambda _done: None
    ) -> None:
        """Write a file under another name, read it back, and rename it.

        ``progress`` is called with the number of its bytes that the board has taken. Raises ``DeployError`` if the file
        reads back differently.
        """
        target, expected = _absolute(path), sha256(content)
        writes = [
            f"file.write({_literal(content[position : position + _CHUNK_BYTES], self._inflates)})"
            for position in range(0, len(content), _CHUNK_BYTES)
        ]
        first, *rest = [call("start", target + TEMPORARY_SUFFIX), *writes]
        commands = [f"{first}\n{rest[0]}", *rest[1:]] if rest else [first]
        progress(0)
        for number, command in enumerate(commands[:-1], start=1):
            self._exec(command, deadline)
            progress(number * _CHUNK_BYTES)
        finish = call("finish", target, TEMPORARY_SUFFIX, expected)
        found = self._exec(f"{commands[-1]}\nprint({finish})", deadline).strip()
        if found != expected:
            raise DeployError(
                f"{self._repl.board}: {path} reads back with SHA-256 {found} instead of {expected}; the old file was "
                "kept. Deploy again; if it happens again, the flash is worn out or the serial line loses bytes"
            )
        progress(len(content))

    def _exec(self, code: str, deadline: Deadline) -> str:
        # A board that hangs at one command is given up long before the deadline of a deployment of many.
        return self._repl.exec(code, min(EXEC_WITHIN_S, deadline.remaining_s))


def sha256(content: bytes) -> str:
    """The SHA-256 of ``content``, as in :attr:`Survey.digest`."""
    return hashlib.sha256(content).hexdigest()


def _literal(data: bytes, deflated: bool) -> str:
    """The shortest expression for ``data``: its ``repr``, base64, or if allowed base64 of it ``deflated``."""
    expressions = [repr(data), f"a2b_base64({base64.b64encode(data)!r})"]
    if deflated:
        packer = zlib.compressobj(level=9, wbits=_WINDOW_BITS)
        packed = packer.compress(data) + packer.flush()
        expressions.append(f"inflate({base64.b64encode(packed)!r})")
    return min(expressions, key=len)


def _absolute(path: str) -> str:
    return "/" + path
