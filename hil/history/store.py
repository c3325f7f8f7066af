"""The history: an SQLite file with the measurements of all runs, oldest first.

The file is closed between operations, and each operation is one transaction: a run is stored completely or not at all,
several rigs of one machine may share a file, and a copy of it is complete. It uses SQLite's rollback journal, not the
write-ahead log, whose second file would be missing from copies, and which does not work on network drives.
"""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from hil.errors import HilError
from hil.history.regression import RunValues
from hil.report.measurement_log import MeasurementRecord, Run
from hil.report.outcome import BENCH_ERROR, BLOCKED

SCHEMA_VERSION = 1
"""Version of the tables below. A file with another version is refused and not changed."""

_APPLICATION_ID = 0x7069636F
"""SQLite's id of the program that a file belongs to: "pico"."""
_BUSY_S = 30.0
"""Longest wait for another process that is writing."""
_SCHEMA = f"""
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS runs (
    id INTEGER PRIMARY KEY, run TEXT NOT NULL UNIQUE, began TEXT NOT NULL, rig TEXT NOT NULL, condition TEXT NOT NULL,
    seed INTEGER, revision TEXT
);
CREATE TABLE IF NOT EXISTS measurements (
    run_id INTEGER NOT NULL REFERENCES runs (id), name TEXT NOT NULL, value REAL NOT NULL, unit TEXT NOT NULL,
    value_limit REAL NOT NULL, test TEXT NOT NULL, outcome TEXT NOT NULL, firmware TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS measurements_by_run ON measurements (run_id);
CREATE TABLE IF NOT EXISTS accepted (
    rig TEXT NOT NULL, condition TEXT NOT NULL, name TEXT NOT NULL, unit TEXT NOT NULL, run_id INTEGER NOT NULL,
    PRIMARY KEY (rig, condition, name, unit)
);
PRAGMA application_id = {_APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
COMMIT;
"""


class HistoryError(HilError):
    """The file of the history cannot be used. It was not changed."""


@dataclass(frozen=True, kw_only=True, order=True)
class TrendLineKey:
    """What is compared over the runs. The limit is not part of it: with another limit it is the same measurement."""

    rig: str
    condition: str
    name: str
    unit: str


@dataclass(frozen=True, kw_only=True)
class Point:
    """What one run measured."""

    run: Run
    values: RunValues


@dataclass(frozen=True, kw_only=True)
class TrendLine:
    """One measurement over the runs that made it."""

    key: TrendLineKey
    points: tuple[Point, ...]
    """The oldest first."""
    accepted: int
    """Number of ``points`` before the first one that is compared: see ``History.accept``."""

    @property
    def compared(self) -> list[RunValues]:
        """The runs that count for a comparison, the oldest first."""
        return [point.values for point in self.points[self.accepted :]]


