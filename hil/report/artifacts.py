"""The files that each test leaves: made by the built-in artifacts, and by those of installed packages.

Nothing in the built-in ones depends on the host: no time of day, no absolute path. The same seed gives the same bytes.
"""

import hashlib
import re
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from traceback import format_exception

from hil.config.registry import Registry, subclass_of
from hil.report.artifact import Artifact, ArtifactFile, RecordedTest
from hil.report.kernel_watch import KERNEL_LOG_FILE

ARTIFACTS = Registry[type[Artifact]](
    kind="artifact",
    group="pico_hil.artifacts",
    built_in={
        "timeline-picture": "hil.report.built_in_artifacts.TimelinePicture",
        "timeline": "hil.report.built_in_artifacts.TimelineText",
        "serial-logs": "hil.report.built_in_artifacts.SerialLogs",
        "measurements": "hil.report.built_in_artifacts.Measurements",
        "packets": "hil.report.built_in_artifacts.PacketCapture",
    },
    requirement=subclass_of(Artifact),
)
"""The most informative first: reports show them in this order."""

MAX_NAME_LENGTH = 120
"""Characters; longer folder names are cut. File systems end at 255 bytes, readability before that."""

_SPECIAL = re.compile(r"[^A-Za-z0-9._\[\]=-]+")
"""Characters that are special to file systems or shells, or may be."""


class ArtifactWarning(UserWarning):
    """An artifact could not be made."""


def all_artifacts() -> dict[str, type[Artifact]]:
    """Every artifact by name. Reads the metadata of installed packages: call it once per run.

    Raises ``BrokenEntryPoint``.
    """
    return {name: ARTIFACTS.load(name) for name in ARTIFACTS.in_table_order}


def folder_name(nodeid: str) -> str:
    """A folder name for a test, such as ``testplans.test_roles.test_order[3]``.

    Characters that are special to file systems or shells are replaced; a digest keeps such names unique.
    """
    path, _, test = nodeid.partition("::")
    plain = f"{path.removesuffix('.py').replace('/', '.')}.{test.replace('::', '.')}"
    name = _SPECIAL.sub("_", plain)[:MAX_NAME_LENGTH].lstrip(".")
    return name if name == plain else f"{name}-{hashlib.sha256(nodeid.encode()).hexdigest()[:8]}"


def artifacts_of(test: RecordedTest, artifacts: Mapping[str, type[Artifact]]) -> list[ArtifactFile]:
    """The files that ``artifacts`` make of ``test``, without secrets.

    An artifact that raises is an ``ArtifactWarning``, and has a file with the traceback.
    """
    found: dict[str, ArtifactFile] = {}
    for name, artifact in artifacts.items():
        try:
            found |= _made(artifact, test, found)
        except Exception as error:  # noqa: BLE001  # whatever is wrong with one, the others are worth their files
            failure = _failure(name, error)
            found[failure.file] = _clean(failure, test)
            _warn(f"artifact '{name}' ({artifact.__module__}.{artifact.__qualname__})", error, failure.file, test)
    return list(found.values())


def write_artifacts(folder: Path, files: Iterable[ArtifactFile]) -> None:
    """Write the files of one test into ``folder``, in place of all that an earlier run left there."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        if old.is_file():
            old.unlink()
    for file in files:
        (folder / file.file).write_bytes(_encoded(file.content))


def _made(artifact: type[Artifact], test: RecordedTest, present: Mapping[str, ArtifactFile]) -> dict[str, ArtifactFile]:
    made: dict[str, ArtifactFile] = {}
    for file in artifact().files(test):
        if not file.file or file.file.startswith(".") or Path(file.file).name != file.file:
            raise ValueError(f"{file.file!r} is not the name of a file in the folder of the test; give a plain name")
        if file.file in present or file.file in made or file.file == KERNEL_LOG_FILE:
            raise ValueError(f"there is another artifact with the name {file.file!r}; choose one of your own")
        made[file.file] = _clean(file, test)
    return made


def _clean(file: ArtifactFile, test: RecordedTest) -> ArtifactFile:
    content = file.content
    clean = test.redact_bytes(content) if isinstance(content, bytes) else _encoded(test.redact(content))
    return replace(file, content=clean)


def _encoded(content: str | bytes) -> bytes:
    # Not text mode: every host must write the same line ends.
    return content if isinstance(content, bytes) else content.encode("utf-8", "backslashreplace")


def _failure(name: str, error: Exception) -> ArtifactFile:
    text = "".join(format_exception(error))
    return ArtifactFile(f"{_SPECIAL.sub('_', name).lstrip('.')}.error.txt", f"{name} (error)", "text/plain", text)


def _warn(artifact: str, error: Exception, file: str, test: RecordedTest) -> None:
    text = f"{artifact} raised {type(error).__name__}: {error}; see {file} among the artifacts of {test.nodeid}"
    with warnings.catch_warnings():
        # Where warnings are errors too: the other files must be written.
        warnings.simplefilter("always", ArtifactWarning)
        warnings.warn(test.redact(text), ArtifactWarning, stacklevel=3)
