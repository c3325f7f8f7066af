"""Measurements as data: one record per measured value, with everything needed to compare it with another run's.

The log of a run is a file of JSON lines, so that the measurements survive a run that is killed.
"""

import json
import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from hil.errors import ConfigError
from hil.report.measurements import verdict_of

if TYPE_CHECKING:
    from hil.report.results import Attempt


@dataclass(frozen=True, kw_only=True)
class Run:
    """One pytest run, and what its measurements depend on."""

    run: str
    """Unique name of the run."""
    began: str
    """The host's time of day, UTC, ISO 8601: ``2026-11-22T18:50:14+00:00``."""
    rig: str
    condition: str
    """The packet faults of every test, as given with ``--hil-condition``; empty for none."""
    seed: int | None
    """The seed of a virtual rig; None on a bench of real boards."""
    revision: str | None
    """The git revision of the tests and their firmware, with ``-dirty`` if files differ; None outside of git."""


@dataclass(frozen=True, kw_only=True)
class MeasurementRecord:
    """One measured value. ``value`` and ``limit`` are both in ``unit``."""

    name: str
    value: float
    unit: str
    limit: float
    test: str
    """Node id of the test that measured it."""
    outcome: str
    """The outcome of that attempt of the test. A bench error makes the value no evidence about the firmware."""
    firmware: tuple[str, ...]
    """What the boards held, such as ``roles/ap 3f2a9c81d2ee``: app, role, the beginning of the digest."""

    @property
    def verdict(self) -> str:
        """Whether the limit was met or exceeded."""
        return verdict_of(self.value, self.limit)

    def to_json(self, run: Run) -> str:
        """This record and its run as one line of JSON. NaN and infinity, which JSON does not have, become null."""
        numbers = {name: number if math.isfinite(number) else None for name, number in self._numbers.items()}
        values = {**asdict(self), **numbers, "verdict": self.verdict, **asdict(run)}
        return json.dumps(values, ensure_ascii=False, allow_nan=False)

    @property
    def is_comparable(self) -> bool:
        """Whether value and limit are finite, so that they can enter a median."""
        return all(math.isfinite(number) for number in self._numbers.values())

    @property
    def _numbers(self) -> dict[str, float]:
        return {"value": self.value, "limit": self.limit}


def new_run(began: datetime, rig: str, condition: str, seed: int | None, revision: str | None, suffix: str) -> Run:
    """A run that began at ``began``, with a time zone. ``suffix`` distinguishes it from others of the same second."""
    at = began.isoformat(timespec="seconds")
    return Run(run=f"{at}-{suffix}", began=at, rig=rig, condition=condition, seed=seed, revision=revision)


def records_of(test: str, attempt: "Attempt") -> list[MeasurementRecord]:
    """What ``attempt`` of ``test`` measured."""
    return [
        MeasurementRecord(**asdict(measurement), test=test, outcome=attempt.outcome, firmware=attempt.firmware)
        for measurement in attempt.measurements
    ]


class MeasurementLog:
    """A file of JSON lines that grows during the run. An existing file of that name is replaced."""

    def __init__(self, path: Path) -> None:
        """Open the file. Raises ``ConfigError`` if it cannot be written."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: TextIO = path.open("w", encoding="utf-8", newline="\n")
        except OSError as error:
            text = f"--hil-measurements {path}: {error.strerror}; name a file that can be written"
            raise ConfigError(text) from error

    def append(self, run: Run, records: Iterable[MeasurementRecord]) -> None:
        """Write one line per record, and have them on disk before this returns."""
        self._file.writelines(record.to_json(run) + "\n" for record in records)
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()
