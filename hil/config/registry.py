"""Registries: what a name in a file or on a command line stands for, ours by a table and others' by entry points.

Each kind of extension (power drivers, board types, …) is one :class:`Registry`. A built-in object is imported when it
is first looked up, so a rig pays only for what it names. Installed packages add to a registry with entry points of
its group: the entry point's name is the name that users write, its value the object.
"""

import difflib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pydoc import locate
from typing import Generic, TypeVar, cast

from hil.errors import ConfigError

T = TypeVar("T")


class RegistryError(ConfigError, ValueError):
    """A name cannot be looked up. The text says why, without ``file:line:``, which the reader of a file adds.

    It is a ``ValueError`` too, so that pydantic reports it as a problem of the value that it validates.
    """


class UnknownName(RegistryError):
    """Nothing has this name. The text suggests the nearest known name and lists all of them."""

    def __init__(self, kind: str, name: str, known: Sequence[str]) -> None:
        super().__init__(f"unknown {kind} '{name}'; {suggestion(name, known)}")
        self.name = name
        self.known = tuple(known)


class BrokenEntryPoint(RegistryError):
    """A name is registered by an installed package, but unusable. The text names the package."""


OnBroken = Callable[[BrokenEntryPoint], object]
"""Called with the error of a name that cannot be used."""


@dataclass(frozen=True)
class Requirement:
    """What every object of a registry must be."""

    text: str
    """To follow "is not": ``a subclass of hil.power.HubSection``."""
    is_met_by: Callable[[object], bool]


def subclass_of(base: type) -> Requirement:
    """The registered objects are classes derived from ``base``."""
    name = f"{base.__module__}.{base.__qualname__}"
    return Requirement(f"a subclass of {name}", lambda found: isinstance(found, type) and issubclass(found, base))


def instance_of(base: type) -> Requirement:
    """The registered objects are instances of ``base``."""
    return Requirement(f"an instance of {base.__module__}.{base.__qualname__}", lambda found: isinstance(found, base))


CALLABLE = Requirement("callable", callable)
"""The registered objects are functions or classes of any kind."""


@dataclass(frozen=True)
class Registry(Generic[T]):
    """Objects of one kind by name: for example ``Registry[type[HubSection]]``."""

    kind: str
    """What one of them is called in error texts, such as ``driver``."""
    group: str
    """The entry-point group of other packages, such as ``pico_hil.power``."""
    built_in: Mapping[str, str]
    """The dotted path of each object of ours, such as ``{"ssh": "hil.power.ssh.SshHub"}``."""
    requirement: Requirement
    """Checked for objects of other packages. The built-in ones have tests."""
    own_name: Callable[[T], str] | None = None
    """For objects that know their name: it must be the registered one. Checked for objects of other packages."""

    @property
    def in_table_order(self) -> tuple[str, ...]:
        """Every known name: the built-in ones in the order of their table, then those of packages, sorted."""
        return (*self.built_in, *(name for name in self.names if name not in self.built_in))

    @property
    def names(self) -> tuple[str, ...]:
        """Every known name, sorted. Reads the metadata of installed packages and imports none of them."""
        return tuple(sorted({*self.built_in, *(entry.name for entry in self._entry_points())}))

    def load(self, name: str) -> T:
        """The object called ``name``. A built-in one takes precedence over one of a package.

        Raises ``UnknownName`` or ``BrokenEntryPoint``.
        """
        if name in self.built_in:
            return cast("T", locate(self.built_in[name]))
        entries = [entry for entry in self._entry_points() if entry.name == name]
        if not entries:
            raise UnknownName(self.kind, name, self.names)
        if len(entries) > 1:
            owners = " and ".join(sorted(_origin(entry) for entry in entries))
            raise BrokenEntryPoint(f"{self.kind} '{name}' is both {owners}; uninstall one of the packages")
        return self._import(entries[0])

    def usable(self, on_broken: OnBroken | None = None) -> dict[str, T]:
        """Every object by its name, sorted by name; imports them all.

        A broken one is left out, since it must not stop a user who did not name it; ``on_broken`` is called with its
        error. :meth:`load` raises that error.
        """
        found = {}
        for name in self.names:
            try:
                found[name] = self.load(name)
            except BrokenEntryPoint as error:
                if on_broken is not None:
                    on_broken(error)
        return found

    def package(self, name: str) -> str | None:
        """The installed package that registers ``name``, which is not imported; None for a built-in or unknown name."""
        if name in self.built_in:
            return None
        found = next((entry for entry in self._entry_points() if entry.name == name), None)
        return None if found is None else _package(found)

    def _entry_points(self) -> tuple[EntryPoint, ...]:
        return tuple(entry_points(group=self.group))

    def _import(self, entry: EntryPoint) -> T:
        origin = f"{self.kind} '{entry.name}' is {_origin(entry)}"
        try:
            found: object = entry.load()
        except Exception as error:
            # Importing another package's module may raise anything; the error must name that package.
            text = f"{origin}, which cannot be imported ({type(error).__name__}: {error})"
            raise BrokenEntryPoint(f"{text}; repair or reinstall that package") from error
        if not self.requirement.is_met_by(found):
            raise BrokenEntryPoint(f"{origin}, which is not {self.requirement.text}; correct its entry point")
        named = cast("T", found)
        if self.own_name is not None and (name := self.own_name(named)) != entry.name:
            text = f"{origin}, which has the name '{name}' itself"
            raise BrokenEntryPoint(f"{text}; correct its entry point, or its `name`")
        return named


def suggestion(given: str, known: Sequence[str]) -> str:
    """``did you mean 'x'? known: x, y`` for a name that was mistyped."""
    close = difflib.get_close_matches(given, known, n=1)
    return (f"did you mean '{close[0]}'? " if close else "") + f"known: {', '.join(known)}"


def _origin(entry: EntryPoint) -> str:
    return f"{entry.value} of {_package(entry)}"


def _package(entry: EntryPoint) -> str:
    return f"package {entry.dist.name}" if entry.dist else "a package without a name"
