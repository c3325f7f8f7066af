"""firmware.yaml as it is written: what an app is made of, and how its serial lines are to be read."""

import math
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from hil.config.rig_file import Name, Role
from hil.config.sections import Section, resolved

CONFIG_FILE = "config.json"
"""What the deployer writes onto each board beside the app's own files."""

_OF_THE_RIG = ("password", "role", "ssid")


def _board_path(text: object) -> object:
    path = PurePosixPath(str(text))
    if path.is_absolute() or ".." in path.parts or str(path) != str(text) or not path.parts:
        raise ValueError("is no path on the board; write it relative to the root and plain, like `lib/picolink`")
    if str(path) == CONFIG_FILE:
        raise ValueError("is written by the deployer; put what belongs into it under `config:`")
    return text


def _pattern(given: object) -> object:
    try:
        return re.compile(str(given))
    except re.error as error:
        at = "" if error.pos is None else f" at character {error.pos + 1} of {str(given)!r}"
        fix = "correct it, and keep it in single quotes"
        raise ValueError(f"is no regular expression: {error.msg}{at}; {fix}") from error


def _number(number: float) -> float:
    if not math.isfinite(number):
        raise ValueError("is no finite number; write a number of seconds, bytes or tries")
    return number


def _config_key(text: object) -> object:
    if text in _OF_THE_RIG:
        raise ValueError("comes from the rig; remove it here")
    return text


class RoleSection(Section):
    """One firmware role."""

    files: Mapping[Annotated[str, BeforeValidator(_board_path)], str] = Field(min_length=1)
    """Path on the board: path beside firmware.yaml. A folder is copied whole."""


class ManifestSection(Section):
    """A whole firmware.yaml as written."""

    app: Name
    description: str
    roles: Mapping[Role, RoleSection] = Field(min_length=1)
    config: Mapping[Annotated[str, BeforeValidator(_config_key)], Annotated[Any, BeforeValidator(resolved)]] = {}
    timing: Mapping[str, Annotated[float, AfterValidator(_number)]] = {}
    events: Mapping[Name, Annotated[re.Pattern[str], BeforeValidator(_pattern)]] = {}
