"""YAML files that users write: read with line numbers, checked against a model, all problems reported at once."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from hil.config.section_errors import Location, describe
from hil.config.sections import Scalar
from hil.errors import ConfigError

Model = TypeVar("Model", bound=BaseModel)

_VARIABLE = re.compile(r"\$\$\{|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)\})?")
# Dates, and YAML's rare "=" and "<<", stay text.
_TEXT_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("merge", "str", "timestamp", "value"))


@dataclass(frozen=True)
class Problem:
    """One mistake in a file."""

    location: Location
    text: str
    """What is wrong, a semicolon, what to do."""
    line: int = 0
    """Its line; 0: that of ``location``."""


class YamlSource:
    """One YAML file. ``${NAME}`` in a value is replaced from ``environ`` when one is given; ``$${`` stands for ``${``.

    Raises ``ConfigError`` when the file cannot be read or is not YAML; :meth:`validate` reports anything else.
    """

    def __init__(self, path: Path, environ: Mapping[str, str] | None = None) -> None:
        self.path = path
        self._environ = environ
        self._lines: dict[Location, int] = {(): 1}
        self._problems: list[Problem] = []
        self._yaml = YAML(typ="safe", pure=True)
        root = self._compose()
        self.data = None if root is None else self._construct(root, (), ())

    def line(self, location: Location) -> int:
        """The line of ``location``, or of the nearest section around it."""
        return self._lines[self._known(location)]

    def validate(self, model: type[Model]) -> Model:
        """The file as ``model``. Raises one ``ConfigError`` that lists all problems."""
        problems = list(self._problems)
        try:
            valid = model.model_validate(self.data)
        except ValidationError as error:
            # Do not report a value twice.
            seen = {problem.location for problem in problems}
            found = (self._translate(model, details) for details in error.errors(include_url=False))
            problems += [problem for problem in found if problem.location not in seen]
        if problems:
            raise self.error(problems)
        return valid

    def error(self, problems: Sequence[Problem]) -> ConfigError:
        """The error to raise for ``problems``: one line each, ``file:line: what is wrong; what to do``."""
        lines = [(problem.line or self.line(problem.location), problem.text) for problem in problems]
        return ConfigError("\n".join(f"{self.path}:{line}: {text}" for line, text in sorted(lines)))

    def _compose(self) -> Node | None:
        try:
            text = self.path.read_text(encoding="utf-8")
            root: Node | None = self._yaml.compose(text)
        except OSError as error:
            raise ConfigError(f"{self.path}: cannot be read ({error.strerror}); check path and rights") from error
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise ConfigError(f"{self.path}:{line}: is not UTF-8; save the file as UTF-8") from error
        except YAMLError as error:
            # The cause is not chained, and long quotations are cut: both may show a password.
            mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
            line = mark.line if mark else 0
            what = str(error.problem) if isinstance(error, MarkedYAMLError) else "unreadable character"
            what = re.sub(r"'[^'\s<>]{2,}'", "…", what)
            fix = "check indentation, colons, quotes and brackets at this line and the one before"
            if "${" in "".join(text.splitlines()[line : line + 1]):
                fix = 'inside of {…} and […] a variable needs quotes: "${NAME}"'
            raise ConfigError(f"{self.path}:{line + 1}: not valid YAML: {what}; {fix}") from None
        return root

    def _construct(self, node: Node, location: Location, parents: tuple[Node, ...]) -> Any:
        if any(node is parent for parent in parents):
            self._problems.append(Problem(location, "a section contains itself; write it out instead of the alias"))
            return None
        if isinstance(node, MappingNode):
            return self._construct_mapping(node, location, (*parents, node))
        if isinstance(node, SequenceNode):
            items = []
            for index, item in enumerate(node.value):
                self._lines[*location, index] = item.start_mark.line + 1
                items.append(self._construct(item, (*location, index), (*parents, node)))
            return items
        return self._construct_scalar(node, location)

    def _construct_mapping(self, node: MappingNode, location: Location, parents: tuple[Node, ...]) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode):
                self._problems.append(Problem(location, "a key is not plain text; write `name: value`", line))
                continue
            key = str(key_node.value)
            if key in mapping:
                first = self._lines[*location, key]
                text = f"'{key}' is there twice, first in line {first}; remove or rename one of them"
                self._problems.append(Problem((*location, key), text, line))
                continue
            self._lines[*location, key] = line
            mapping[key] = self._construct(value_node, (*location, key), parents)
        return mapping

    def _construct_scalar(self, node: Node, location: Location) -> Scalar | None:
        value: object = node.value
        if node.tag not in _TEXT_TAGS:
            try:
                value = self._yaml.constructor.construct_object(node)
            except (YAMLError, ValueError):
                text = "a YAML tag (`!…`) that is unknown here, or does not fit; put the value into quotes"
                self._problems.append(Problem(location, text))
                return None
        if value is None:
            return None
        written = str(node.value)
        expanded: list[str] = []
        scalar = Scalar(self._expand(written, location, expanded))
        scalar.written = written
        scalar.expanded = tuple(expanded)
        scalar.value = value if scalar == written else str(scalar)
        return scalar

    def _expand(self, written: str, location: Location, expanded: list[str]) -> str:
        """``written`` with the values of its variables, which are added to ``expanded``."""
        environ = self._environ
        if environ is None:
            return written

        def replacement(match: re.Match[str]) -> str:
            if match[0] == "$${":
                return "${"
            name = match[1]
            if name is None:
                text = "`${` is not followed by `NAME}`; write ${NAME}, or $${ for these two characters themselves"
                self._problems.append(Problem(location, text))
            elif name not in environ:
                text = f"environment variable {name} is not set; run `export {name}=…` before pytest"
                self._problems.append(Problem(location, text))
            else:
                expanded.append(environ[name])
                return environ[name]
            return match[0]

        return _VARIABLE.sub(replacement, written)

    def _known(self, location: Location) -> Location:
        # pydantic's locations hold more than keys of the file: the driver of a union, "[key]", a missing field.
        known: Location = ()
        for step in location:
            if (*known, step) in self._lines:
                known = (*known, step)
        return known

    def _translate(self, model: type[BaseModel], details: ErrorDetails) -> Problem:
        location = self._known(details["loc"])
        return Problem(location, describe(model, details, location))
