"""Checks what tests require of the rig, once all are collected and before any of them runs."""

from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING

import pytest

from hil.errors import ConfigError
from hil.fixtures.markers import APP, NEEDS, Needs, firmware_of, needs_of, place_of
from hil.fixtures.settings import Settings

if TYPE_CHECKING:
    # Costly imports: a pytest run without a rig must not pay for them.
    from hil.config.app import App
    from hil.config.rig import RigConfig
    from hil.faults import BenchFault

# Our internal fixtures, because a project may have its own `rig` or `boards`.
_OPEN_RIG = "hil_open_rig"
_PREPARED_BOARDS = "hil_prepared_boards"


def check_requirements(items: Iterable[pytest.Item], settings: Settings | None) -> None:
    """Check the markers of all tests; skip those that need more than the rig has; have boards prepared for the others.

    Raises ``ConfigError`` for a wrong marker, an app that does not exist, and an installed package whose invariant or
    artifact cannot be used.
    """
    apps: dict[str, App] = {}
    for item in items:
        name, needs = firmware_of(item), needs_of(item)
        fixtures: list[str] = getattr(item, "fixturenames", [])
        if name is None and needs is None and _OPEN_RIG not in fixtures:
            continue
        # Before all other fixtures, which then find the boards prepared; also for a test with only the marker.
        fixtures[:] = [_PREPARED_BOARDS, *(fixture for fixture in fixtures if fixture != _PREPARED_BOARDS)]
        item.stash[NEEDS] = needs = needs or Needs()
        if settings is None:
            continue
        settings.load_extensions()
        if name is not None and name not in apps:
            try:
                apps[name] = settings.apps.load(name)
            except ConfigError as error:
                raise ConfigError(f"{place_of(item)}: {error}") from error
        item.stash[APP] = None if name is None else apps[name]
        # Skipped if any cell lacks it, so that the verdict does not depend on which worker of xdist gets the test.
        if missing := _missing_somewhere(needs, settings.cells):
            item.add_marker(pytest.mark.skip(reason=missing))


def _missing_somewhere(needs: Needs, cells: Sequence["RigConfig"]) -> str:
    """What one of ``cells`` lacks, as text; empty when none lacks anything."""
    missing = {cell.cell: missing_of(needs, cell) for cell in cells}
    first = next(filter(None, missing.values()), "")
    able = [name for name, text in missing.items() if not text]
    return f"{first}; run it with --hil-cell {able[0]}" if first and able else first


def missing_of(needs: Needs, rig: "RigConfig", offered: "Collection[type[BenchFault]] | None" = None) -> str:
    """What the rig lacks, as a reason to skip; empty when it lacks nothing. ``offered``: what its bench can inject."""
    clients = [board.name for board in rig.client_boards]
    if needs.clients is not None and needs.clients > len(clients):
        names = f": {', '.join(clients)}" if clients else ""
        return f"needs {needs.clients} clients, {rig} has {len(clients)}{names}"
    if needs.probe and rig.probe is None:
        return f"needs a probe, {rig} has none"
    if needs.faults:
        from hil.faults.registry import missing_faults
        from hil.rig import bench_faults

        return missing_faults(rig.name, needs.faults, bench_faults(rig) if offered is None else offered)
    return ""
