"""Sections of files that users write: frozen pydantic models, and the scalars that fill them."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One mapping of a file that a user writes: unknown keys are errors, and nothing changes it once it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Scalar(str):
    """A value of a file, kept as text, since only the model knows what it is.

    ``661e431188212345`` is a serial number where one is expected, and no float.
    """

    written: str
    """The text before environment variables were expanded: the only one that may be shown."""
    expanded: tuple[str, ...] = ()
    """What environment variables put into it: secrets, as likely as not."""
    value: object
    """What YAML takes it for: a number, a truth value or the text."""


def resolved(data: Any) -> Any:
    """``data`` as YAML types it, for the places where any value is welcome."""
    if isinstance(data, Scalar):
        return data.value
    if isinstance(data, dict):
        return {str(key): resolved(value) for key, value in data.items()}
    if isinstance(data, list):
        return [resolved(value) for value in data]
    return data
