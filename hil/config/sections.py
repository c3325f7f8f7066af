"""Sections of files that users write: frozen pydantic models, and the scalars in them."""

from typing import Any

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """One mapping of a file that a user writes: immutable, and unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Scalar(str):
    """A value of a file, kept as text, because only the model knows its type.

    Where a serial number is expected, ``661e431188212345`` is one, and not a float.
    """

    written: str
    """The text before environment variables were expanded: the only one that may be shown."""
    expanded: tuple[str, ...] = ()
    """The values of environment variables in it, which may be secrets."""
    value: object
    """The value that YAML gives it: a number, a boolean or the text."""


def resolved(data: Any) -> Any:
    """``data`` with the types that YAML gives it, for places where any value is allowed."""
    if isinstance(data, Scalar):
        return data.value
    if isinstance(data, dict):
        return {str(key): resolved(value) for key, value in data.items()}
    if isinstance(data, list):
        return [resolved(value) for value in data]
    return data
