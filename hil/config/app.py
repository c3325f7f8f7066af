"""Firmware apps: found by name, read through their manifests, turned into what a board's flash is to hold."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hil.config.manifest import CONFIG_FILE, ManifestSection
from hil.config.rig_file import Role, WifiConfig
from hil.config.yaml_source import Problem, YamlSource
from hil.errors import ConfigError

MANIFEST = "firmware.yaml"
"""The file that makes a folder an app."""


@dataclass(frozen=True)
class App:
    """One firmware app, as its manifest and its sources were when it was loaded."""

    name: str
    description: str
    files: Mapping[Role, Mapping[str, bytes]]
    """Per firmware role: path on the board, and what to put there."""
    config: Mapping[str, Any]
    """What the app finds in its config.json, besides Wi-Fi and role."""
    timing: Mapping[str, float]
    """Constants of the app that tests may read."""
    events: Mapping[str, re.Pattern[str]]
    """Event names and how to recognize their lines on the serial console."""

    def image(self, role: Role, wifi: WifiConfig) -> dict[str, bytes]:
        """All files of a board in ``role``, config.json among them.

        Raises ``ConfigError`` when the app has no such role.
        """
        config = dict(self.config) | {"ssid": wifi.ssid, "password": wifi.password.get_secret_value(), "role": role}
        if wifi.channel is not None:
            config["channel"] = wifi.channel
        return dict(self._files_of(role)) | {CONFIG_FILE: _json(config)}

    def digest(self, role: Role) -> str:
        """SHA-256 over the sources and the app's own configuration: never over secrets."""
        sources = dict(self._files_of(role)) | {CONFIG_FILE: _json(self.config)}
        digest = hashlib.sha256()
        for path, content in sorted(sources.items()):
            digest.update(f"{path}\0{len(content)}\0".encode())
            digest.update(content)
        return digest.hexdigest()

    def _files_of(self, role: Role) -> Mapping[str, bytes]:
        if role not in self.files:
            known = ", ".join(self.files)
            raise ConfigError(f"app {self.name} has no role '{role}'; known: {known}; add it to its {MANIFEST}")
        return self.files[role]


class FirmwareCatalog:
    """The apps in ``folders``; of two with one name, that of the earlier folder counts."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = tuple(folders)

    @property
    def names(self) -> list[str]:
        """All apps there are."""
        return sorted({manifest.parent.name for folder in self.folders for manifest in folder.glob(f"*/{MANIFEST}")})

    def load(self, name: str) -> App:
        """Read an app. Raises one ``ConfigError`` that lists every problem of its manifest."""
        for folder in self.folders:
            manifest = folder / name / MANIFEST
            if manifest.is_file():
                return _load(manifest)
        searched = ", ".join(str(folder) for folder in self.folders) or "no folder at all"
        known = ", ".join(self.names) or "none"
        raise ConfigError(
            f"no firmware app '{name}'; known: {known}; searched: {searched}. "
            "Add folders with `--hil-firmware DIR` or `hil_firmware_path` in the pytest configuration"
        )


def _load(manifest: Path) -> App:
    source = YamlSource(manifest)
    written = source.validate(ManifestSection)
    problems: list[Problem] = []
    folder = manifest.parent
    if written.app != folder.name:
        text = f"app is '{written.app}', but its folder is '{folder.name}'; name both the same"
        problems.append(Problem(("app",), text))
    files: dict[Role, Mapping[str, bytes]] = {}
    for role, section in written.roles.items():
        contents: dict[str, bytes] = {}
        for board_path, given in section.files.items():
            location = ("roles", role, "files", board_path)
            try:
                found = dict(_read(folder, board_path, given))
            except ConfigError as error:
                problems.append(Problem(location, str(error)))
                continue
            twice = sorted(contents.keys() & found.keys())
            if twice:
                problems.append(Problem(location, f"{twice[0]} is put on the board twice; remove one of the two"))
            contents |= found
        if "main.py" not in section.files:
            text = f"roles.{role} has no main.py, so a board would do nothing; add `main.py: …`"
            problems.append(Problem(("roles", role, "files"), text))
        files[role] = contents
    if problems:
        raise source.error(problems)
    return App(written.app, written.description, files, written.config, written.timing, written.events)


def _read(folder: Path, board_path: str, given: str) -> Iterator[tuple[str, bytes]]:
    """Path on the board and content of every file that ``given`` means.

    Raises ``ConfigError``, without file and line.
    """
    boundary = folder.parent.resolve()
    start = (folder / given).resolve()
    paths = [start]
    if start.is_dir() and start.is_relative_to(boundary):
        paths = [path for path in sorted(start.rglob("*")) if path.is_file() and "__pycache__" not in path.parts]
    for path in paths:
        if not path.resolve().is_relative_to(boundary):
            raise ConfigError(f"{given} leads out of {folder.parent}/; copy what you need into that folder")
        if not path.is_file():
            raise ConfigError(
                f"{given} is not there; paths are relative to {folder}/, so create it or correct the path"
            )
        within = path.relative_to(start).as_posix()
        yield (board_path if path == start else f"{board_path}/{within}"), path.read_bytes()


def _json(config: Mapping[str, Any]) -> bytes:
    return json.dumps(config, sort_keys=True).encode()
