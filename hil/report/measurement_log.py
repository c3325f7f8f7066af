"""Measurements as data: one record per measured value, with all that is needed to compare it with another day's.

The log of a run is a file of JSON lines, so that what was measured is there even when the run was killed in its middle.
"""

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from hil.errors import ConfigError
from hil.report.firmware import firmware_in
from hil.report.measurements import measurements_in, verdict_of


@dataclass(frozen=True, kw_only=True)
class Run:
    """One pytest run, and what its measurements depend on."""

    run: str
    """Identifies the run: no other one has the same."""
    began: str
    """The host's time of day, UTC, ISO 8601: ``2026-11-22T18:50:14+00:00``."""
    rig: str
    condition: str
    """What happened to packets in every test, as ``--hil-condition`` says it; empty for nothing."""
    seed: int | None
    """The seed of a virtual rig; None on a bench of real boards."""
    revision: str | None
    """The git revision of the tests and their firmware, ``-dirty`` behind it if files differ; None outside of git."""


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
    """Of that test: a value from a test with a bench error says nothing about the firmware."""
    firmware: tuple[str, ...]
    """What the boards held, such as ``roles/ap 3f2a9c81d2ee``: app, role, the beginning of the digest."""

    @property
    def verdict(self) -> str:
        """Whether the limit was met or exceeded."""
        return verdict_of(self.value, self.limit)

    def to_json(self, run: Run) -> str:
        """This record and its run as one line of JSON, which has no word for NaN or infinity: null."""
        numbers = {name: number if math.isfinite(number) else None for name, number in self._numbers.items()}
        told = {**asdict(self), **numbers, "verdict": self.verdict, **asdict(run)}
        return json.dumps(told, ensure_ascii=False, allow_nan=False)

    @property
    def is_comparable(self) -> bool:
        """Whether value and limit are numbers of which there can be a median."""
        return all(math.isfinite(number) for number in self._numbers.values())

    @property
    def _numbers(self) -> dict[str, float]:
        return {"value": self.value, "limit": self.limit}


def new_run(began: datetime, rig: str, condition: str, seed: int | None, revision: str | None, suffix: str) -> Run:
    """A run that began at ``began``, which has a time zone. ``suffix`` tells it from others of the same second."""
    at = began.isoformat(timespec="seconds")
    return Run(run=f"{at}-{suffix}", began=at, rig=rig, condition=condition, seed=seed, revision=revision)


def records_of(test: str, outcome: str, properties: Sequence[tuple[str, Any]]) -> list[MeasurementRecord]:
    """What ``test`` measured, from the user properties of its last report."""
    firmware = tuple(firmware_in(properties))
    return [
        MeasurementRecord(**asdict(measurement), test=test, outcome=outcome, firmware=firmware)
        for measurement in measurements_in(properties)
    ]


class MeasurementLog:
    """A file of JSON lines that grows while the run lasts; an older file of that name is replaced."""

    def __init__(self, path: Path) -> None:
        """Open the file. Raises ``ConfigError`` when it cannot be written."""
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
        """Nothing more is appended."""
        self._file.close()
