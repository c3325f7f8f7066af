"""Registries: names for objects that are built in or come from installed packages."""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from hil.config.registry import CALLABLE, BrokenEntryPoint, Registry, UnknownName, instance_of, subclass_of
from hil.errors import ConfigError
from tests.installed import install as write_package

NUMBERS = Registry[type[object]](
    kind="number",
    group="pico_hil.test_numbers",
    built_in={"fraction": "fractions.Fraction", "decimal": "decimal.Decimal"},
    requirement=subclass_of(int),
)

Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Install a package that brings entry points to the registry, as pip would."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(package: str, **entries: str) -> None:
        write_package(tmp_path, package, NUMBERS.group, entries)

    return install


def test_built_in_object_is_found_by_its_path() -> None:
    assert NUMBERS.load("fraction") is Fraction
    assert NUMBERS.names == ("decimal", "fraction")


def test_installed_package_adds_an_object(install: Install) -> None:
    install("acme-numbers", acme="builtins:bool")
    assert NUMBERS.load("acme") is bool
    assert NUMBERS.usable()["acme"] is bool
    assert NUMBERS.names == ("acme", "decimal", "fraction")


def test_built_in_object_cannot_be_replaced(install: Install) -> None:
    install("acme-numbers", fraction="builtins:bool")
    assert NUMBERS.load("fraction") is Fraction
    assert NUMBERS.names == ("decimal", "fraction")


def test_the_order_of_the_table_comes_first(install: Install) -> None:
    install("acme-numbers", acme="builtins:bool")
    assert NUMBERS.in_table_order == ("fraction", "decimal", "acme")


def test_the_name_of_the_object_must_be_the_registered_one(install: Install) -> None:
    install("acme-numbers", acme="builtins:bool", bool="builtins:bool")
    named = replace(NUMBERS, own_name=lambda number: number.__name__)
    assert named.load("bool") is bool
    with pytest.raises(BrokenEntryPoint) as caught:
        named.load("acme")
    assert str(caught.value) == (
        "number 'acme' is builtins:bool of package acme-numbers, which has the name 'bool' itself; correct its entry "
        "point, or its `name`"
    )


def test_the_error_of_an_unknown_name_lists_the_known_ones(install: Install) -> None:
    install("acme-numbers", acme="builtins:bool")
    with pytest.raises(UnknownName) as caught:
        NUMBERS.load("fractoin")
    assert str(caught.value) == ("unknown number 'fractoin'; did you mean 'fraction'? known: acme, decimal, fraction")
    assert isinstance(caught.value, ConfigError)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("nonesuch:Acme", "nonesuch:Acme of package acme-numbers, which cannot be imported (ModuleNotFoundError: "),
        ("math:nonesuch", "math:nonesuch of package acme-numbers, which cannot be imported (AttributeError: "),
        ("builtins:str", "builtins:str of package acme-numbers, which is not a subclass of builtins.int; correct"),
        ("math:pi", "math:pi of package acme-numbers, which is not a subclass of builtins.int; correct its entry"),
    ],
)
def test_unusable_entry_point_names_its_package(install: Install, value: str, expected: str) -> None:
    install("acme-numbers", acme=value)
    with pytest.raises(BrokenEntryPoint) as caught:
        NUMBERS.load("acme")
    assert str(caught.value).startswith(f"number 'acme' is {expected}")


def test_unusable_entry_point_does_not_stop_those_who_do_not_name_it(install: Install) -> None:
    install("acme-numbers", acme="nonesuch:Acme", other="builtins:bool")
    assert list(NUMBERS.usable()) == ["decimal", "fraction", "other"]


def test_name_that_two_packages_bring_is_an_error(install: Install) -> None:
    install("acme-numbers", acme="builtins:bool")
    install("other-numbers", acme="builtins:int")
    with pytest.raises(BrokenEntryPoint) as caught:
        NUMBERS.load("acme")
    assert str(caught.value) == (
        "number 'acme' is both builtins:bool of package acme-numbers and builtins:int of package other-numbers; "
        "uninstall one of the packages"
    )


def test_requirements() -> None:
    assert instance_of(Fraction).is_met_by(Fraction(1))
    assert not instance_of(Fraction).is_met_by(Fraction)
    assert instance_of(Fraction).text == "an instance of fractions.Fraction"
    assert CALLABLE.is_met_by(len)
    assert not CALLABLE.is_met_by(1)
