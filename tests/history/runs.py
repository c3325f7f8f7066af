"""Histories for tests: runs of a noisy bench with a seed, also as a file."""

import random
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hil.history.store import History
from hil.report.measurement_log import MeasurementRecord, Run, new_run

FIRST_NIGHT = datetime(2026, 10, 1, 2, 0, tzinfo=UTC)


def night(number: int, rig: str = "bench-1", condition: str = "") -> Run:
    """The run of one night."""
    began = FIRST_NIGHT + timedelta(days=number)
    return new_run(began, rig=rig, condition=condition, seed=None, revision="f71c104", suffix=f"{rig}{number}")


def record(value: float, **changes: object) -> MeasurementRecord:
    """A failover, measured in one test, with ``changes``."""
    fields: dict[str, object] = {"name": "failover", "unit": "s", "limit": 8.0, "test": "test_roles.py::test_next"}
    fields |= {"value": value, "outcome": "passed", "firmware": ("roles/ap 3f2a9c81d2ee",)}
    return MeasurementRecord(**(fields | changes))  # type: ignore[arg-type]


def history_of(path: Path, nights: Iterable[Iterable[float]], **changes: object) -> History:
    """A history with one run per item of ``nights``, each value from a separate test."""
    history = History(path, create=True)
    for number, values in enumerate(nights):
        records = [record(value, **{"test": f"t.py::test_{place}"} | changes) for place, value in enumerate(values)]
        history.add(night(number), records)
    return history


def noisy_night(
    rng: random.Random, tests: int, worse: float = 0.0, outliers: float = 0.05
) -> Mapping[str, list[float]]:
    """One night on a noisy bench: it varies by 5 %, each value by 5 % more, and some values are twice as high."""
    whole = rng.gauss(0, 0.05)
    measured = {}
    for test in range(tests):
        usual = 4.0 + test
        value = usual * (1 + worse + whole + rng.gauss(0, 0.05))
        measured[f"t.py::test_{test}"] = [value + usual if rng.random() < outliers else value]
    return measured
