"""The models of firmware.yaml: which files an app consists of, and how to read its serial lines."""

import math
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from hil.config.rig_file import Name, Role
from hil.config.sections import Section, resolved

CONFIG_FILE = "config.json"
"""The file that the deployer writes onto each board, in addition to the app's own files."""

_OF_THE_RIG = ("password", "role", "ssid")


def _board_path(text: object) -> object:
    path = PurePosixPath(str(text))
    if path.is_absolute() or ".." in path.parts or str(path) != str(text) or not path.parts:
        raise ValueError(
            "is not a path on the board; write it relative to the root, without `.` and `..`, like `lib/picolink`"
        )
    if str(path) == CONFIG_FILE:
        raise ValueError("is written by the deployer; put its keys under `config:`")
    return text


def _pattern(given: object) -> object:
    try:
        return re.compile(str(given))
    except re.error as error:
        at = "" if error.pos is None else f" at character {error.pos + 1} of {str(given)!r}"
        fix = "correct it, and quote it with single quotes"
        raise ValueError(f"is not a regular expression: {error.msg}{at}; {fix}") from error


def _number(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError("is not a finite number; write a number of seconds, bytes or tries")
    return number


def _config_key(text: object) -> object:
    if text in _OF_THE_RIG:
        raise ValueError("comes from the rig; remove it here")
    return text


def _paths(given: object) -> object:
    return [given] if isinstance(given, str) else given


Number = Annotated[float, AfterValidator(_number)]
Pattern = Annotated[re.Pattern[str], BeforeValidator(_pattern)]


class RoleSection(Section):
    """One firmware role."""

    files: Mapping[Annotated[str, BeforeValidator(_board_path)], str] = Field(min_length=1)
    """Path on the board, and the file or folder to copy there, relative to firmware.yaml."""


class ManifestSection(Section):
    """A firmware.yaml as written, before its includes are merged."""

    app: Name
    description: str
    include: Annotated[tuple[str, ...], BeforeValidator(_paths)] = ()
    """Paths of files with an ``IncludedSection``, relative to firmware.yaml. One path may be written without a list."""
    roles: Mapping[Role, RoleSection] = Field(min_length=1)
    config: Mapping[Annotated[str, BeforeValidator(_config_key)], Annotated[Any, BeforeValidator(resolved)]] = {}
    timing: Mapping[str, Number] = {}
    """Constants that tests may read, by name. A name ends in its unit."""
    events: Mapping[Name, Pattern] = {}
    """Event names, and what is searched for in each serial line."""


class IncludedSection(Section):
    """A file that several firmware.yaml include: what their apps have in common."""

    timing: Mapping[str, Number] = {}
    """Constants that tests may read, by name. A name ends in its unit."""
    events: Mapping[Name, Pattern] = {}
    """Event names, and what is searched for in each serial line."""
