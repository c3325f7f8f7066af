"""Common to all our YAML files: sections that a driver selects, lists, aliases, and the errors of mistakes in them."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from pydantic import BeforeValidator, Field

from hil.config.sections import Section, resolved
from hil.config.yaml_source import YamlSource
from hil.errors import ConfigError


class Lamp(Section):
    driver: Literal["lamp"]
    watts: float


class Fan(Section):
    driver: Literal["fan"]
    speeds: list[int]
    silent: bool = False


class House(Section):
    devices: Mapping[str, Annotated[Lamp | Fan, Field(discriminator="driver")]] = {}
    notes: Annotated[Any, BeforeValidator(resolved)] = None


def read(folder: Path, text: str) -> House:
    path = folder / "house.yaml"
    path.write_text(text, encoding="utf-8")
    return YamlSource(path, {"N": "5"}).validate(House)


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        read(folder, text)
    return str(caught.value).replace(f"{folder}/", "").splitlines()


def test_the_driver_selects_the_section(tmp_path: Path) -> None:
    text = "devices:\n  a: {driver: lamp, watts: 7}\n  b: {driver: fan, speeds: [1, 2], silent: true}\n"
    assert read(tmp_path, text).devices == {
        "a": Lamp(driver="lamp", watts=7),
        "b": Fan(driver="fan", speeds=[1, 2], silent=True),
    }


def test_mistakes_in_a_selected_section(tmp_path: Path) -> None:
    text = """\
devices:
  a: {driver: lam, watts: 7}
  b: {watts: 7}
  c: {driver: fan, speeds: [1,
      fast], silnt: true}
  d:
    driver: fan
    speeds: 3
    silent: maybe
"""
    assert problems(tmp_path, text) == [
        "house.yaml:2: devices.a has an unknown driver 'lam'; did you mean 'lamp'? known: lamp, fan",
        "house.yaml:3: 'driver' is missing in devices.b; add `driver: …`",
        "house.yaml:5: devices.c.speeds.1 is 'fast', must be a whole number; write a whole number here",
        "house.yaml:5: unknown key 'silnt' in devices.c; did you mean 'silent'? known: driver, speeds, silent",
        "house.yaml:8: devices.d.speeds is '3', must be a list; write a list here",
        "house.yaml:9: devices.d.silent is 'maybe', must be true or false; write true or false here",
    ]


def test_free_values_have_the_types_of_yaml(tmp_path: Path) -> None:
    text = "notes: [1, 1.5, yes, true, '2', null, 2026-01-02, \"${N}\", {k: 0x10}]"
    assert read(tmp_path, text).notes == [1, 1.5, "yes", True, "2", None, "2026-01-02", "5", {"k": 16}]


def test_an_alias_stands_for_its_anchor_but_not_for_itself(tmp_path: Path) -> None:
    assert read(tmp_path, "notes: [&a {x: 1}, *a]").notes == [{"x": 1}, {"x": 1}]
    assert problems(tmp_path, "notes: &a\n  - 1\n  - *a\n") == [
        "house.yaml:1: a section contains itself; write it out instead of the alias"
    ]


@pytest.mark.parametrize("text", ["a: b: c", "\tx: 1", "notes: 'open", "notes: [1", "notes: %x", "notes: \x01", "- &a"])
def test_every_broken_text_gives_an_error_with_a_line_number(tmp_path: Path, text: str) -> None:
    assert problems(tmp_path, text)[0].startswith("house.yaml:1: ") or "house.yaml:2: " in problems(tmp_path, text)[0]


def test_keys_must_be_plain(tmp_path: Path) -> None:
    assert problems(tmp_path, "notes: {}\n[a, b]: c\n") == [
        "house.yaml:2: a key is not plain text; write `name: value`"
    ]
