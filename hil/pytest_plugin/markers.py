"""The markers ``firmware`` and ``needs``: what a test asks of the rig, checked before any test runs."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Any

import pytest

from hil.errors import ConfigError

MARKERS = (
    "firmware(name): the app that the boards run in this test; they hold its files and are off when the test begins",
    "needs(clients=N, probe=True, faults=(...)): what this test uses of the rig; it is skipped on a rig that has less",
)
"""For ``pytest --markers``."""


_KNOWN = 'clients=N, probe=True, faults=("loss", …)'


@dataclass(frozen=True)
class Needs:
    """What a test needs of the rig: the keywords of ``needs(…)``, and their defaults."""

    clients: int | None = None
    """This many client boards; None for all that there are."""
    probe: bool = False
    faults: tuple[str, ...] = ()
    """The faults that it injects: names of methods of the fixture ``faults``."""


def firmware_of(item: pytest.Item) -> str | None:
    """The app that ``item`` is marked with, the closest marker first. Raises ``ConfigError``."""
    names = [_firmware_name(item, mark) for mark in item.iter_markers("firmware")]
    return names[0] if names else None


def needs_of(item: pytest.Item) -> Needs | None:
    """All ``needs`` markers of ``item`` together, or None. The closest to the test counts. Raises ``ConfigError``."""
    found: dict[str, Any] | None = None
    for mark in item.iter_markers("needs"):
        for problem in _problems(mark):
            raise ConfigError(f"{place_of(item)}: {_spelled(mark)}: {problem}; known: {_KNOWN}")
        found = {**mark.kwargs, **(found or {})}
    return None if found is None else Needs(**found)


def _firmware_name(item: pytest.Item, mark: pytest.Mark) -> str:
    if len(mark.args) != 1 or mark.kwargs or not isinstance(mark.args[0], str):
        raise ConfigError(f'{place_of(item)}: {_spelled(mark)}: takes the name of one app; write firmware("roles")')
    return mark.args[0]


def _problems(mark: pytest.Mark) -> Iterator[str]:
    known = [field.name for field in fields(Needs)]
    if mark.args:
        yield "takes keywords only"
    for name in mark.kwargs:
        if name not in known:
            yield f"unknown keyword '{name}'"
    # Exact types: True is an int in Python, but no number of clients.
    clients = mark.kwargs.get("clients", 1)
    if type(clients) is not int or clients < 1:
        yield f"clients={clients!r} must be a whole number from 1"
    probe = mark.kwargs.get("probe", False)
    if type(probe) is not bool:
        yield f"probe={probe!r} must be True or False"
    faults = mark.kwargs.get("faults", ())
    if type(faults) is not tuple:
        yield f"faults={faults!r} must be a tuple"
    elif faults:
        # Costly imports: only tests that name faults pay for them.
        from hil.config.registry import UnknownName
        from hil.faults.registry import FAULTS, fault_names

        names = fault_names()
        yield from (str(UnknownName(FAULTS.kind, name, names)) for name in faults if name not in names)


def place_of(item: pytest.Item) -> str:
    """File and line of a test, for error messages."""
    path, line, _ = item.location
    return path if line is None else f"{path}:{line + 1}"


def _spelled(mark: pytest.Mark) -> str:
    arguments = [repr(value) for value in mark.args] + [f"{name}={value!r}" for name, value in mark.kwargs.items()]
    return f"{mark.name}({', '.join(arguments)})"
