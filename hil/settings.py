"""What one pytest process was told about the rig: from options and the ini file, read and checked before any test."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hil.errors import ConfigError

if TYPE_CHECKING:
    # Costly imports: a pytest run without a rig must not pay for them.
    from hil.config import RigConfig
    from hil.faults.condition import Condition
    from hil.firmware import FirmwareCatalog
    from hil.report.redaction import Redactor

RIGS_FOLDER = "rigs"
"""Beside pytest's root folder: where a rig is looked up by name."""

FIRMWARE_FOLDER = "firmware"
"""Beside pytest's root folder: where apps are looked up last."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The rig of this run and what to do with it."""

    rig: "RigConfig"
    apps: "FirmwareCatalog"
    artifacts: Path | None
    """Where each test leaves its files; None for nowhere."""
    redactor: "Redactor"
    condition: "Condition"
    """What every test has to live with."""


SETTINGS = pytest.StashKey[Settings]()
"""In ``config.stash`` when a rig was given, and only then."""


def load_settings(config: pytest.Config) -> Settings | None:
    """The settings, or None when no rig is given. Raises ``ConfigError``."""
    given = config.getoption("hil_rig")
    written = str(config.getini("hil_rig"))
    if given is None and not written:
        return None

    from hil.config import find_rig, load_rig
    from hil.firmware import FirmwareCatalog
    from hil.report.redaction import Redactor, environment_secrets

    # What the ini file says is relative to the root folder, whatever folder pytest was started in.
    name_or_path = given or (str(config.rootpath / written) if (config.rootpath / written).is_file() else written)
    rig = load_rig(find_rig(name_or_path, config.rootpath / RIGS_FOLDER), os.environ)
    seed = config.getoption("hil_seed")
    artifacts = config.getoption("hil_artifacts")
    return Settings(
        rig=rig if seed is None else rig.with_seed(seed),
        apps=FirmwareCatalog(_firmware_folders(config)),
        artifacts=None if artifacts is None else artifacts.absolute(),
        redactor=Redactor([rig.wifi.password.get_secret_value(), *environment_secrets(os.environ)]),
        condition=_condition(config, rig),
    )


def _condition(config: pytest.Config, rig: "RigConfig") -> "Condition":
    from hil.faults.condition import Condition

    given = config.getoption("hil_condition")
    condition = Condition.parse(config.getini("hil_condition") if given is None else given)
    if not condition.is_clear:
        from hil.faults.injector import missing_faults
        from hil.rig import offered_faults

        if missing := missing_faults(rig.name, condition.names, offered_faults(rig)):
            raise ConfigError(f"--hil-condition: {missing}")
    return condition


def _firmware_folders(config: pytest.Config) -> list[Path]:
    given = [*config.getoption("hil_firmware"), *config.getini("hil_firmware_path")]
    for folder in given:
        if not folder.is_dir():
            raise ConfigError(f"{folder}: no such folder; --hil-firmware and hil_firmware_path name folders of apps")
    built_in = config.rootpath / FIRMWARE_FOLDER
    return [*given, built_in] if built_in.is_dir() else given