class History:
    """The measurements of earlier runs in the file ``path``."""

    def __init__(self, path: Path, *, create: bool = False) -> None:
        """Check that the file can be used. ``create`` makes it if it does not exist.

        Raises ``HistoryError`` for a file that is damaged, not a history, of another schema version, or missing.
        """
        self._path = path
        if create:
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise self._error(f"its folder cannot be made ({error.strerror})") from error
        elif not path.is_file():
            raise self._error("no such file; runs with --hil-history write one")
        with self._connection() as connection:
            self._check(connection, create)

    def add(self, run: Run, records: Sequence[MeasurementRecord]) -> None:
        """Add a run, completely or not at all. Raises ``HistoryError``."""
        with self._connection() as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            row = (run.run, run.began, run.rig, run.condition, run.seed, run.revision)
            columns = "run, began, rig, condition, seed, revision"
            run_id = connection.execute(f"INSERT INTO runs ({columns}) VALUES (?, ?, ?, ?, ?, ?)", row).lastrowid
            connection.executemany(
                "INSERT INTO measurements VALUES (?, ?, ?, ?, ?, ?, ?, ?)", [_row(run_id, record) for record in records]
            )

    def lines(self) -> list[TrendLine]:
        """Every measurement over its runs, by rig, condition and name, without tests that had a bench error."""
        with self._connection() as connection:
            rows = connection.execute(
                "SELECT runs.*, name, unit, test, value, value_limit FROM measurements JOIN runs ON runs.id = run_id"
                " WHERE outcome NOT IN (?, ?) ORDER BY runs.id, measurements.rowid",
                (BENCH_ERROR, BLOCKED),
            ).fetchall()
            accepted = {
                TrendLineKey(rig=rig, condition=condition, name=name, unit=unit): run_id
                for rig, condition, name, unit, run_id in connection.execute("SELECT * FROM accepted")
            }
        return _lines(rows, accepted)

    def accept(self, line: TrendLine) -> None:
        """Accept what the last run of ``line`` measured: runs before it are no longer compared."""
        with self._connection() as connection, connection:
            key = (line.key.rig, line.key.condition, line.key.name, line.key.unit)
            newest = "(SELECT id FROM runs WHERE run = ?)"
            row = (*key, line.points[-1].run.run)
            connection.execute(f"INSERT OR REPLACE INTO accepted VALUES (?, ?, ?, ?, {newest})", row)

    def _check(self, connection: sqlite3.Connection, create: bool) -> None:
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        (application,) = connection.execute("PRAGMA application_id").fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if create and not tables and not application:
            connection.executescript(_SCHEMA)
            return
        if application != _APPLICATION_ID:
            raise self._error("this is not a history of pico-hil; name another file")
        if version != SCHEMA_VERSION:
            versions = f"it has schema version {version}, this pico-hil reads and writes {SCHEMA_VERSION}"
            raise self._error(f"{versions}; use the pico-hil that wrote it, or keep it and start another file")
        (damage,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if damage != "ok":
            raise self._error(f"the file is damaged ({damage}); put a copy of it in its place, or start another file")
        if create:
            # A file that cannot be written must be reported before the run, not after it.
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._path, timeout=_BUSY_S, isolation_level=None)) as connection:
                yield connection
        except sqlite3.Error as error:
            todo = "it must be a history written with --hil-history, complete and writable; nothing was changed"
            raise self._error(f"{error}; {todo}") from error

    def _error(self, text: str) -> HistoryError:
        return HistoryError(f"measurement history {self._path}: {text}")


def _row(run_id: int | None, record: MeasurementRecord) -> tuple[object, ...]:
    firmware = json.dumps(record.firmware, ensure_ascii=False)
    measured = (record.name, record.value, record.unit, record.limit)
    return (run_id, *measured, record.test, record.outcome, firmware)


_Row = tuple[int, str, str, str, str, int | None, str | None, str, str, str, float, float]


def _lines(rows: Iterable[_Row], accepted: dict[TrendLineKey, int]) -> list[TrendLine]:
    runs: dict[int, Run] = {}
    found: dict[TrendLineKey, dict[int, list[tuple[str, float, float]]]] = defaultdict(lambda: defaultdict(list))
    for run_id, run, began, rig, condition, seed, revision, name, unit, test, value, limit in rows:
        runs[run_id] = Run(run=run, began=began, rig=rig, condition=condition, seed=seed, revision=revision)
        key = TrendLineKey(rig=rig, condition=condition, name=name, unit=unit)
        found[key][run_id].append((test, value, limit))
    return [
        TrendLine(
            key=key,
            points=tuple(Point(run=runs[run_id], values=_values(measured)) for run_id, measured in by_run.items()),
            accepted=sum(run_id < accepted.get(key, 0) for run_id in by_run),
        )
        for key, by_run in sorted(found.items())
    ]


def _values(measured: Iterable[tuple[str, float, float]]) -> RunValues:
    by_test: dict[str, list[float]] = defaultdict(list)
    limits = []
    for test, value, limit in measured:
        by_test[test].append(value)
        limits.append(limit)
    return RunValues(by_test=dict(by_test), limit=max(limits))
