"""Error texts for what pydantic finds wrong with a section: they say what to do, and never show a secret."""

import re
import types
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from hil.config.registry import RegistryError, suggestion
from hil.config.sections import Scalar

Location = tuple[str | int, ...]
"""The place of a value in a file: the keys (and, in lists, the positions) that lead to it."""

_EXPECTED = {
    "bool": "true or false",
    "dict": "a mapping (key: value)",
    "float": "a number",
    "int": "a whole number",
    "list": "a list",
    "mapping": "a mapping (key: value)",
    "model": "a mapping (key: value)",
    "string": "a text",
    "tuple": "a list",
}


def describe(model: type[BaseModel], details: ErrorDetails, location: Location) -> str:
    """``what is wrong; what to do`` for one pydantic error within ``model``.

    ``location`` is its place in the file: pydantic's own location has more than the keys of the file.
    """
    kind, context = details["type"], details.get("ctx", {})
    last = str(details["loc"][-1]) if details["loc"] else ""
    if kind == "missing":
        where = f"in {_dotted(location)}" if location else "in this file"
        return f"'{last}' is missing {where}; add `{last}: …`"
    if kind == "extra_forbidden":
        where = f" in {_dotted(location[:-1])}" if location[:-1] else ""
        # The error of a section whose class is picked by its driver has the keys with it.
        known = context.get("known_keys") or _known_keys(model, details["loc"])
        return f"unknown key '{last}'{where}; {suggestion(last, known)}"
    if kind == "union_tag_not_found":
        key = str(context["discriminator"]).strip("'")
        return f"'{key}' is missing in {_dotted(location)}; add `{key}: …`"
    if isinstance(context.get("error"), RegistryError):
        return f"{_dotted(location)}: {context['error']}"
    return f"{_dotted(location)} {_fault(kind, context, details)}"


def _fault(kind: str, context: Mapping[str, Any], details: ErrorDetails) -> str:
    """What is wrong with a value, and what to do; follows its name. Shows only values that cannot hold a secret."""
    if kind == "union_tag_invalid":
        key = str(context["discriminator"]).strip("'")
        known = str(context["expected_tags"]).replace("'", "")
        return f"has an unknown {key} '{context['tag']}'; {suggestion(str(context['tag']), known.split(', '))}"
    if kind == "value_error":
        return str(context["error"])
    given = details["input"]
    shown = _kind_of(given)
    if isinstance(given, str):  # a key, if it is not a scalar
        shown = f"'{given.written if isinstance(given, Scalar) else given}'"
    if kind == "literal_error":
        known = re.sub(r"'| or ", lambda match: ", " if match[0] == " or " else "", str(context["expected"]))
        return f"is {shown}; {suggestion(str(given), known.split(', '))}"
    subject = kind.partition("_")[0]
    if subject in _EXPECTED and kind.endswith(("_type", "_parsing", "_from_float")):
        expected = _EXPECTED[subject]
        if subject in ("dict", "mapping", "model"):
            shown = _kind_of(given)
        return f"is {shown}, must be {expected}; write {expected} here"
    message = details["msg"].removeprefix("Input ")
    return f"is {shown} but {message}; correct the value"


def _kind_of(given: object) -> str:
    if given is None:
        return "empty"
    return {"dict": "a mapping", "list": "a list"}.get(type(given).__name__, "a single value")


def _dotted(location: Location) -> str:
    return ".".join(str(step) for step in location) or "the file"


def _known_keys(model: type[BaseModel], location: Sequence[str | int]) -> list[str]:
    """The keys of the section that holds ``location``, a pydantic error location within ``model``."""
    candidates: list[Any] = [model]
    for step in location[:-1]:
        candidates = [inner for candidate in candidates for inner in _enter(candidate, step)]
    fields = {field.alias or name: None for candidate in candidates for name, field in candidate.model_fields.items()}
    return list(fields)


def _enter(model: Any, step: str | int) -> Iterator[Any]:
    """What is at ``step`` within ``model``; the tag of a union selects among its members."""
    if not (isinstance(model, type) and issubclass(model, BaseModel)):
        # A mapping or a list: every entry is of the last type argument.
        yield from _members(get_args(model)[-1])
        return
    annotations = [field.annotation for field in model.model_fields.values()]
    # The tag first: a field may have the same name.
    if any(step in get_args(annotation) for annotation in annotations if get_origin(annotation) is Literal):
        yield model
        return
    for name, field in model.model_fields.items():
        if step == (field.alias or name):
            yield from _members(field.annotation)
            return


def _members(annotation: Any) -> Iterator[Any]:
    """The sections and containers that ``annotation`` allows."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _members(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for member in get_args(annotation):
            yield from _members(member)
    elif origin is not None or (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
        yield annotation
