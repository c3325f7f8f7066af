"""Reads the settings of a pytest process, from options and the ini file, and checks them before any test."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hil.errors import ConfigError
from hil.fixtures.settings import Settings

if TYPE_CHECKING:
    # Costly imports: a pytest run without a rig must not pay for them.
    from hil.config.rig import RigConfig
    from hil.faults.condition import Condition

RIGS_FOLDER = "rigs"
"""Beside pytest's root folder: where a rig is looked up by name."""

FIRMWARE_FOLDER = "firmware"
"""Beside pytest's root folder: where apps are looked up last."""


def load_settings(config: pytest.Config) -> Settings | None:
    """The settings, or None when no rig is given. Raises ``ConfigError``."""
    given = config.getoption("hil_rig")
    written = str(config.getini("hil_rig"))
    if given is None and not written:
        return None

    from hil.config.app import FirmwareCatalog
    from hil.config.rig import find_rig, load_cells
    from hil.pytest_plugin.cells import cells_of_process, named_cells
    from hil.report.redaction import Redactor, environment_secrets

    # The ini file's value is relative to the root folder, not to the folder that pytest was started in.
    name_or_path = given or (str(config.rootpath / written) if (config.rootpath / written).is_file() else written)
    all_cells = load_cells(find_rig(name_or_path, config.rootpath / RIGS_FOLDER), os.environ)
    seed = config.getoption("hil_seed")
    if seed is not None:
        all_cells = tuple(cell.with_seed(seed) for cell in all_cells)
    rig, cells = cells_of_process(named_cells(all_cells, config.getoption("hil_cell")), config)
    artifacts = config.getoption("hil_artifacts")
    return Settings(
        rig=rig,
        cells=cells,
        apps=FirmwareCatalog(_firmware_folders(config)),
        artifacts=None if artifacts is None else artifacts.absolute(),
        leaves_artifacts=artifacts is not None or bool(config.getoption("allure_report_dir", default=None)),
        redactor=Redactor([*_passwords(all_cells), *environment_secrets(os.environ, _secrets(all_cells))]),
        condition=_condition(config, rig),
    )


def _passwords(cells: Iterable["RigConfig"]) -> list[str]:
    return [cell.wifi.password.get_secret_value() for cell in cells]


def _secrets(cells: Iterable["RigConfig"]) -> list[str]:
    """What hubs and probes take from the environment."""
    from hil.config.probes import ProbeConfig
    from hil.power import HubSection

    sections = [section for cell in cells for section in (*cell.hubs.values(), cell.probe)]
    return [
        secret for section in sections if isinstance(section, (HubSection, ProbeConfig)) for secret in section.secrets
    ]


def _condition(config: pytest.Config, rig: "RigConfig") -> "Condition":
    from hil.faults.condition import Condition

    given = config.getoption("hil_condition")
    condition = Condition.parse(config.getini("hil_condition") if given is None else given)
    if not condition.is_clear:
        from hil.faults.registry import missing_faults
        from hil.rig import bench_faults

        if missing := missing_faults(rig.name, condition.names, bench_faults(rig)):
            raise ConfigError(f"--hil-condition: {missing}")
    return condition


def _firmware_folders(config: pytest.Config) -> list[Path]:
    given = [*config.getoption("hil_firmware"), *config.getini("hil_firmware_path")]
    for folder in given:
        if not folder.is_dir():
            raise ConfigError(f"{folder}: no such folder; --hil-firmware and hil_firmware_path name folders of apps")
    built_in = config.rootpath / FIRMWARE_FOLDER
    return [*given, built_in] if built_in.is_dir() else given
