"""Measurements: numbers with a unit and a limit, kept whether or not the limit was met."""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from hil.errors import MeasurementExceeded

MEASUREMENT_PROPERTY = "measurement:"
"""Beginning of the name of the pytest user property that carries one measurement: it survives xdist and reaches JUnit
XML, as ``measurement:failover`` with the value ``4.5 s (limit 8 s)``."""

_PROPERTY_VALUE = re.compile(r"(?P<value>\S+) (?P<unit>.*) \(limit (?P<limit>\S+) (?P=unit)\)", re.DOTALL)

EXCEEDED = "exceeded"
MET = "met"


def verdict_of(value: float, limit: float) -> str:
    """Whether the limit was met or exceeded. NaN meets no limit."""
    return MET if value <= limit else EXCEEDED


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One measured value. ``value`` and ``limit`` are both in ``unit``."""

    name: str
    value: float
    limit: float
    unit: str

    @property
    def is_exceeded(self) -> bool:
        """Whether the value is over the limit. A value equal to it is not."""
        return verdict_of(self.value, self.limit) == EXCEEDED

    def check(self) -> None:
        """Raise ``MeasurementExceeded`` if the value is over the limit, or NaN."""
        if self.is_exceeded:
            raise MeasurementExceeded(self.name, self.value, self.limit, self.unit)

    def to_property(self) -> tuple[str, str]:
        """This measurement as a pytest user property: readable, with every digit."""
        value, limit = json.dumps(self.value), json.dumps(self.limit)
        return f"{MEASUREMENT_PROPERTY}{self.name}", f"{value} {self.unit} (limit {limit} {self.unit})"


def measurements_in(properties: Iterable[tuple[str, Any]]) -> list[Measurement]:
    """The measurements among the user properties of one test report, oldest first."""
    return [
        Measurement(
            name=name.removeprefix(MEASUREMENT_PROPERTY),
            value=json.loads(found["value"]),
            limit=json.loads(found["limit"]),
            unit=found["unit"],
        )
        for name, value in properties
        if str(name).startswith(MEASUREMENT_PROPERTY) and (found := _PROPERTY_VALUE.fullmatch(str(value)))
    ]


def format_quantity(value: float, unit: str) -> str:
    """``value`` with at most three decimals, then ``unit``."""
    return f"{value:.3f}".rstrip("0").rstrip(".") + f" {unit}"
